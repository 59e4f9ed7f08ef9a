//! `history`: everything that the ledger says, of an image, of an environment, or of all.

use std::collections::BTreeSet;
use std::fmt;

use lockage_registry::Digest;
use serde::Serialize;

use super::ago::Absolute;
use super::known_as;
use crate::ledger::{Chronicle, Entry, Kind, Phase, Recorded, Standing};
use crate::pipeline::Name;
use lockage_tagging::OneLine;

/// What the ledger says, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct History {
    /// The lines, in the order that every reader agrees on.
    pub lines: Vec<Line>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Line {
    /// The entry, and its digest.
    #[serde(flatten)]
    pub recorded: Recorded,
    /// For what was about to be done: whether it came to its end. Everything else has.
    pub ended: bool,
}

/// What the ledger says of `image`, or of all, in `environment`, or in all. What holds everywhere is said of every
/// environment.
#[must_use]
pub fn history(chronicle: &Chronicle, image: Option<&Name>, environment: Option<&Name>) -> History {
    let is_asked = |entry: &Entry| {
        image.is_none_or(|image| entry.image == *image)
            && (environment.is_none() || entry.environment.is_none() || entry.environment.as_ref() == environment)
    };
    // From the end: what was begun came to its end where something arrived there after it, or it was taken back.
    let mut arrived: BTreeSet<(&Name, &Name)> = BTreeSet::new();
    let mut taken_back: BTreeSet<(&Name, &Digest)> = BTreeSet::new();
    let mut lines = Vec::new();
    for recorded in chronicle.entries().iter().rev() {
        let entry = &recorded.entry;
        let there = entry.environment.as_ref().map(|at| (&entry.image, at));
        if is_asked(entry) {
            let is_back = entry.plan().is_some_and(|plan| taken_back.contains(&(&entry.image, plan)));
            let ended = !entry.begins() || is_back || there.is_some_and(|there| arrived.contains(&there));
            lines.push(Line { recorded: recorded.clone(), ended });
        }
        arrived.extend(there.filter(|_| entry.arrives()));
        if let Kind::Revert { plan, .. } = &entry.kind {
            taken_back.insert((&entry.image, plan));
        }
    }
    lines.reverse();
    History { lines }
}

impl fmt::Display for History {
    /// A line each; what was about to be done, and was, is told once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.lines.iter().filter(|line| !(line.recorded.entry.begins() && line.ended));
        let mut lead = "";
        for line in told {
            write!(f, "{lead}{line}")?;
            lead = "\n";
        }
        if lead.is_empty() { f.write_str("the ledger says nothing of it") } else { Ok(()) }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { kind, image, environment, digest, facts, actor, at, set, .. } = &*self.recorded.entry;
        let there = environment.as_ref().map_or("everywhere".to_owned(), ToString::to_string);
        let word = match kind {
            Kind::Promote { phase: Phase::Intent, .. } => "promoting",
            Kind::Promote { .. } => "promote",
            Kind::Rollback { phase: Phase::Intent, .. } => "rolling back",
            Kind::Rollback { .. } => "rollback",
            Kind::Observe { .. } => "observe",
            Kind::Deny { .. } => "deny",
            Kind::Hold { .. } => "hold",
            Kind::Release { .. } => "release",
            Kind::Finish { .. } => "finish",
            Kind::Override { .. } => "override",
            Kind::Revert { .. } => "revert",
            Kind::Remove { archived: true, .. } => "archive",
            Kind::Remove { .. } => "remove",
            Kind::Restore { .. } => "restore",
        };
        let plan = self.recorded.entry.plan().map(|plan| format!(", plan {}", plan.short())).unwrap_or_default();
        write!(f, "{}  {word:<9}  {image}  {there}  {}{}", Absolute(*at), digest.short(), known_as(facts))?;
        match kind {
            Kind::Promote { from, edge, .. } => write!(f, "  from {from} ({edge}){plan}")?,
            Kind::Rollback { reason, bad, .. } => {
                let bad = bad.as_ref().map(|bad| format!(" instead of {}", bad.short())).unwrap_or_default();
                write!(f, "{bad}{plan}: {}", OneLine(reason))?;
            }
            Kind::Deny { reason } | Kind::Hold { reason, .. } => write!(f, ": {}", OneLine(reason))?,
            Kind::Release { of: Standing::Denial, reason } => write!(f, " of its denial: {}", OneLine(reason))?,
            Kind::Release { of: Standing::Hold, reason } => write!(f, " of the hold: {}", OneLine(reason))?,
            Kind::Finish { evidence, .. } => {
                f.write_str(&plan)?;
                for one in evidence.iter() {
                    let word = if one.against.is_some() { " failed:" } else { "" };
                    write!(f, "  {}{word} {}", OneLine(&one.gate), OneLine(&one.evidence.summary))?;
                }
            }
            Kind::Override { gates, reason, .. } => {
                let gates: Vec<_> = gates.keys().map(String::as_str).collect();
                write!(f, " of {}{plan}: {}", OneLine(gates.join(", ")), OneLine(reason))?;
            }
            Kind::Revert { plan, reason, .. } => {
                let what = if set.is_some() { "set" } else { "plan" };
                write!(f, " of the {what} {}: {}", plan.short(), OneLine(reason))?;
            }
            Kind::Remove { repository, archived, rule, .. } => {
                let from = if *archived { "in" } else { "from" };
                write!(f, "  {from} {}{plan}", OneLine(repository))?;
                rule.iter().try_for_each(|rule| write!(f, ", rule {}", OneLine(rule)))?;
            }
            Kind::Restore { repository, .. } => write!(f, "  to {}{plan}", OneLine(repository))?,
            Kind::Observe { .. } => {}
        }
        write!(f, "  ({})", OneLine(actor))?;
        if self.ended { Ok(()) } else { f.write_str("  and came to no end") }
    }
}
