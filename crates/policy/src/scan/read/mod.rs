//! Reading documents: what they are, by their content, and what they say, in the words of [`Report`].

mod cyclonedx;
mod grype;
pub(super) mod node;
mod osv;
pub(super) mod sarif;
mod statement;
pub(super) mod strict;
mod trivy;

use serde_json::Value;

use self::node::Node;
pub use self::statement::{Attested, read_attested};
use super::checks::{CheckReport, read_hadolint, read_sarif, read_structure_test};
use super::{Database, Format, Problem, ReadError, Report, Tool, Vex};

/// A document that was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Document {
    /// What a scanner found in an image.
    Report(Box<Report>),
    /// What another tool found: a linter, a test.
    Checks(CheckReport),
    /// What is known not to be affected.
    Vex(Vex),
}

/// Reads a document of whichever format it is.
///
/// # Errors
/// Where it is empty, larger than its format's [limit](Format::limit), of no known format, or where something essential
/// is missing or wrong; the error names the place. Fields that are not known are not looked at.
pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let value = strict::json(bytes, Format::LARGEST)?;
    let format = Format::of(&value)?;
    of_size(bytes, format)?;
    parse(&value, format)
}

/// Reads a document of a format that the caller knows it to have: an empty list from hadolint, SARIF of a scanner as
/// that of any tool.
///
/// # Errors
/// As [`read`], and where its content is that of another format.
pub fn read_as(format: Format, bytes: &[u8]) -> Result<Document, ReadError> {
    of_size(bytes, format)?;
    let value = strict::json(bytes, format.limit()).map_err(|error| error.of(format))?;
    let told = match Format::of(&value) {
        Ok(found) => found == format || format == Format::Sarif && value.get("runs").is_some(),
        Err(_) => format == Format::Hadolint && value.as_array().is_some_and(Vec::is_empty),
    };
    if !told {
        return Err(ReadError::new("", Problem::UnknownFormat).of(format));
    }
    parse(&value, format)
}

/// Reads what `trivy version -f json` says of its vulnerability database, which its reports leave out.
///
/// # Errors
/// Where it is no such document, or there is no database.
pub fn read_trivy_version(bytes: &[u8]) -> Result<Database, ReadError> {
    let value = strict::json(bytes, Format::Hadolint.limit())?;
    let root = Node::root(&value);
    let database = root.need("VulnerabilityDB")?;
    let missing = || ReadError::new("$.VulnerabilityDB.UpdatedAt", Problem::Missing);
    let built = database.time("UpdatedAt")?.ok_or_else(missing)?;
    let tool = Tool::new("trivy").with_version(root.text("Version")?);
    Ok(Database { tool, built, downloaded: database.time("DownloadedAt")? })
}

fn of_size(bytes: &[u8], format: Format) -> Result<(), ReadError> {
    let limit = format.limit();
    match bytes.len() > limit {
        true => Err(ReadError::new("", Problem::TooLarge { limit }).of(format)),
        false => Ok(()),
    }
}

fn parse(value: &Value, format: Format) -> Result<Document, ReadError> {
    let root = Node::root(value);
    let document = match format {
        Format::Trivy => trivy::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::TrivyCosignVuln => trivy::read_cosign_vuln(&root).map(|report| Document::Report(Box::new(report))),
        Format::Grype => grype::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::Osv => osv::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::TrivySarif => sarif::trivy::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::GrypeSarif => sarif::grype::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::ScoutSarif => sarif::scout::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::CycloneDx => cyclonedx::read(&root).map(|report| Document::Report(Box::new(report))),
        Format::OpenVex => super::vex::read_openvex(&root).map(Document::Vex),
        Format::Csaf => super::vex::read_csaf(&root).map(Document::Vex),
        Format::Hadolint => read_hadolint(&root).map(Document::Checks),
        Format::StructureTest => read_structure_test(&root).map(Document::Checks),
        Format::Sarif => read_sarif(&root).map(Document::Checks),
        // A predicate means nothing without the statement that it is in.
        Format::InTotoVulns | Format::ExitStatus => Err(ReadError::new("", Problem::UnknownFormat)),
    };
    document.map_err(|error| error.of(format))
}
