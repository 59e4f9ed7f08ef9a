//! Reading an export: offline, and believing no more of it than of a registry.

use std::io::BufRead;
use std::time::Duration;

use async_trait::async_trait;

use super::Line;
use crate::ledger::audit::{Finding, LedgerReport, Structure};
use crate::ledger::statement::{ENTRY_PREDICATE, Statement};
use crate::ledger::trust::{Flaw, Trust, Word};
use crate::ledger::{History, LedgerError, Recorded};
use crate::pipeline::Name;

/// By how much the clocks of those who write may differ.
const SKEW: Duration = Duration::from_secs(300);

/// The longest line that is read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Verifies an export as [`RegistryLedger::verify`](crate::ledger::RegistryLedger::verify) does a registry, without asking
/// anybody: each entry is what its digest says and is signed by somebody who is trusted, all for one ledger, and stands behind
/// entries that are there.
///
/// `ledger` is what that ledger is called; where it is not given, it is the one that the first entry was signed for.
///
/// # Errors
/// Where it cannot be read, and where the verifier cannot decide, which is no finding.
pub async fn verify_export(
    reader: impl BufRead + Send,
    trust: &Trust,
    ledger: Option<&str>,
) -> Result<LedgerReport, LedgerError> {
    read(reader, trust, ledger, |_| {}).await
}

/// A ledger that was exported.
#[derive(Clone, Debug)]
pub struct ExportedLedger {
    entries: Vec<Recorded>,
    report: LedgerReport,
}

impl ExportedLedger {
    /// Reads and verifies an export, as [`verify_export`] does.
    ///
    /// # Errors
    /// As [`verify_export`]; and the first thing that is wrong: a history that is not whole is none.
    pub async fn read(reader: impl BufRead + Send, trust: &Trust, ledger: Option<&str>) -> Result<Self, LedgerError> {
        let mut entries = Vec::new();
        let report = read(reader, trust, ledger, |recorded| entries.push(recorded)).await?;
        match report.findings.first() {
            Some(finding) => Err(LedgerError::Unsound(finding.clone())),
            None => Ok(Self { entries, report }),
        }
    }

    /// What the verification has seen.
    #[must_use]
    pub fn report(&self) -> &LedgerReport {
        &self.report
    }
}

#[async_trait]
impl History for ExportedLedger {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        let about = self.entries.iter().filter(|recorded| image.is_none_or(|image| recorded.entry.image == *image));
        Ok(about.cloned().collect())
    }
}

async fn read(
    mut reader: impl BufRead + Send,
    trust: &Trust,
    ledger: Option<&str>,
    mut keep: impl FnMut(Recorded) + Send,
) -> Result<LedgerReport, LedgerError> {
    let mut report = LedgerReport { ledger: ledger.map(str::to_owned), ..LedgerReport::default() };
    let mut structure = Structure::default();
    for number in 1_u64.. {
        let Some(line) = next(&mut reader)? else { break };
        let place = format!("line {number}");
        let (id, recorded, word) = match judge(&line, place.clone(), trust, &mut report.ledger).await? {
            Ok((recorded, word)) => (recorded.id.clone(), recorded, word),
            Err((broken, finding)) => {
                structure.broken.extend(broken);
                report.findings.push(finding);
                continue;
            }
        };
        if structure.entries.insert(id.clone(), (&*recorded.entry).into()).is_some() {
            report.findings.push(Finding::Repeated { id, place });
            continue;
        }
        report.count(&word);
        keep(recorded);
    }
    report.findings.extend(structure.judge(SKEW));
    report.heads = structure.heads();
    Ok(report)
}

type Judged = Result<(Recorded, Word), (Option<lockage_registry::Digest>, Finding)>;

async fn judge(line: &[u8], place: String, trust: &Trust, ledger: &mut Option<String>) -> Result<Judged, LedgerError> {
    let (said, written, sealed) = match Line::read(line) {
        Ok(read) => read,
        Err(why) => return Ok(Err((None, Finding::Unreadable { place, why }))),
    };
    let id = written.id().clone();
    if said != id {
        return Ok(Err((Some(said), Finding::Misplaced { place, id })));
    }
    let checked = match &sealed {
        Some(sealed) => {
            let expected = Statement { ledger: ledger.as_deref(), kind: ENTRY_PREDICATE, id: &id };
            trust.check(&expected, sealed).await?
        }
        None if trust.takes_unsigned() => Ok((Word::Unsigned, None)),
        None => Err(Flaw::Unsigned),
    };
    Ok(match checked {
        Ok((word, of)) => {
            *ledger = ledger.take().or(of);
            Ok((written.recorded, word))
        }
        Err(flaw) => Err((Some(id.clone()), flaw.found(place, id))),
    })
}

/// The next line without its end.
fn next(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, LedgerError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| LedgerError::Backend { what: "read", source };
    let mut line = Vec::new();
    let mut limited = std::io::Read::take(&mut *reader, LONGEST);
    limited.read_until(b'\n', &mut line).map_err(|error| failed(error.into()))?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if u64::try_from(line.len()).is_ok_and(|length| length + 1 >= LONGEST) => {
            Err(failed(format!("a line is longer than {LONGEST} bytes").into()))
        }
        // The last line of an export that was cut off is told by what it is: no whole entry.
        Some(last) => {
            line.push(last);
            Ok(Some(line))
        }
    }
}
