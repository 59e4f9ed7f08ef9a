//! The decision about one tag, with its reason.

use std::fmt;

use semver::Version;

use crate::Tag;

/// A tag that a release could get, and whether it does.
///
/// It prints as people would say it: `1.4 moves`, `latest stays: 1.5.0 is higher`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Move {
    /// The tag.
    pub tag: Tag,
    /// Whether the release gets it.
    pub verdict: Verdict,
}

/// Whether a release gets a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It does: nothing in the line of the tag is higher.
    Moves,
    /// It does not: this version, the highest of the line, is higher.
    Held {
        /// The highest version in the line of the tag.
        by: Version,
    },
    /// It does not: `0` stands for no line of compatible versions.
    MajorZero,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Moves => write!(f, "{} moves", self.tag),
            Verdict::Held { by } => write!(f, "{} stays: {by} is higher", self.tag),
            Verdict::MajorZero => write!(f, "{} stays: before 1.0.0 the major version promises nothing", self.tag),
        }
    }
}
