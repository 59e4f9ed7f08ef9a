//! What is chosen from, what is chosen, and why the rest is not.

use std::{fmt, time::SystemTime};

use semver::Version;
use serde::Serialize;

use super::constraint::Constraint;
use crate::{Digest, NameError, Tag, excerpt::quoted};

/// A tag of a repository, with what is known about the image behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Candidate {
    /// The tag.
    pub tag: Tag,
    /// When the image was built, from its configuration. Only `newest-build` asks for it.
    pub created: Option<SystemTime>,
    /// What the tag points at. No rule looks at it; it is there so that what is chosen can be pinned.
    pub digest: Option<Digest>,
}

impl Candidate {
    /// The candidate `tag`, of which nothing more is known.
    pub fn new(tag: Tag) -> Self {
        Self { tag, created: None, digest: None }
    }

    /// One candidate for each of `tags`, in their order.
    ///
    /// # Errors
    ///
    /// When one of `tags` is no tag.
    pub fn list<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Vec<Self>, NameError> {
        tags.into_iter().map(|tag| Ok(Self::new(tag.parse()?))).collect()
    }

    /// Sets [when the image was built](Self#structfield.created).
    #[must_use]
    pub fn created(self, created: SystemTime) -> Self {
        Self { created: Some(created), ..self }
    }

    /// Sets [the digest](Self#structfield.digest).
    #[must_use]
    pub fn digest(self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self }
    }
}

impl From<Tag> for Candidate {
    fn from(tag: Tag) -> Self {
        Self::new(tag)
    }
}

/// The image that a selector chose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selected {
    /// The one that was chosen.
    pub candidate: Candidate,
    /// What was compared: the tag, or what the filter extracted from it.
    pub value: String,
    /// All the others, in the order of the list.
    pub others: Vec<Passed>,
}

/// A candidate that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Passed {
    /// Its tag.
    pub tag: Tag,
    /// Why.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Why a candidate was passed over.
///
/// Through serde it writes `{"reason": "outranked", "value": …, "winner": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum Reason {
    /// It speaks about a digest: it is a signature or a list of referrers, not a release.
    DigestTag,
    /// The same tag stands in the list again, further down.
    Repeated,
    /// The pattern of the filter does not match it.
    PatternMismatch {
        /// The pattern.
        pattern: String,
    },
    /// The filter extracts the same text from a tag further down, which takes its place.
    Shadowed {
        /// What was extracted.
        value: String,
        /// The tag that takes its place.
        by: Tag,
    },
    /// A pattern says to ignore it.
    Ignored {
        /// The pattern.
        pattern: String,
    },
    /// The one tag that the rule follows is another.
    NotFollowed {
        /// The tag that the rule follows.
        tag: String,
    },
    /// What is compared is not a version.
    NotVersion {
        /// What is compared.
        value: String,
    },
    /// It is a pre-release, and the constraint asks for releases.
    Prerelease {
        /// What is compared.
        value: String,
        /// The constraint.
        constraint: String,
    },
    /// It is a version that the constraint does not match.
    OutOfRange {
        /// What is compared.
        value: String,
        /// The constraint.
        constraint: String,
    },
    /// Another comes first.
    Outranked {
        /// What is compared.
        value: String,
        /// The same of the one that was chosen.
        winner: String,
    },
    /// It ranks the same as the one that was chosen, and its place in the list, or its name, decides against it.
    Tied {
        /// What is compared.
        value: String,
        /// The same of the one that was chosen.
        winner: String,
    },
}

impl Reason {
    /// Why `constraint` does not match `version`, which `value` was read as.
    pub(super) fn unmatched(constraint: &Constraint, version: &Version, value: String) -> Self {
        let text = constraint.to_string();
        if !version.pre.is_empty() && !constraint.admits_prereleases() {
            Self::Prerelease { value, constraint: text }
        } else {
            Self::OutOfRange { value, constraint: text }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DigestTag => write!(f, "it speaks about a digest"),
            Self::Repeated => write!(f, "it stands in the list again"),
            Self::PatternMismatch { pattern } => write!(f, "the pattern {} does not match it", quoted(pattern)),
            Self::Shadowed { value, by } => {
                write!(f, "the filter extracts {} from it, and from {by} as well", quoted(value))
            }
            Self::Ignored { pattern } => write!(f, "the pattern {} says to ignore it", quoted(pattern)),
            Self::NotFollowed { tag } => write!(f, "the tag that is followed is {}", quoted(tag)),
            Self::NotVersion { value } => write!(f, "{} is not a version", quoted(value)),
            Self::Prerelease { value, constraint } => {
                write!(f, "{} is a pre-release, and {} asks for releases", quoted(value), quoted(constraint))
            }
            Self::OutOfRange { value, constraint } => {
                write!(f, "{} is not in {}", quoted(value), quoted(constraint))
            }
            Self::Outranked { value, winner } => write!(f, "{} ranks behind {}", quoted(value), quoted(winner)),
            Self::Tied { value, winner } => {
                write!(f, "{} ranks the same as {}, which is taken", quoted(value), quoted(winner))
            }
        }
    }
}
