//! The systems whose policies are read.

use std::fmt;
use std::str::FromStr;

/// A system whose policies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum System {
    /// Lifecycle policies of Amazon's Elastic Container Registry.
    Ecr,
    /// Cleanup policies of Google's Artifact Registry.
    Gar,
    /// Tag retention and immutability rules of Harbor.
    Harbor,
    /// The retention section of zot's configuration.
    Zot,
}

/// A name of no system whose policies are read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of ecr, gar, harbor and zot")]
pub struct UnknownSystem(String);

impl System {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ecr, Self::Gar, Self::Harbor, Self::Zot];

    /// Its name on a command line: `ecr`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecr => "ecr",
            Self::Gar => "gar",
            Self::Harbor => "harbor",
            Self::Zot => "zot",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Ecr => "ECR lifecycle policy",
            Self::Gar => "Artifact Registry cleanup policy",
            Self::Harbor => "Harbor retention policy",
            Self::Zot => "zot retention",
        }
    }

    /// Whether a member of a document is the one of this name. zot does not tell its letters' cases apart.
    pub(super) fn is_member(self, name: &str, written: &str) -> bool {
        match self {
            Self::Zot => name.eq_ignore_ascii_case(written),
            Self::Ecr | Self::Gar | Self::Harbor => name == written,
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for System {
    type Err = UnknownSystem;

    fn from_str(name: &str) -> Result<Self, UnknownSystem> {
        Self::ALL.into_iter().find(|one| one.as_str() == name).ok_or_else(|| UnknownSystem(name.to_owned()))
    }
}
