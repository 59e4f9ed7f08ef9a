//! What is known of one manifest and of one tag.

use jiff::Timestamp;

use super::key::DigestKey;

/// What is known of a manifest. What is left out is unknown, and nothing is deleted for what is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestRow<'a> {
    /// Its digest.
    pub digest: DigestKey,
    /// What people call it instead, where a digest is too long.
    pub name: Option<&'a str>,
    /// Its media type; empty where it is not known.
    pub media_type: &'a str,
    /// Its artifact type; empty where it has none.
    pub artifact_type: &'a str,
    /// How many bytes it and its layers take, as its registry counts.
    pub size: Option<u64>,
    /// When its registry got it.
    pub pushed_at: Option<Timestamp>,
    /// When it was last pulled.
    pub pulled_at: Option<Timestamp>,
    /// When it says that it was made. Anyone can write anything there.
    pub created_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// When it was last taken out of the archive.
    pub activated_at: Option<Timestamp>,
    /// Where its registry stores it.
    pub storage: Storage,
    /// The manifests that it names, if it is an index.
    pub children: Vec<DigestKey>,
    /// The manifest that it speaks about.
    pub subject: Option<DigestKey>,
    /// Whether its content is known: without it, its children and its subject are not.
    pub resolved: bool,
    /// The name of its version, in registries that have such names.
    pub version_name: Option<&'a str>,
    /// Whether its registry keeps no statistics of it.
    pub no_statistics: bool,
}

/// Where a registry stores a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// Where it can be pulled from.
    #[default]
    Standard,
    /// Where it has to be taken out of first.
    Archive,
}

impl<'a> ManifestRow<'a> {
    /// A manifest of which no more is known than that its content is known and names no others.
    #[must_use]
    pub fn new(digest: DigestKey) -> Self {
        Self {
            digest,
            name: None,
            media_type: "",
            artifact_type: "",
            size: None,
            pushed_at: None,
            pulled_at: None,
            created_at: None,
            archived_at: None,
            activated_at: None,
            storage: Storage::Standard,
            children: Vec::new(),
            subject: None,
            resolved: true,
            version_name: None,
            no_statistics: false,
        }
    }

    /// When its registry got it.
    #[must_use]
    pub fn pushed_at(mut self, at: Timestamp) -> Self {
        self.pushed_at = Some(at);
        self
    }

    /// Names another manifest, as an index does.
    #[must_use]
    pub fn child(mut self, digest: DigestKey) -> Self {
        self.children.push(digest);
        self
    }

    /// Speaks about another manifest.
    #[must_use]
    pub fn subject(mut self, digest: DigestKey) -> Self {
        self.subject = Some(digest);
        self
    }

    /// How many bytes it and its layers take.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(mut self, media_type: &'a str) -> Self {
        self.media_type = media_type;
        self
    }

    /// Its content could not be read.
    #[must_use]
    pub fn unresolved(mut self) -> Self {
        self.resolved = false;
        self
    }
}

/// What is known of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagRow<'a> {
    /// The tag.
    pub name: &'a str,
    /// The manifest that it points at. One that the snapshot has no row of counts as one that could not be read.
    pub digest: DigestKey,
    /// When it was last moved.
    pub moved_at: Option<Timestamp>,
    /// When something was last pulled by it.
    pub pulled_at: Option<Timestamp>,
    /// Whether its registry lets nobody move or delete it.
    pub immutable: bool,
}

impl<'a> TagRow<'a> {
    /// A tag that points at a manifest.
    #[must_use]
    pub fn new(name: &'a str, digest: DigestKey) -> Self {
        Self { name, digest, moved_at: None, pulled_at: None, immutable: false }
    }

    /// When it was last moved.
    #[must_use]
    pub fn moved_at(mut self, at: Timestamp) -> Self {
        self.moved_at = Some(at);
        self
    }
}
