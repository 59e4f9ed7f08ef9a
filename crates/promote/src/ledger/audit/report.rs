//! `LedgerReport`: what a verification has looked at, and what it found.

use std::collections::BTreeMap;
use std::fmt;

use lockage_registry::Digest;
use serde::Serialize;

use super::Finding;
use crate::ledger::Word;

/// What a verification has looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LedgerReport {
    /// What the ledger is called in what is signed; nothing, where no entry says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// How many entries are what they have to be.
    pub entries: u64,
    /// How many of them each identity has signed.
    pub signed: BTreeMap<String, u64>,
    /// How many of them nobody has signed.
    pub unsigned: u64,
    /// How many of them have a signature that was not looked at.
    pub unchecked: u64,
    /// The entries that have none behind them.
    pub heads: Vec<Digest>,
    /// How many checkpoints agree with the entries.
    pub checkpoints: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl LedgerReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(in crate::ledger) fn count(&mut self, word: &Word) {
        self.entries += 1;
        match word {
            Word::Of(by) => *self.signed.entry(by.identity.clone()).or_default() += 1,
            Word::Unsigned => self.unsigned += 1,
            Word::Unchecked => self.unchecked += 1,
        }
    }
}

impl fmt::Display for LedgerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = self.ledger.as_deref().unwrap_or("the ledger");
        let parallel =
            if self.heads.len() > 1 { format!(", {} of them last", self.heads.len()) } else { String::new() };
        writeln!(f, "{ledger}: {} entries{parallel}, {} checkpoints", self.entries, self.checkpoints)?;
        for (identity, count) in &self.signed {
            writeln!(f, "  {count:>6}  signed by {identity}")?;
        }
        for (count, what) in [(self.unsigned, "not signed"), (self.unchecked, "signed by nobody knows whom")] {
            if count > 0 {
                writeln!(f, "  {count:>6}  {what}")?;
            }
        }
        for finding in &self.findings {
            writeln!(f, "  found   {finding}")?;
        }
        write!(f, "{}", if self.is_sound() { "It is sound." } else { "It is NOT what it has to be." })
    }
}
