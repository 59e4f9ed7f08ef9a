//! `OpenVex`: which vulnerabilities matter for a product (OpenVEX 0.0.1 to 0.2.0).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, given, object};

const WHAT: &str = "OpenVEX";

/// An OpenVEX document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenVex {
    /// Who says it.
    pub author: String,
    /// When, as it is written: RFC 3339.
    pub timestamp: String,
    /// What is said.
    pub statements: Vec<VexStatement>,
}

/// What is said of one vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VexStatement {
    /// Its name, such as `CVE-2026-1234`.
    pub vulnerability: String,
    /// Of which products, by identifier; of all that the document is about where it does not say.
    pub products: Vec<String>,
    /// What it is for them.
    pub status: VexStatus,
    /// Why they are not affected, where that is so.
    pub justification: Option<String>,
}

/// What a vulnerability is for a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "OpenVEX has these four")]
pub enum VexStatus {
    /// It does not matter there.
    NotAffected,
    /// It matters.
    Affected,
    /// It has been fixed.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

#[derive(Deserialize)]
struct Document {
    author: Option<String>,
    timestamp: Option<String>,
    statements: Vec<Object<Statement>>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    products: Option<Vec<Product>>,
    status: VexStatus,
    justification: Option<String>,
}

/// Version 0.0.1 has the name, version 0.2.0 has an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Named { name: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Id(String),
    Identified {
        #[serde(rename = "@id")]
        id: String,
    },
}

pub(super) fn read(raw: &RawValue) -> Result<OpenVex, FormatError> {
    let Document { author, timestamp, statements } = object(WHAT, raw)?;
    Ok(OpenVex {
        author: given(WHAT, "author", author)?,
        timestamp: given(WHAT, "timestamp", timestamp)?,
        statements: statements.into_iter().map(|Object(statement)| statement.into()).collect(),
    })
}

impl From<Statement> for VexStatement {
    fn from(Statement { vulnerability, products, status, justification }: Statement) -> Self {
        let (Vulnerability::Name(vulnerability) | Vulnerability::Named { name: vulnerability }) = vulnerability;
        let id = |(Product::Id(id) | Product::Identified { id }): Product| id;
        Self { vulnerability, products: products.into_iter().flatten().map(id).collect(), status, justification }
    }
}
