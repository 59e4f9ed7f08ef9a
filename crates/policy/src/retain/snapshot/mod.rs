//! What a registry holds at one moment: repositories, manifests, tags, and how they name each other.

mod builder;
mod canonical;
mod carve;
mod column;
mod document;
mod error;
mod fields;
mod finish;
mod instant;
mod key;
mod named;
mod numbered;
mod row;
mod rows;
mod write;
mod written;

use std::collections::HashMap;

use jiff::Timestamp;

pub use self::builder::SnapshotBuilder;
pub use self::error::SnapshotError;
pub use self::key::{DigestKey, UnknownAlgorithm};
pub use self::row::{ManifestRow, Storage, TagRow};

pub(super) use self::instant::{UNKNOWN, micros, timestamp};
pub(super) use self::key::NONE;

use self::column::{Column, Edges, Texts};
use self::key::Digests;
use super::bits::Bits;

/// What a registry holds at one moment. It has one order, whatever order it was built in: repositories by name, tags by name,
/// manifests by digest.
#[derive(Clone, Debug)]
pub struct Snapshot {
    taken_at: Option<Timestamp>,
    repositories: Vec<Repository>,
    digests: Digests,
    /// How many of the digests have a manifest here. The others are named by one, and are not here.
    rows: u32,
    pushed: Column<i64>,
    pulled: Column<i64>,
    created: Column<i64>,
    archived: Column<i64>,
    activated: Column<i64>,
    sizes: Column<u64>,
    types: Vec<Box<str>>,
    media: Column<u16>,
    artifact: Column<u16>,
    subjects: Column<u32>,
    children: Edges,
    referrers: Edges,
    /// The first index that names each.
    parents: Column<u32>,
    is_referrer: Bits,
    unresolved: Bits,
    in_archive: Bits,
    no_statistics: Bits,
    names: HashMap<u32, Box<str>>,
    versions: HashMap<u32, Box<str>>,
    tag_names: Texts,
    tag_manifests: Vec<u32>,
    tag_moved: Column<i64>,
    tag_pulled: Column<i64>,
    immutable: Bits,
    /// The digest that a structural tag speaks about: no row of this snapshot, or the number of one.
    structural: HashMap<u32, Option<u32>>,
    by_manifest: Edges,
    digest: [u8; 32],
}

#[derive(Clone, Debug)]
struct Repository {
    name: Box<str>,
    complete: bool,
    tracks_pulls: bool,
    /// The first row that is not its own; it begins where the one before ends.
    manifests_end: u32,
    tags_end: u32,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(in crate::retain) u32);

        impl $name {
            /// Its place among all of its kind, from 0.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

identifier! {
    /// A repository of a [`Snapshot`].
    RepositoryId
}
identifier! {
    /// A manifest of a [`Snapshot`], in one repository.
    ManifestId
}
identifier! {
    /// A tag of a [`Snapshot`].
    TagId
}

impl Snapshot {
    /// The hash of everything in it, whatever order it came in.
    #[must_use]
    pub fn digest(&self) -> DigestKey {
        DigestKey::sha256(self.digest)
    }

    /// When it was taken.
    #[must_use]
    pub fn taken_at(&self) -> Option<Timestamp> {
        self.taken_at
    }

    /// Its repositories, by name.
    pub fn repositories(&self) -> impl ExactSizeIterator<Item = RepositoryId> + Clone + use<> {
        (0..u32::try_from(self.repositories.len()).unwrap_or(NONE)).map(RepositoryId)
    }

    /// Its manifests, by repository and digest.
    pub fn manifests(&self) -> impl ExactSizeIterator<Item = ManifestId> + Clone + use<> {
        (0..self.rows).map(ManifestId)
    }

    /// Its tags, by repository and name.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = TagId> + Clone + use<> {
        (0..u32::try_from(self.tag_manifests.len()).unwrap_or(NONE)).map(TagId)
    }

    /// The manifests of a repository, by digest.
    pub fn manifests_of(&self, repository: RepositoryId) -> impl ExactSizeIterator<Item = ManifestId> + Clone + use<> {
        let start = self.before(repository).map_or(0, |before| before.manifests_end);
        (start..self.repository(repository).map_or(start, |own| own.manifests_end)).map(ManifestId)
    }

    /// The tags of a repository, by name.
    pub fn tags_of(&self, repository: RepositoryId) -> impl ExactSizeIterator<Item = TagId> + Clone + use<> {
        let start = self.before(repository).map_or(0, |before| before.tags_end);
        (start..self.repository(repository).map_or(start, |own| own.tags_end)).map(TagId)
    }

    fn repository(&self, id: RepositoryId) -> Option<&Repository> {
        self.repositories.get(id.index())
    }

    fn before(&self, id: RepositoryId) -> Option<&Repository> {
        self.repositories.get(id.index().checked_sub(1)?)
    }

    /// The name of a repository.
    #[must_use]
    pub fn repository_name(&self, id: RepositoryId) -> &str {
        self.repository(id).map_or("", |repository| &repository.name)
    }

    /// Whether everything of the repository is here. Nothing is deleted where it is not.
    #[must_use]
    pub fn is_complete(&self, id: RepositoryId) -> bool {
        self.repository(id).is_some_and(|repository| repository.complete)
    }

    /// Whether a manifest of it without a time of pull was never pulled. Otherwise that is not known.
    #[must_use]
    pub fn tracks_pulls(&self, id: RepositoryId) -> bool {
        self.repository(id).is_some_and(|repository| repository.tracks_pulls)
    }

    /// The repository of a manifest.
    #[must_use]
    pub fn repository_of(&self, id: ManifestId) -> RepositoryId {
        RepositoryId(self.digests.repository(id.0))
    }

    /// The repository of a tag.
    #[must_use]
    pub fn repository_of_tag(&self, id: TagId) -> RepositoryId {
        let before = |repository: &Repository| repository.tags_end <= id.0;
        RepositoryId(u32::try_from(self.repositories.partition_point(before)).unwrap_or(NONE))
    }

    /// The repository with this name.
    #[must_use]
    pub fn find_repository(&self, name: &str) -> Option<RepositoryId> {
        let found = self.repositories.binary_search_by(|repository| (*repository.name).cmp(name)).ok()?;
        u32::try_from(found).ok().map(RepositoryId)
    }

    /// The tag with this name.
    #[must_use]
    pub fn find_tag(&self, repository: RepositoryId, name: &str) -> Option<TagId> {
        let mut low = self.before(repository).map_or(0, |before| before.tags_end);
        let mut high = self.repository(repository)?.tags_end;
        while low < high {
            let middle = low + (high - low) / 2;
            match self.tag_names.get(middle).cmp(name) {
                std::cmp::Ordering::Equal => return Some(TagId(middle)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The manifest with this digest, if it is here.
    #[must_use]
    pub fn find_manifest(&self, repository: RepositoryId, digest: &DigestKey) -> Option<ManifestId> {
        let id = self.digests.find(repository.0, digest.is_wide(), &digest.head)?;
        (self.digests.key(id) == *digest).then_some(ManifestId(id))
    }

    /// The digest of a manifest.
    #[must_use]
    pub fn key(&self, id: ManifestId) -> DigestKey {
        self.digests.key(id.0)
    }

    /// What a manifest is called: its name where it has one, its digest otherwise.
    #[must_use]
    pub fn manifest_name(&self, id: ManifestId) -> String {
        self.given_name(id).map_or_else(|| self.key(id).to_string(), str::to_owned)
    }

    /// What a manifest is called instead of its digest, where it is.
    pub(super) fn given_name(&self, id: ManifestId) -> Option<&str> {
        self.names.get(&id.0).map(|name| &**name)
    }

    /// `repository@name`, or `repository@digest`.
    #[must_use]
    pub fn manifest_reference(&self, id: ManifestId) -> String {
        format!("{}@{}", self.repository_name(self.repository_of(id)), self.manifest_name(id))
    }

    /// `repository:tag`.
    #[must_use]
    pub fn tag_reference(&self, id: TagId) -> String {
        format!("{}:{}", self.repository_name(self.repository_of_tag(id)), self.tag_name(id))
    }

    /// When a registry got a manifest.
    #[must_use]
    pub fn pushed_at(&self, id: ManifestId) -> Option<Timestamp> {
        timestamp(self.pushed.get(id.0))
    }

    /// When a manifest was last pulled.
    #[must_use]
    pub fn pulled_at(&self, id: ManifestId) -> Option<Timestamp> {
        timestamp(self.pulled.get(id.0))
    }

    /// When a manifest says that it was made.
    #[must_use]
    pub fn created_at(&self, id: ManifestId) -> Option<Timestamp> {
        timestamp(self.created.get(id.0))
    }

    /// When a manifest was archived.
    #[must_use]
    pub fn archived_at(&self, id: ManifestId) -> Option<Timestamp> {
        timestamp(self.archived.get(id.0))
    }

    /// When a manifest was last taken out of the archive.
    #[must_use]
    pub fn activated_at(&self, id: ManifestId) -> Option<Timestamp> {
        timestamp(self.activated.get(id.0))
    }

    /// Where a manifest is stored.
    #[must_use]
    pub fn storage(&self, id: ManifestId) -> Storage {
        if self.in_archive.has(id.0) { Storage::Archive } else { Storage::Standard }
    }

    /// How many bytes a manifest and its layers take.
    #[must_use]
    pub fn size(&self, id: ManifestId) -> Option<u64> {
        Some(self.sizes.get(id.0)).filter(|size| *size != u64::MAX)
    }

    /// The media type of a manifest; empty where it is not known.
    #[must_use]
    pub fn media_type(&self, id: ManifestId) -> &str {
        self.types.get(usize::from(self.media.get(id.0))).map_or("", |text| text)
    }

    /// The artifact type of a manifest; empty where it has none.
    #[must_use]
    pub fn artifact_type(&self, id: ManifestId) -> &str {
        self.types.get(usize::from(self.artifact.get(id.0))).map_or("", |text| text)
    }

    /// The name of a manifest's version.
    #[must_use]
    pub fn version_name(&self, id: ManifestId) -> Option<&str> {
        self.versions.get(&id.0).map(|name| &**name)
    }

    /// Whether its registry keeps no statistics of a manifest.
    #[must_use]
    pub fn has_no_statistics(&self, id: ManifestId) -> bool {
        self.no_statistics.has(id.0)
    }

    /// Whether a manifest's content is known.
    #[must_use]
    pub fn is_resolved(&self, id: ManifestId) -> bool {
        !self.unresolved.has(id.0)
    }

    /// The manifests that an index names and that are here.
    pub fn children(&self, id: ManifestId) -> impl Iterator<Item = ManifestId> {
        self.children.of(id.0).iter().filter(|child| **child < self.rows).map(|child| ManifestId(*child))
    }

    /// How many of the manifests that an index names are not here.
    #[must_use]
    pub fn missing_children(&self, id: ManifestId) -> usize {
        self.children.of(id.0).iter().filter(|child| **child >= self.rows).count()
    }

    /// The manifest that this one speaks about by its `subject`, if it is here.
    #[must_use]
    pub fn subject(&self, id: ManifestId) -> Option<ManifestId> {
        Some(self.subjects.get(id.0)).filter(|subject| *subject < self.rows).map(ManifestId)
    }

    /// The digest of the manifest that this one speaks about, wherever it is.
    #[must_use]
    pub fn subject_key(&self, id: ManifestId) -> Option<DigestKey> {
        Some(self.subjects.get(id.0)).filter(|subject| *subject != NONE).map(|subject| self.digests.key(subject))
    }

    /// The first index that names a manifest.
    pub(super) fn parent(&self, id: ManifestId) -> Option<ManifestId> {
        Some(self.parents.get(id.0)).filter(|parent| *parent != NONE).map(ManifestId)
    }

    /// The manifests that speak about this one: by their `subject`, or by a structural tag.
    pub fn referrers(&self, id: ManifestId) -> impl Iterator<Item = ManifestId> {
        self.referrers.of(id.0).iter().map(|referrer| ManifestId(*referrer))
    }

    /// Whether an index of the snapshot names a manifest.
    #[must_use]
    pub fn has_parent(&self, id: ManifestId) -> bool {
        self.parents.get(id.0) != NONE
    }

    /// Whether a manifest speaks about another one of the snapshot.
    #[must_use]
    pub fn is_referrer(&self, id: ManifestId) -> bool {
        self.is_referrer.has(id.0)
    }

    /// The tags that point at a manifest, by name.
    pub fn tags_at(&self, id: ManifestId) -> impl Iterator<Item = TagId> {
        self.by_manifest.of(id.0).iter().map(|tag| TagId(*tag))
    }

    /// A tag's name.
    #[must_use]
    pub fn tag_name(&self, id: TagId) -> &str {
        self.tag_names.get(id.0)
    }

    /// The manifest that a tag points at.
    #[must_use]
    pub fn target(&self, id: TagId) -> ManifestId {
        ManifestId(self.tag_manifests.get(id.index()).copied().unwrap_or(NONE))
    }

    /// When a tag was last moved.
    #[must_use]
    pub fn moved_at(&self, id: TagId) -> Option<Timestamp> {
        timestamp(self.tag_moved.get(id.0))
    }

    /// When something was last pulled by a tag.
    #[must_use]
    pub fn tag_pulled_at(&self, id: TagId) -> Option<Timestamp> {
        timestamp(self.tag_pulled.get(id.0))
    }

    /// Whether its registry lets nobody move or delete a tag.
    #[must_use]
    pub fn is_immutable(&self, id: TagId) -> bool {
        self.immutable.has(id.0)
    }

    /// What a structural tag (`sha256-<hex>`, with or without `.sig`, `.att`, `.sbom`) speaks about: `Some(None)` where that
    /// is not here. Nothing for any other tag.
    #[must_use]
    pub fn speaks_about(&self, id: TagId) -> Option<Option<ManifestId>> {
        self.structural.get(&id.0).map(|subject| subject.map(ManifestId))
    }
}

/// Times as they are stored, for the planner's loops.
impl Snapshot {
    pub(super) fn pushed_micros(&self, manifest: u32) -> i64 {
        self.pushed.get(manifest)
    }

    pub(super) fn pulled_micros(&self, manifest: u32) -> i64 {
        self.pulled.get(manifest)
    }

    pub(super) fn created_micros(&self, manifest: u32) -> i64 {
        self.created.get(manifest)
    }

    pub(super) fn moved_micros(&self, tag: u32) -> i64 {
        self.tag_moved.get(tag)
    }

    pub(super) fn tag_pulled_micros(&self, tag: u32) -> i64 {
        self.tag_pulled.get(tag)
    }

    /// The manifest of `repository@digest`, or `repository@name`. One by its name is looked for among all.
    pub(super) fn find_reference(&self, reference: &str) -> Option<ManifestId> {
        let (repository, name) = reference.split_once('@')?;
        let repository = self.find_repository(repository)?;
        if let Some(key) =
            name.parse::<lockage_tagging::Digest>().ok().and_then(|digest| DigestKey::try_from(&digest).ok())
        {
            return self.find_manifest(repository, &key);
        }
        self.manifests_of(repository).find(|id| self.names.get(&id.0).is_some_and(|known| **known == *name))
    }

    pub(super) fn structural_tags(&self) -> impl Iterator<Item = (TagId, Option<ManifestId>)> {
        self.structural.iter().map(|(tag, subject)| (TagId(*tag), subject.map(ManifestId)))
    }
}
