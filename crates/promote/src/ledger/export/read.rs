//! Reading an export: offline, and believing no more of it than of a registry.

use std::io::BufRead;
use std::time::Duration;

use async_trait::async_trait;
use lockage_registry::Digest;

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
/// anybody: each entry is what its digest says and is signed by somebody who is trusted, all for one ledger, stands behind
/// entries that are there, and in the place that an export gives it. The file of a ledger
/// ([`FileLedger`](crate::ledger::FileLedger)), which has no seals, is verified as well: there each line follows the one before
/// it.
///
/// `ledger` is what that ledger is called; where it is not given, it is the one that the first entry was signed for. `expected`
/// are entries that must be there, such as those of an earlier export: by them it is found that the last lines are gone.
///
/// # Errors
/// Where it cannot be read, and where the verifier cannot decide, which is no finding.
pub async fn verify_export(
    reader: impl BufRead + Send,
    trust: &Trust,
    ledger: Option<&str>,
    expected: &[Digest],
) -> Result<LedgerReport, LedgerError> {
    let Lines { mut report, structure, lines, is_torn } = read(reader, trust, ledger, |_| {}).await?;
    let is_file = lines.iter().all(|line| !line.is_sealed);
    if is_torn && is_file {
        // Whoever writes a ledger into a file does not go on behind such a line.
        let why = "it does not end: whoever wrote it was stopped".to_owned();
        report.findings.push(Finding::Unreadable { place: place(lines.len()), why });
    }
    let order: Vec<&Digest> = lines.iter().filter_map(|line| line.id.as_ref()).collect();
    let misplaced = if is_file { structure.unchained(&order) } else { structure.out_of_order(&order) };
    let reordered = lines.iter().enumerate().filter_map(|(n, line)| {
        let id = line.id.as_ref().filter(|id| misplaced.contains(id))?;
        Some(Finding::Reordered { place: place(n + 1), id: id.clone() })
    });
    report.findings.extend(reordered);
    report.findings.extend(structure.lost(expected));
    Ok(report)
}

/// A ledger that was exported.
#[derive(Clone, Debug)]
pub struct ExportedLedger {
    entries: Vec<Recorded>,
    report: LedgerReport,
}

impl ExportedLedger {
    /// Reads and verifies an export, as [`verify_export`] does; but lines that changed places are the same history.
    ///
    /// # Errors
    /// As [`verify_export`]; and the first thing that is wrong: a history that is not whole is none.
    pub async fn read(reader: impl BufRead + Send, trust: &Trust, ledger: Option<&str>) -> Result<Self, LedgerError> {
        let mut entries = Vec::new();
        let report = read(reader, trust, ledger, |recorded| entries.push(recorded)).await?.report;
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

/// What was read.
struct Lines {
    report: LedgerReport,
    structure: Structure,
    lines: Vec<Seen>,
    /// Whether the last one does not end.
    is_torn: bool,
}

/// What is known of a line.
struct Seen {
    /// The entry, where it is what it has to be and the first of its digest.
    id: Option<Digest>,
    is_sealed: bool,
}

async fn read(
    mut reader: impl BufRead + Send,
    trust: &Trust,
    ledger: Option<&str>,
    mut keep: impl FnMut(Recorded) + Send,
) -> Result<Lines, LedgerError> {
    let mut report = LedgerReport { ledger: ledger.map(str::to_owned), ..LedgerReport::default() };
    let mut structure = Structure::default();
    let (mut lines, mut is_torn) = (Vec::new(), false);
    while let Some((line, ends)) = next(&mut reader)? {
        is_torn = !ends;
        let place = place(lines.len() + 1);
        let (judged, is_sealed) = judge(&line, place.clone(), trust, &mut report.ledger).await?;
        let (id, recorded, word) = match judged {
            Ok((recorded, word)) => (recorded.id.clone(), recorded, word),
            Err((broken, finding)) => {
                structure.broken.extend(broken);
                report.findings.push(finding);
                lines.push(Seen { id: None, is_sealed });
                continue;
            }
        };
        if structure.entries.insert(id.clone(), (&*recorded.entry).into()).is_some() {
            report.findings.push(Finding::Repeated { id, place });
            lines.push(Seen { id: None, is_sealed });
            continue;
        }
        lines.push(Seen { id: Some(id), is_sealed });
        report.count(&word);
        keep(recorded);
    }
    report.findings.extend(structure.judge(SKEW));
    report.heads = structure.heads();
    report.conclude(trust);
    Ok(Lines { report, structure, lines, is_torn })
}

fn place(number: usize) -> String {
    format!("line {number}")
}

type Judged = Result<(Recorded, Word), (Option<Digest>, Finding)>;

/// What a line is, and whether it has a seal.
async fn judge(
    line: &[u8],
    place: String,
    trust: &Trust,
    ledger: &mut Option<String>,
) -> Result<(Judged, bool), LedgerError> {
    let (said, written, sealed) = match Line::read(line) {
        Ok(read) => read,
        Err(why) => return Ok((Err((None, Finding::Unreadable { place, why })), false)),
    };
    let id = written.id().clone();
    if said != id {
        return Ok((Err((Some(said), Finding::Misplaced { place, id })), sealed.is_some()));
    }
    let checked = match &sealed {
        Some(sealed) => {
            let expected = Statement { ledger: ledger.as_deref(), kind: ENTRY_PREDICATE, id: &id };
            trust.check(&expected, sealed).await?
        }
        None if trust.takes_unsigned() => Ok((Word::Unsigned, None)),
        None => Err(Flaw::Unsigned),
    };
    let judged = match checked {
        Ok((word, of)) => {
            *ledger = ledger.take().or(of);
            Ok((written.recorded, word))
        }
        Err(flaw) => Err((Some(id.clone()), flaw.found(place, id))),
    };
    Ok((judged, sealed.is_some()))
}

/// The next line without its end, and whether it had one.
fn next(reader: &mut impl BufRead) -> Result<Option<(Vec<u8>, bool)>, LedgerError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| LedgerError::Backend { what: "read", source };
    let mut line = Vec::new();
    let mut limited = std::io::Read::take(&mut *reader, LONGEST);
    limited.read_until(b'\n', &mut line).map_err(|error| failed(error.into()))?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some((line, true))),
        Some(_) if u64::try_from(line.len()).is_ok_and(|length| length + 1 >= LONGEST) => {
            Err(failed(format!("a line is longer than {LONGEST} bytes").into()))
        }
        // The last line of an export that was cut off is told by what it is: no whole entry.
        Some(last) => {
            line.push(last);
            Ok(Some((line, false)))
        }
    }
}
