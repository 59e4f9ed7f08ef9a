//! `LedgerReport`: what a verification has looked at, and what it found.

use std::collections::BTreeMap;
use std::fmt;

use lockage_registry::Digest;
use serde::Serialize;

use super::Finding;
use crate::ledger::{LedgerError, Trust, Word};
use lockage_tagging::OneLine;

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
    /// Whether it is known who wrote the entries.
    pub signatures: Signatures,
    /// The entries that have none behind them.
    pub heads: Vec<Digest>,
    /// How many checkpoints agree with the entries.
    pub checkpoints: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What could not be read or decided, which is no finding.
    pub unread: Vec<Unread>,
}

/// Something that could not be read, or not decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Unread {
    /// The tag.
    pub place: String,
    /// Why.
    pub why: String,
}

/// Whether it is known who wrote what was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it is known, or it is not")]
pub enum Signatures {
    /// Every entry is signed by somebody who is trusted.
    Checked,
    /// Of some entry, or of all, nobody has looked at the signature, or there is none: whoever could write can have said
    /// anything.
    #[default]
    NotChecked,
}

impl LedgerReport {
    /// Whether everything was read and nothing is wrong with it; whether signatures were looked at is said by
    /// [`signatures`](Self::signatures).
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.unread.is_empty()
    }

    /// Something that could not be asked, for the reason that the last of its causes gives.
    pub(in crate::ledger) fn leave_unread(&mut self, place: String, error: &LedgerError) {
        let (mut why, mut cause) = (error.to_string(), std::error::Error::source(error));
        while let Some(error) = cause {
            why = error.to_string();
            cause = error.source();
        }
        self.unread.push(Unread { place, why });
    }

    /// Once all entries are counted.
    pub(in crate::ledger) fn conclude(&mut self, trust: &Trust) {
        if trust.checks() && self.unsigned == 0 && self.unchecked == 0 {
            self.signatures = Signatures::Checked;
        }
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
            writeln!(f, "  {count:>6}  signed by {}", OneLine(identity))?;
        }
        for (count, what) in [(self.unsigned, "not signed"), (self.unchecked, "signed, and the signature not checked")]
        {
            if count > 0 {
                writeln!(f, "  {count:>6}  {what}")?;
            }
        }
        for finding in &self.findings {
            writeln!(f, "  found   {}", OneLine(finding))?;
        }
        for Unread { place, why } in &self.unread {
            writeln!(f, "  unread  {}: {}", OneLine(place), OneLine(why))?;
        }
        f.write_str(match (self.findings.is_empty(), self.signatures) {
            (false, _) => "It is NOT what it has to be.",
            (true, _) if !self.unread.is_empty() => "What could be read is what it has to be. The rest is undecided.",
            (true, _) if self.entries == 0 => "There is no entry: nothing was verified.",
            (true, Signatures::Checked) => "It is sound.",
            (true, Signatures::NotChecked) => {
                "It is whole and in order. Signatures were NOT checked, or are missing: it is no proof of who wrote it."
            }
        })
    }
}
