//! What an attestation says of vulnerabilities: in-toto statements with a scanner's findings as their predicate.

use lockage_tagging::Digest;

use super::super::{Finding, Format, Package, Problem, ReadError, Report, Severity, Tool};
use super::node::Node;
use super::{Document, parse, strict, trivy};

/// A report that somebody attests, and of what.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attested {
    /// What the statement is about, as far as it has digests of a kind that images have.
    pub subjects: Vec<Digest>,
    /// The report. What it says itself of the image still counts.
    pub report: Report,
}

/// Reads an in-toto statement whose predicate are vulnerabilities: cosign's `vuln/v1` around the report of a scanner, or
/// in-toto's `vulns/v0.2`. Nothing for a statement with another predicate.
///
/// Whoever calls this has verified who signed the statement: its words prove nothing.
///
/// # Errors
/// Where it is no statement, or its predicate is none of its type.
pub fn read_attested(statement: &[u8]) -> Result<Option<Attested>, ReadError> {
    let value = strict::json(statement, Format::LARGEST)?;
    let root = Node::root(&value);
    let of = |node: &Node<'_>| match node.value().as_str() {
        Some("https://cosign.sigstore.dev/attestation/vuln/v1" | "cosign.sigstore.dev/attestation/vuln/v1") => {
            Some(Format::TrivyCosignVuln)
        }
        Some("https://in-toto.io/attestation/vulns/v0.2") => Some(Format::InTotoVulns),
        _ => None,
    };
    let Some(format) = of(&root.need("predicateType")?) else { return Ok(None) };
    let read = || {
        let mut subjects = Vec::new();
        for subject in root.need_list("subject")? {
            let digest = subject.need("digest")?;
            for algorithm in ["sha256", "sha512"] {
                if let Some(hex) = digest.text(algorithm)? {
                    let whole = format!("{algorithm}:{hex}").parse();
                    subjects.push(whole.map_err(|_| digest.wrong("a digest in hex"))?);
                }
            }
        }
        let predicate = root.need("predicate")?;
        let report = match format {
            Format::TrivyCosignVuln => of_cosign(&predicate)?,
            _ => of_in_toto(&predicate)?,
        };
        Ok(Attested { subjects, report })
    };
    read().map(Some).map_err(|error: ReadError| error.of(format))
}

/// cosign wraps what the scanner wrote, whichever it was, and says beside it how old the database was and when it ran.
fn of_cosign(predicate: &Node<'_>) -> Result<Report, ReadError> {
    let scanner = predicate.need("scanner")?;
    let result = scanner.need("result")?;
    let mut report = if result.has("SchemaVersion") {
        trivy::read_cosign_vuln(predicate)?
    } else {
        match parse(result.value(), Format::of(result.value())?)? {
            Document::Report(report) => *report,
            _ => return Err(result.wrong("a scanner's report")),
        }
    };
    around(predicate, &scanner, &mut report)?;
    Ok(report)
}

/// in-toto's own list has neither packages nor fixes: every finding counts as it is.
fn of_in_toto(predicate: &Node<'_>) -> Result<Report, ReadError> {
    let scanner = predicate.need("scanner")?;
    let uri = scanner.need_text("uri")?;
    let name = uri.trim_end_matches('/').rsplit('/').next().unwrap_or(uri);
    let name = name.split(['@', '?', '#']).next().unwrap_or(name);
    if name.is_empty() {
        return Err(scanner.need("uri")?.wrong("the URI of a scanner"));
    }
    let mut report = Report::new(Format::InTotoVulns, Tool::new(name).with_version(scanner.text("version")?));
    for found in scanner.need_list("result")? {
        let ratings = found.need_list("severity")?;
        let mut severity = Severity::Unknown;
        for rating in &ratings {
            severity = severity.max(rated(rating)?);
        }
        report.findings.push(Finding::new(found.need_text("id")?, Package::default(), severity));
    }
    around(predicate, &scanner, &mut report)?;
    Ok(report)
}

/// A word or a number, each as a text. Methods are anybody's, so the worst of several is taken.
fn rated(rating: &Node<'_>) -> Result<Severity, ReadError> {
    let score = rating.need("score")?;
    let text = score.as_text()?;
    match text.parse::<Severity>() {
        Ok(severity) => Ok(severity),
        Err(_) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Severity::of_score(number)),
            // A vector has its score elsewhere.
            _ if text.starts_with("CVSS:") => Ok(Severity::Unknown),
            _ => Err(score.wrong("a severity or a score")),
        },
    }
}

fn around(predicate: &Node<'_>, scanner: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    if report.db_built.is_none()
        && let Some(database) = scanner.get("db")?
    {
        report.db_built = database.time("lastUpdate")?;
    }
    if report.scanned_at.is_none()
        && let Some(metadata) = predicate.get("metadata")?
    {
        report.scanned_at = metadata.time("scanFinishedOn")?;
    }
    if let (Some(built), Some(at)) = (report.db_built, report.scanned_at)
        && built > at
    {
        return Err(ReadError::new(
            "$.predicate.scanner.db.lastUpdate",
            Problem::Contradiction("the database is newer than the scan"),
        ));
    }
    Ok(())
}
