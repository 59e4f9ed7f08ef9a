//! What goes when, as a document.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use lockage_tagging::OneLine;

/// What goes when, if nothing is pushed, moved or deleted in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeline {
    /// The first moment.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// The moments at which something goes. What goes at the first one went before.
    pub breakpoints: Vec<Breakpoint>,
}

/// What goes at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Breakpoint {
    /// When.
    pub at: Timestamp,
    /// The tags, as `repository:tag`.
    pub tags: Vec<String>,
    /// The manifests, as `repository@digest`.
    pub manifests: Vec<String>,
    /// The manifests that are archived, as `repository@digest`. They do not go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archived: Vec<String>,
}

/// A timeline that is being written.
pub(super) struct Moments {
    from: Timestamp,
    to: Timestamp,
    points: BTreeMap<Timestamp, Breakpoint>,
}

impl Moments {
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to, points: BTreeMap::new() }
    }

    /// What goes at this moment, unless it never comes, or too late.
    pub(super) fn at(&mut self, at: Option<Timestamp>) -> Option<&mut Breakpoint> {
        let at = at.filter(|at| *at <= self.to)?;
        let point = || Breakpoint { at, tags: Vec::new(), manifests: Vec::new(), archived: Vec::new() };
        Some(self.points.entry(at).or_insert_with(point))
    }

    pub(super) fn timeline(self) -> Timeline {
        Timeline { from: self.from, to: self.to, breakpoints: self.points.into_values().collect() }
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.breakpoints.is_empty() {
            return write!(f, "nothing goes from {} to {}", self.from, self.to);
        }
        for (place, point) in self.breakpoints.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{}  {} tags, {} manifests", point.at, point.tags.len(), point.manifests.len())?;
            if !point.archived.is_empty() {
                write!(f, ", {} archived", point.archived.len())?;
            }
            for name in point.tags.iter().chain(&point.manifests) {
                write!(f, "\n  {}", OneLine(name))?;
            }
            for name in &point.archived {
                write!(f, "\n  {} (archived)", OneLine(name))?;
            }
        }
        Ok(())
    }
}
