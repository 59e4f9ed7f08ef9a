//! The strategies of Argo CD Image Updater, by their names.

use std::{fmt, str::FromStr};

use crate::{excerpt::quoted, select::SelectError};

/// How Argo CD Image Updater finds the newest of the tags that its filters leave.
///
/// All but [`Digest`](Self::Digest) take it for granted that a tag, once pushed, is never moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UpdateStrategy {
    /// `semver`: the highest version that the constraint matches. Without a constraint, that is the highest release.
    #[default]
    SemVer,
    /// `newest-build`, once called `latest`: the image that was built last. The constraint is not looked at.
    NewestBuild,
    /// `alphabetical`, once called `name`: the greatest tag by its bytes. The constraint is not looked at.
    Alphabetical,
    /// `digest`: the tag that the constraint names, wherever it points.
    Digest,
}

impl FromStr for UpdateStrategy {
    type Err = SelectError;

    /// Reads a name without regard to case, the names of old included.
    fn from_str(text: &str) -> Result<Self, SelectError> {
        match text.to_ascii_lowercase().as_str() {
            "semver" => Ok(Self::SemVer),
            "newest-build" | "latest" => Ok(Self::NewestBuild),
            "alphabetical" | "name" => Ok(Self::Alphabetical),
            "digest" => Ok(Self::Digest),
            _ => Err(SelectError::Strategy { strategy: quoted(text) }),
        }
    }
}

impl fmt::Display for UpdateStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SemVer => "semver",
            Self::NewestBuild => "newest-build",
            Self::Alphabetical => "alphabetical",
            Self::Digest => "digest",
        })
    }
}
