//! The error of this crate: which side failed, or which rule of a promotion was not met.

use std::error::Error as StdError;
use std::fmt;

use lockage_registry::{Digest, Error as PortError, Platform, Reference};

use crate::NotCleared;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an image was not moved. Nothing that is an error here has moved a tag.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A registry failed; an error in a two-sided operation always says which side.
    Port {
        /// The side.
        side: Side,
        /// What failed there.
        error: PortError,
    },
    /// The reference of the source or target names a digest, and the image has another.
    OtherDigest {
        /// The reference with the digest.
        reference: Box<Reference>,
        /// The digest of the image.
        found: Digest,
    },
    /// The image has nothing for this platform.
    NoSuchPlatform {
        /// The image.
        image: Box<Reference>,
        /// The platform that was asked for.
        wanted: Box<Platform>,
        /// The platforms that it has.
        offered: Vec<Platform>,
    },
    /// The image is larger than the limits of a copy: manifests, or levels of indexes within indexes.
    TooLarge {
        /// The image.
        image: Box<Reference>,
        /// The limit that it exceeds, in words.
        limit: String,
    },
    /// A plan does not belong to the copy that is to apply it.
    OtherPlan {
        /// What the plan moves.
        planned: String,
        /// What the copy moves.
        asked: String,
    },
    /// A gate did not pass.
    NotCleared(Box<NotCleared>),
}

/// A side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a copy has two sides")]
pub enum Side {
    /// Where the image comes from.
    Source,
    /// Where it goes.
    Target,
}

impl Side {
    pub(crate) fn failed(self) -> impl Fn(PortError) -> Error {
        move |error| Error::Port { side: self, error }
    }
}

impl Error {
    /// The side that failed, where one did.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self {
            Self::Port { side, .. } => Some(*side),
            _ => None,
        }
    }

    /// The registry's error, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<&PortError> {
        match self {
            Self::Port { error, .. } => Some(error),
            _ => None,
        }
    }

    /// What to do about it, in one or two sentences.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Port { error, .. } => error.remedy().map(str::to_owned),
            Self::OtherDigest { .. } => Some("Leave the digest out, or name the image that has it.".to_owned()),
            Self::NoSuchPlatform { offered, .. } if offered.is_empty() => {
                Some("The image is no index: copy it without naming a platform.".to_owned())
            }
            Self::NoSuchPlatform { offered, .. } => {
                let offered: Vec<_> = offered.iter().map(ToString::to_string).collect();
                Some(format!("It has {}.", offered.join(", ")))
            }
            Self::TooLarge { .. } => Some("No sane image is that large: check where it comes from.".to_owned()),
            Self::OtherPlan { .. } => Some("Plan this copy, and apply that plan.".to_owned()),
            Self::NotCleared(refusal) => refusal.remedy(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { side, error } => write!(f, "{side}: {error}"),
            Self::OtherDigest { reference, found } => write!(f, "{reference}: the image is {found}"),
            Self::NoSuchPlatform { image, wanted, .. } => write!(f, "{image}: nothing for the platform {wanted}"),
            Self::TooLarge { image, limit } => write!(f, "{image}: it has more than {limit}"),
            Self::OtherPlan { planned, asked } => write!(f, "the plan moves {planned}, and this copy {asked}"),
            Self::NotCleared(refusal) => refusal.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            // The registry's own line is part of ours.
            Self::Port { error, .. } => error.source(),
            _ => None,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

impl From<NotCleared> for Error {
    fn from(refusal: NotCleared) -> Self {
        Self::NotCleared(Box::new(refusal))
    }
}
