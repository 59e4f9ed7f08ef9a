//! `EvidenceReceipt`: what is attached to the image now.

use std::fmt;

use lockage_registry::Digest;
use serde::Serialize;

use lockage_tagging::OneLine;

/// What is attached to the image now, by this promotion or one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct EvidenceReceipt {
    /// The digest of what the gates decide by.
    pub policy: Digest,
    /// A line a statement and manifest that it is attached to.
    pub statements: Vec<StatementReceipt>,
}

/// A statement that is attached to a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct StatementReceipt {
    /// What is said.
    pub predicate_type: String,
    /// The image, or the platform of it.
    pub subject: Digest,
    /// The manifest that attaches it.
    pub manifest: Digest,
    /// Whether it was written; false where it was there and counted.
    pub written: bool,
}

impl fmt::Display for EvidenceReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut types: Vec<&str> = Vec::new();
        for statement in &self.statements {
            if !types.contains(&statement.predicate_type.as_str()) {
                types.push(&statement.predicate_type);
            }
        }
        for (n, one) in types.iter().enumerate() {
            let of = || self.statements.iter().filter(|statement| statement.predicate_type == **one);
            let (all, written) = (of().count(), of().filter(|statement| statement.written).count());
            let lead = if n == 0 { "" } else { "\n  " };
            write!(f, "{lead}signed  {}  on {all} manifests, {written} of them new", OneLine(one))?;
        }
        Ok(())
    }
}
