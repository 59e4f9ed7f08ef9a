//! What a listing has: a row a manifest, a row a tag, and what could not be read.

use std::time::SystemTime;

use lockage_tagging::{Digest, Tag};

use crate::Error;

/// What an inventory can tell. What is false here is not known of any row, rather than known to be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tells {
    /// Manifests that no tag leads to.
    pub lists_untagged: bool,
    /// When manifests were pushed and tags were moved.
    pub push_times: bool,
    /// When something was last pulled. A row without such a time was never pulled.
    pub pull_times: bool,
    /// How many bytes a manifest takes with its layers.
    pub sizes: bool,
    /// The tags of one manifest, by [`tags_of`](super::Inventory::tags_of).
    pub tags_of: bool,
}

/// What a repository holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listing {
    /// Whether nothing is missing that the registry could have told. Nothing may be concluded from what is not listed where it
    /// is false.
    pub complete: bool,
    /// The manifests, by digest.
    pub manifests: Vec<ListedManifest>,
    /// The tags, by name.
    pub tags: Vec<ListedTag>,
    /// What could not be read, and why.
    pub unread: Vec<Error>,
}

/// A manifest as an inventory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type; empty where it is not known.
    pub media_type: String,
    /// Its artifact type, where it has one.
    pub artifact_type: Option<String>,
    /// How many bytes it takes with its layers, as the registry or the manifest says.
    pub size: Option<u64>,
    /// When it was pushed.
    pub pushed_at: Option<SystemTime>,
    /// When it was last pulled.
    pub pulled_at: Option<SystemTime>,
    /// When it says that it was made. Anyone can write anything there.
    pub created_at: Option<SystemTime>,
    /// The manifests that it names, where it is an index.
    pub children: Vec<Digest>,
    /// The manifest that it is attached to.
    pub subject: Option<Digest>,
    /// Whether its content is known: without it, its children and its subject are not.
    pub resolved: bool,
}

/// A tag as an inventory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedTag {
    /// The tag.
    pub name: Tag,
    /// What it points at.
    pub digest: Digest,
    /// When it was last moved.
    pub moved_at: Option<SystemTime>,
    /// When something was last pulled by it.
    pub pulled_at: Option<SystemTime>,
    /// Whether the registry lets nobody move or delete it.
    pub immutable: bool,
}

impl Listing {
    /// An empty and complete listing.
    #[must_use]
    pub fn new() -> Self {
        Self { complete: true, manifests: Vec::new(), tags: Vec::new(), unread: Vec::new() }
    }
}

impl Default for Listing {
    fn default() -> Self {
        Self::new()
    }
}

impl ListedManifest {
    /// A manifest of which nothing but its digest is known.
    #[must_use]
    pub fn unresolved(digest: Digest) -> Self {
        Self {
            digest,
            media_type: String::new(),
            artifact_type: None,
            size: None,
            pushed_at: None,
            pulled_at: None,
            created_at: None,
            children: Vec::new(),
            subject: None,
            resolved: false,
        }
    }
}

impl ListedTag {
    /// A tag that points at a manifest.
    #[must_use]
    pub fn new(name: Tag, digest: Digest) -> Self {
        Self { name, digest, moved_at: None, pulled_at: None, immutable: false }
    }
}
