//! A snapshot, row by row, in any order.

use std::collections::HashMap;

use jiff::Timestamp;
use lockage_tagging::{Algorithm, DigestTag, Tag};

use super::column::{Column, Texts};
use super::key::{DigestKey, NONE, half};
use super::named::Named;
use super::{ManifestRow, RepositoryId, Snapshot, SnapshotError, Storage, TagRow, UNKNOWN, micros};
use crate::retain::bits::Bits;

/// A snapshot, row by row, in any order: the same rows make the same snapshot.
///
/// ```
/// use lockage_policy::retain::{DigestKey, ManifestRow, SnapshotBuilder, TagRow};
///
/// let image = DigestKey::sha256([1; 32]);
/// let mut builder = SnapshotBuilder::new();
/// let app = builder.repository("ghcr.io/acme/app")?;
/// builder.tag(app, TagRow::new("1.2.3", image))?;
/// builder.manifest(app, ManifestRow::new(image).pushed_at("2026-06-01T12:00:00Z".parse()?))?;
/// let snapshot = builder.finish()?;
/// assert_eq!(snapshot.tags().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SnapshotBuilder {
    pub(super) taken_at: Option<Timestamp>,
    /// Each with whether it is complete, and whether it tracks pulls.
    pub(super) repositories: Vec<(Box<str>, bool, bool)>,
    by_name: HashMap<Box<str>, u32>,
    pub(super) named: Named,
    /// The row of each digest; none where there is none yet. Rows are numbered as they come.
    rows: Column<u32>,
    count: u32,
    pub(super) pushed: Column<i64>,
    pub(super) pulled: Column<i64>,
    pub(super) created: Column<i64>,
    pub(super) archived: Column<i64>,
    pub(super) activated: Column<i64>,
    pub(super) sizes: Column<u64>,
    pub(super) types: Vec<Box<str>>,
    pub(super) media: Column<u16>,
    pub(super) artifact: Column<u16>,
    pub(super) unresolved: Bits,
    pub(super) in_archive: Bits,
    pub(super) no_statistics: Bits,
    /// From digest to digest: what speaks about what.
    pub(super) subjects: Vec<(u32, u32)>,
    /// For each index, where its children end in the list of all.
    pub(super) children: Vec<(u32, u32)>,
    pub(super) children_of_all: Vec<u32>,
    pub(super) names: HashMap<u32, Box<str>>,
    pub(super) versions: HashMap<u32, Box<str>>,
    pub(super) tag_names: Texts,
    pub(super) tag_manifests: Vec<u32>,
    pub(super) tag_moved: Column<i64>,
    pub(super) tag_pulled: Column<i64>,
    pub(super) immutable: Bits,
    /// The digests that a tag points at.
    pub(super) tagged: Bits,
    /// What the structural tags speak about.
    pub(super) structural: Vec<(u32, About)>,
}

/// What a structural tag speaks about: a digest, or the first half of a longer one.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    Digest(u32),
    Half([u8; 32]),
}

impl Default for SnapshotBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl SnapshotBuilder {
    /// No repository yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            taken_at: None,
            repositories: Vec::new(),
            by_name: HashMap::new(),
            named: Named::default(),
            rows: Column::new(NONE),
            count: 0,
            pushed: Column::new(UNKNOWN),
            pulled: Column::new(UNKNOWN),
            created: Column::new(UNKNOWN),
            archived: Column::new(UNKNOWN),
            activated: Column::new(UNKNOWN),
            sizes: Column::new(u64::MAX),
            types: vec!["".into()],
            media: Column::new(0),
            artifact: Column::new(0),
            unresolved: Bits::default(),
            in_archive: Bits::default(),
            no_statistics: Bits::default(),
            subjects: Vec::new(),
            children: Vec::new(),
            children_of_all: Vec::new(),
            names: HashMap::new(),
            versions: HashMap::new(),
            tag_names: Texts::default(),
            tag_manifests: Vec::new(),
            tag_moved: Column::new(UNKNOWN),
            tag_pulled: Column::new(UNKNOWN),
            immutable: Bits::default(),
            tagged: Bits::default(),
            structural: Vec::new(),
        }
    }

    /// When the registry was asked.
    pub fn taken_at(&mut self, at: Timestamp) {
        self.taken_at = Some(at);
    }

    /// A repository; the same one for the same name.
    ///
    /// # Errors
    /// Where the name is empty, or `repository@digest` could not be read back.
    pub fn repository(&mut self, name: &str) -> Result<RepositoryId, SnapshotError> {
        if let Some(id) = self.by_name.get(name) {
            return Ok(RepositoryId(*id));
        }
        let id = self.unnamed()?;
        self.call(id, name)?;
        Ok(id)
    }

    /// A repository whose name is still to come.
    pub(super) fn unnamed(&mut self) -> Result<RepositoryId, SnapshotError> {
        let id = u32::try_from(self.repositories.len()).map_err(|_| SnapshotError::TooLarge)?;
        self.repositories.push(("".into(), true, false));
        Ok(RepositoryId(id))
    }

    /// The name of a repository that had none. Another one of this name is the same.
    pub(super) fn call(&mut self, id: RepositoryId, name: &str) -> Result<(), SnapshotError> {
        if name.is_empty() || name.contains(|character: char| character == '@' || character.is_whitespace()) {
            return Err(SnapshotError::Repository(name.to_owned()));
        }
        if let Some((own, ..)) = self.repositories.get_mut(id.index()) {
            *own = name.into();
        }
        self.by_name.entry(name.into()).or_insert(id.0);
        Ok(())
    }

    /// Not everything of the repository could be listed: nothing of it is deleted.
    pub fn incomplete(&mut self, repository: RepositoryId) {
        if let Some((_, complete, _)) = self.repositories.get_mut(repository.index()) {
            *complete = false;
        }
    }

    pub(super) fn all_incomplete(&mut self) {
        for (_, complete, _) in &mut self.repositories {
            *complete = false;
        }
    }

    /// The repository's registry tells when something was pulled: what has no such time was never pulled.
    pub fn tracks_pulls(&mut self, repository: RepositoryId) {
        if let Some((_, _, tracks)) = self.repositories.get_mut(repository.index()) {
            *tracks = true;
        }
    }

    /// A manifest.
    ///
    /// # Errors
    /// Where it is there already. That may be seen at the end only.
    pub fn manifest(&mut self, repository: RepositoryId, row: ManifestRow<'_>) -> Result<(), SnapshotError> {
        let id = self.number(repository, &row.digest)?;
        if self.row(id) != NONE {
            return Err(self.twice(id));
        }
        let place = self.count;
        self.count = place.checked_add(1).ok_or(SnapshotError::TooLarge)?;
        self.rows.set(id, place);
        self.pushed.set(place, micros(row.pushed_at));
        self.pulled.set(place, micros(row.pulled_at));
        self.created.set(place, micros(row.created_at));
        self.archived.set(place, micros(row.archived_at));
        self.activated.set(place, micros(row.activated_at));
        self.sizes.set(place, row.size.unwrap_or(u64::MAX));
        let media = self.kind(row.media_type)?;
        self.media.set(place, media);
        let artifact = self.kind(row.artifact_type)?;
        self.artifact.set(place, artifact);
        if !row.children.is_empty() {
            for child in &row.children {
                let child = self.number(repository, child)?;
                self.children_of_all.push(child);
            }
            let end = u32::try_from(self.children_of_all.len()).map_err(|_| SnapshotError::TooLarge)?;
            self.children.push((id, end));
        }
        if let Some(subject) = &row.subject {
            let subject = self.number(repository, subject)?;
            self.subjects.push((id, subject));
        }
        if !row.resolved {
            self.unresolved.add(place);
        }
        if row.storage == Storage::Archive {
            self.in_archive.add(place);
        }
        if row.no_statistics {
            self.no_statistics.add(place);
        }
        if let Some(name) = row.name {
            self.names.insert(id, name.into());
        }
        if let Some(name) = row.version_name {
            self.versions.insert(id, name.into());
        }
        Ok(())
    }

    /// A tag.
    ///
    /// # Errors
    /// Where no registry would have it.
    pub fn tag(&mut self, repository: RepositoryId, row: TagRow<'_>) -> Result<(), SnapshotError> {
        // Wider than the grammar of tags: what a registry lists is there, whatever it is called.
        let illegal = |c: char| c.is_control() || matches!(c, '/' | ':' | '@');
        if row.name.is_empty() || row.name.len() > 128 || row.name.contains(illegal) {
            return Err(SnapshotError::Tag { repository: self.name(repository), tag: row.name.to_owned() });
        }
        let manifest = self.number(repository, &row.digest)?;
        let id = self.tag_names.push(row.name).ok_or(SnapshotError::TooLarge)?;
        self.tag_manifests.push(manifest);
        self.tagged.add(manifest);
        if let Some(about) = self.about(repository, row.name)? {
            self.structural.push((id, about));
        }
        self.tag_moved.set(id, micros(row.moved_at));
        self.tag_pulled.set(id, micros(row.pulled_at));
        if row.immutable {
            self.immutable.add(id);
        }
        Ok(())
    }

    fn number(&mut self, repository: RepositoryId, key: &DigestKey) -> Result<u32, SnapshotError> {
        self.named.number(repository.0, key)
    }

    /// What a tag speaks about, if it speaks about a digest.
    fn about(&mut self, repository: RepositoryId, name: &str) -> Result<Option<About>, SnapshotError> {
        if !name.starts_with("sha") {
            return Ok(None);
        }
        let Some(about) = name.parse::<Tag>().ok().and_then(|tag| DigestTag::parse(&tag)) else { return Ok(None) };
        let Some(head) = half(about.hex()) else { return Ok(None) };
        if about.algorithm() == Algorithm::Sha512 {
            return Ok(Some(About::Half(head)));
        }
        self.number(repository, &DigestKey::sha256(head)).map(|id| Some(About::Digest(id)))
    }

    /// The row of a digest; none where it has none under this number.
    pub(super) fn row(&self, id: u32) -> u32 {
        self.rows.get(id)
    }

    /// That a manifest is there twice.
    pub(super) fn twice(&self, id: u32) -> SnapshotError {
        let repository = self.name(RepositoryId(self.named.repository(id)));
        SnapshotError::TwiceManifest { repository, manifest: self.named.key(id).to_string() }
    }

    pub(super) fn name(&self, repository: RepositoryId) -> String {
        self.repositories.get(repository.index()).map(|(name, ..)| name.to_string()).unwrap_or_default()
    }

    /// The number of a media type. There are few.
    fn kind(&mut self, text: &str) -> Result<u16, SnapshotError> {
        let found = self.types.iter().position(|known| **known == *text);
        let place = found.unwrap_or_else(|| {
            self.types.push(text.into());
            self.types.len() - 1
        });
        u16::try_from(place).map_err(|_| SnapshotError::TooLarge)
    }

    /// The snapshot.
    ///
    /// # Errors
    /// Where a manifest or a tag is there twice.
    pub fn finish(self) -> Result<Snapshot, SnapshotError> {
        super::finish::finish(self)
    }
}
