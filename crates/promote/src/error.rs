//! The error of this crate: which side failed, or which rule of a promotion was not met.

use std::error::Error as StdError;
use std::fmt;

use lockage_registry::{Digest, Error as PortError, ErrorKind, Platform, Reference};

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
    /// The tag does not hold what it was expected to hold ([`ImageCopy::expect_current`](crate::ImageCopy::expect_current)).
    Moved {
        /// The tag.
        tag: Box<Reference>,
        /// What it was expected to hold; `None` for a tag that does not exist.
        expected: Option<Digest>,
        /// What it holds.
        found: Option<Digest>,
    },
    /// The tag is immutable, and holds another image.
    TagImmutable {
        /// The tag.
        tag: Box<Reference>,
        /// What it holds, and goes on holding.
        current: Digest,
        /// What it was to hold.
        wanted: Digest,
        /// The registry's refusal.
        error: Box<PortError>,
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
    /// A plan from a document that somebody has changed.
    pub(crate) fn broken_plan(target: &Reference, missing: &Digest) -> Self {
        Self::OtherPlan {
            planned: format!("{missing}, whose manifest it leaves out"),
            asked: format!("whole images to {target}"),
        }
    }

    /// The side that failed, where one did.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self {
            Self::Port { side, .. } => Some(*side),
            Self::Moved { .. } | Self::TagImmutable { .. } => Some(Side::Target),
            _ => None,
        }
    }

    /// The registry's error, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<&PortError> {
        match self {
            Self::Port { error, .. } => Some(error),
            Self::TagImmutable { error, .. } => Some(error),
            _ => None,
        }
    }

    /// What to show below the error's own line: a word, and what it stands for.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let or_none = |digest: &Option<Digest>| digest.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        match self {
            Self::Moved { expected, found, .. } => vec![("holds", or_none(found)), ("expected", or_none(expected))],
            Self::TagImmutable { current, wanted, .. } => {
                vec![("holds", current.to_string()), ("wanted", wanted.to_string())]
            }
            _ => Vec::new(),
        }
    }

    /// What to do about it, in one or two sentences.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Port { error, .. } if is_listing(error) => Some(
                "What is attached to the image cannot be read. If it may stay behind, copy without attachments."
                    .to_owned(),
            ),
            Self::Port { error, .. } => error.remedy().map(str::to_owned),
            Self::Moved { .. } => {
                Some("The tag was left alone. Look at what it holds, plan again, and expect that.".to_owned())
            }
            Self::TagImmutable { .. } => {
                Some("The tag was left alone. Choose another tag, or copy by digest without one.".to_owned())
            }
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

/// Lists are only asked for to find attachments.
fn is_listing(error: &PortError) -> bool {
    error.kind() == ErrorKind::Unsupported && matches!(error.operation(), "list referrers" | "list tags")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { side, error } => write!(f, "{side}: {error}"),
            Self::OtherDigest { reference, found } => write!(f, "{reference}: the image is {found}"),
            Self::NoSuchPlatform { image, wanted, .. } => write!(f, "{image}: nothing for the platform {wanted}"),
            Self::TooLarge { image, limit } => write!(f, "{image}: it has more than {limit}"),
            Self::Moved { tag, .. } => write!(f, "{tag}: the tag does not hold what was expected"),
            Self::TagImmutable { tag, .. } => write!(f, "{tag}: the tag is immutable and holds another image"),
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
            Self::TagImmutable { error, .. } => Some(error.as_ref()),
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
