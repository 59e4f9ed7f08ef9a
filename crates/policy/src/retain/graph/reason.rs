//! Why a tag or a manifest stays or goes.

use crate::retain::{ManifestId, TagId};

/// Which of the layers a rule is in. The first that says something decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Layer {
    /// It stays, whatever else is said.
    Hold,
    /// It stays, whatever a rule that deletes says.
    Keep,
    /// It goes.
    Delete,
    /// No rule says anything: it stays.
    Default,
    /// What names it, or what it speaks about, decides.
    Structure,
}

impl Layer {
    /// As documents write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Keep => "keep",
            Self::Delete => "delete",
            Self::Default => "default",
            Self::Structure => "structure",
        }
    }
}

/// A rule, by its place in the list of rules that a plan carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u16);

/// Something known, by its place in its list of the [`Facts`](crate::retain::Facts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub u32);

/// Why a tag or a manifest stays or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A rule says so.
    Rule(Layer, RuleId),
    /// No rule says anything.
    Default,
    /// Its registry lets nobody move or delete the tag.
    Immutable,
    /// Somebody runs it, or its manifest.
    InUse(FactId),
    /// Somebody has said that it must not be touched.
    Legal(FactId),
    /// It could not be found out who runs it.
    Unasked,
    /// It is not known how old it is.
    UnknownTime,
    /// It is too new for anything to be done to it.
    Grace,
    /// This tag stays, and points at it.
    Tagged(TagId),
    /// The last of its tags to go is this one.
    Untagged(TagId),
    /// This index names it, and stays.
    ChildOf(ManifestId),
    /// It speaks about this manifest, which stays.
    RefersTo(ManifestId),
    /// It points at this manifest, which stays.
    PointsAt(ManifestId),
    /// Nothing names it but this index, which goes.
    GoesWith(ManifestId),
    /// It speaks about this manifest, which goes.
    SubjectGoes(ManifestId),
    /// What it speaks about is not here.
    SubjectElsewhere,
    /// Nothing points at it or names it, and no rule says that it may go.
    Untouched,
    /// Its content could not be read: what it names is not known.
    Unresolved,
    /// Not everything of its repository is known.
    Partial,
    /// Its registry cannot do what the rules say.
    Blocked(Block),
}

/// What a registry cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Block {
    /// Take a tag from a manifest that stays.
    Untag,
    /// Take a tag by itself, as far as it is known, and not everything of the repository is known either.
    UnprovenUntag,
    /// Delete a manifest.
    DeleteManifest,
    /// Take the last tag from a manifest and keep it.
    LastTag,
    /// Delete the last manifest that has a tag.
    LastTagged,
}

impl Block {
    /// Why not, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Untag => "its registry cannot take a tag from a manifest that stays",
            Self::UnprovenUntag => {
                "not everything of its repository is known, nor that its registry takes tags itself: --registry says more"
            }
            Self::DeleteManifest => "its registry deletes no manifest",
            Self::LastTag => "its registry deletes a manifest with its last tag, and this one has to stay",
            Self::LastTagged => "its registry does not delete the last manifest that has a tag",
        }
    }
}
