//! `VulnerabilityScan`: what a scanner found, and when (cosign's vulnerability predicate, v1).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, given, object};

const WHAT: &str = "vulnerability scan";

/// A scan, with the scanner's own report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VulnerabilityScan {
    /// The scanner, by URI.
    pub scanner: String,
    /// Its version.
    pub version: Option<String>,
    /// The version of its database.
    pub database: Option<String>,
    /// When the scan began, as it is written: RFC 3339.
    pub started: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
    /// What was found, in the scanner's own format.
    pub result: Box<RawValue>,
}

#[derive(Deserialize)]
struct Document {
    scanner: Object<Scanner>,
    metadata: Option<Object<Metadata>>,
}

#[derive(Deserialize)]
struct Scanner {
    uri: Option<String>,
    version: Option<String>,
    db: Option<Object<Database>>,
    result: Box<RawValue>,
}

#[derive(Deserialize)]
struct Database {
    version: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    scan_started_on: Option<String>,
    scan_finished_on: Option<String>,
}

pub(super) fn read(raw: &RawValue) -> Result<VulnerabilityScan, FormatError> {
    let Document { scanner: Object(scanner), metadata } = object(WHAT, raw)?;
    if scanner.result.get() == "null" {
        return Err(FormatError::new(WHAT, "it has no result"));
    }
    let metadata = metadata.map(|Object(metadata)| metadata).unwrap_or_default();
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(VulnerabilityScan {
        scanner: given(WHAT, "scanner", scanner.uri)?,
        version: said(scanner.version),
        database: said(scanner.db.and_then(|Object(database)| database.version)),
        started: said(metadata.scan_started_on),
        finished: said(metadata.scan_finished_on),
        result: scanner.result,
    })
}
