//! The class of a tag: the answer of a lookup.

use std::fmt;

use super::{ClassTable, TagVersion};
use crate::{DigestTag, Tag, TagScheme};

/// What a tag's text says about it.
///
/// Whether a tag moves is a policy and no syntax, so a class is a well-founded guess about a tag of unknown origin. Who
/// knows [the scheme](Self::made_by) that made it knows better.
///
/// | Tag | Class |
/// |---|---|
/// | `1.2.3`, `v1.2.3`, `1.3.0-rc.1`, `1.2.3rc1`, `2024.03.09` | immutable version, precision patch |
/// | `1.2`, `1`, `1.2.x` | floating version, precision minor or major |
/// | `sha-2b2e927`, 7 to 64 bare hexadecimal digits, `main-sha-2b2e927` | immutable commit |
/// | `20240309`, `nightly-2024-03-09`, `main-1710002469` | immutable timestamp |
/// | `pr-42-2b2e927` | immutable pull request |
/// | `pr-42`, `mr-42` | floating pull request |
/// | `latest`, `edge`, `rc`, `stable`, `prod` | floating channel |
/// | `sha256-<64 digits>.sig` | attached to a digest: it goes where its image goes |
/// | `main`, `feature-x` | floating name |
///
/// Each but the attached can carry a variant at its end, `1.2-alpine3.19`, and a version can carry a component at its
/// start, `app-v1.2.3`.
///
/// ```
/// use lockage_tagging::class::{Mobility, Precision, TagClass};
///
/// let class = TagClass::of(&"1.2-alpine".parse()?);
/// assert_eq!(class.mobility, Mobility::Floating);
/// assert_eq!(class.precision, Some(Precision::Minor));
/// assert_eq!(class.variant.as_deref(), Some("alpine"));
/// assert_eq!(class.to_string(), "floating version, precision minor, variant alpine");
///
/// let class = TagClass::of(&"1.3.0-rc.1".parse()?);
/// assert_eq!((class.mobility, class.channel.as_deref()), (Mobility::Immutable, Some("rc")));
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TagClass {
    /// Whether the tag may come to name another image.
    pub mobility: Mobility,
    /// What the tag stands for.
    pub kind: TagKind,
    /// The part of a repository that the tag is about: `app` of `app-v1.2.3`.
    pub component: Option<String>,
    /// The channel: `edge`, and `rc` of `1.3.0-rc.1`.
    pub channel: Option<String>,
    /// How much of a version the tag fixes.
    pub precision: Option<Precision>,
    /// The variant of the image: `alpine` of `1.2-alpine`.
    pub variant: Option<String>,
    /// The version, if the tag carries one.
    pub version: Option<TagVersion>,
    /// The hexadecimal digits of the commit, if the tag carries them.
    pub commit: Option<String>,
    /// The number of the pull request, if the tag carries it.
    pub pull_request: Option<u64>,
    /// The digest that an attached tag speaks about.
    pub digest: Option<DigestTag>,
}

impl TagClass {
    /// The class of `tag`, by the words of [`ClassTable::default`].
    pub fn of(tag: &Tag) -> Self {
        ClassTable::default().class_of(tag)
    }

    /// The class of a `tag` that `scheme` made: as the tag reads, with the scheme's word on whether it moves.
    ///
    /// A branch called `v1.2.3` makes a tag that reads like a release. The scheme knows that it floats.
    ///
    /// `None` when the tag is of none of the classes that the scheme [declares](TagScheme::classes).
    pub fn made_by(scheme: &dyn TagScheme, tag: &Tag) -> Option<Self> {
        let read = ClassTable::for_scheme(scheme).class_of(tag);
        let declared = scheme.classes();
        if declared.iter().any(|class| class.covers(&read)) {
            return Some(read);
        }
        let class = declared.iter().find(|class| class.covers_text(&read))?;
        Some(Self { mobility: class.mobility().unwrap_or(read.mobility), ..read })
    }

    pub(super) fn new(mobility: Mobility, kind: TagKind) -> Self {
        Self {
            mobility,
            kind,
            component: None,
            channel: None,
            precision: None,
            variant: None,
            version: None,
            commit: None,
            pull_request: None,
            digest: None,
        }
    }
}

impl fmt::Display for TagClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.mobility, self.kind)?;
        if let Some(precision) = self.precision {
            write!(f, ", precision {precision}")?;
        }
        for (name, value) in [("channel", &self.channel), ("variant", &self.variant), ("component", &self.component)] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        Ok(())
    }
}

/// Whether a tag may come to name another image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mobility {
    /// It names one image for good.
    Immutable,
    /// It moves to newer images.
    Floating,
    /// It speaks about a digest: no release, and it stays as long as its image does.
    Attached,
}

impl fmt::Display for Mobility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Immutable => "immutable",
            Self::Floating => "floating",
            Self::Attached => "attached",
        })
    }
}

/// What a tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TagKind {
    /// A version or a line of versions: `1.2.3`, `1.2`.
    Version,
    /// A commit: `sha-2b2e927`.
    Commit,
    /// A pull request: `pr-42`.
    PullRequest,
    /// A point in time: `nightly-20240309`.
    Timestamp,
    /// A channel or an environment: `edge`, `prod`.
    Channel,
    /// A digest: `sha256-<64 digits>.sig`.
    Digest,
    /// Anything else, such as the name of a branch.
    Name,
}

impl fmt::Display for TagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Version => "version",
            Self::Commit => "commit",
            Self::PullRequest => "pull request",
            Self::Timestamp => "timestamp",
            Self::Channel => "channel",
            Self::Digest => "digest",
            Self::Name => "name",
        })
    }
}

/// How much of a version a tag fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The first number: `1`.
    Major,
    /// The first two numbers: `1.2`.
    Minor,
    /// Three numbers or more: `1.2.3`.
    Patch,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
        })
    }
}
