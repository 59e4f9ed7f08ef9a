//! `Capability`: what a backend may lack, and how it must fall short.

use std::collections::BTreeSet;
use std::fmt;

/// Something that a backend can do and another cannot.
///
/// Each variant documents what the suite checks where it is there, and what where it is declared absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// Manifests can be deleted, and their tags go with them. Absent: `Unsupported`, and the manifest is still there.
    DeleteManifest,
    /// Tags can be deleted, and their manifests stay. Absent: `Unsupported`, and the tag is still there.
    DeleteTag,
    /// Referrers can be listed at all. Absent: `Unsupported`.
    Referrers,
    /// A manifest with a subject is listed among the subject's referrers as soon as it is put. Absent: it is not,
    /// and the list is empty until the client writes the fallback tag (`sha256-<hex>`), which is then what is listed.
    ReferrersApi,
    /// [`Stored::subject_indexed`](crate::Stored::subject_indexed) is true for a manifest with a subject. Absent: it
    /// is false.
    SubjectIndexed,
    /// A blob is mounted from another repository of the same host. Absent: it must be uploaded.
    Mount,
    /// A blob that is in the repository is [`Present`](crate::Opened::Present) when it is asked for again. Absent: it
    /// must be uploaded again.
    BlobsKnown,
    /// The size of a blob is known without its bytes. Absent: `Unsupported`.
    StatBlob,
    /// A blob can be read from an offset. Absent: `Unsupported` for every offset but 0.
    Range,
    /// Tags are listed in order: that of bytes, or that of letters whatever their case. Absent: in neither.
    SortedTags,
    /// A repository that does not exist has no tags that could be listed: `NotFound`. Absent: the list is empty.
    UnknownRepositories,
    /// A manifest is served under the media type that it was put with, even where its bytes name none and look like
    /// another. Absent: it is served under another, or refused.
    DeclaredMediaType,
    /// Manifests without a `mediaType` field are kept. Absent: they are refused, or served as something else.
    UntypedManifests,
    /// Docker's manifests and lists are kept. Absent: they are refused, or served as something else.
    DockerTypes,
    /// An index that lists nothing is kept. Absent: it is refused.
    EmptyIndex,
    /// A layer whose descriptor has `urls` is kept. Absent: its manifest is refused.
    LayerUrls,
    /// Blobs can be named by SHA-512. Absent: they are refused.
    Sha512,
    /// A manifest is refused while a blob that it points at is missing. Absent: it is taken.
    ChecksReferences,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::DeleteManifest,
        Self::DeleteTag,
        Self::Referrers,
        Self::ReferrersApi,
        Self::SubjectIndexed,
        Self::Mount,
        Self::BlobsKnown,
        Self::StatBlob,
        Self::Range,
        Self::SortedTags,
        Self::UnknownRepositories,
        Self::DeclaredMediaType,
        Self::UntypedManifests,
        Self::DockerTypes,
        Self::EmptyIndex,
        Self::LayerUrls,
        Self::Sha512,
        Self::ChecksReferences,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeleteManifest => "delete-manifest",
            Self::DeleteTag => "delete-tag",
            Self::Referrers => "referrers",
            Self::ReferrersApi => "referrers-api",
            Self::SubjectIndexed => "subject-indexed",
            Self::Mount => "mount",
            Self::BlobsKnown => "blobs-known",
            Self::StatBlob => "stat-blob",
            Self::Range => "range",
            Self::SortedTags => "sorted-tags",
            Self::UnknownRepositories => "unknown-repositories",
            Self::DeclaredMediaType => "declared-media-type",
            Self::UntypedManifests => "untyped-manifests",
            Self::DockerTypes => "docker-types",
            Self::EmptyIndex => "empty-index",
            Self::LayerUrls => "layer-urls",
            Self::Sha512 => "sha512",
            Self::ChecksReferences => "checks-references",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a backend declares that it can do.
///
/// ```
/// use lockage_registry::testing::conformance::{Capabilities, Capability};
/// let capabilities = Capabilities::all().without(Capability::DeleteTag);
/// assert!(!capabilities.has(Capability::DeleteTag) && capabilities.has(Capability::DeleteManifest));
/// assert_eq!(capabilities.to_string(), "all but delete-tag");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    // What is absent, so that a capability that is added to the suite is expected of everyone.
    absent: BTreeSet<Capability>,
}

impl Capabilities {
    /// Everything: what a backend should be able to do.
    #[must_use]
    pub fn all() -> Self {
        Self { absent: BTreeSet::new() }
    }

    /// Declares that `capability` is absent.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.absent.insert(capability);
        self
    }

    /// Declares that `capability` is there after all.
    #[must_use]
    pub fn with(mut self, capability: Capability) -> Self {
        self.absent.remove(&capability);
        self
    }

    /// Whether `capability` is there.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        !self.absent.contains(&capability)
    }

    /// What is absent.
    pub fn absent(&self) -> impl Iterator<Item = Capability> + '_ {
        self.absent.iter().copied()
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all")?;
        for (n, capability) in self.absent().enumerate() {
            write!(f, "{}{capability}", if n == 0 { " but " } else { ", " })?;
        }
        Ok(())
    }
}
