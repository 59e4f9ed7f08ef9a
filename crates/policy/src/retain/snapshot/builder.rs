//! A snapshot, row by row, in any order.

use std::collections::HashMap;

use jiff::Timestamp;
use lockage_tagging::{Algorithm, DigestTag, Tag};

use super::column::{Column, Edges, Texts};
use super::key::{DigestKey, Digests, NONE, half};
use super::{ManifestRow, Repository, RepositoryId, Snapshot, SnapshotError, Storage, TagRow, UNKNOWN, micros};
use crate::retain::bits::Bits;
use crate::retain::parallel;

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
    taken_at: Option<Timestamp>,
    repositories: Vec<(Box<str>, bool, bool)>,
    by_name: HashMap<Box<str>, u32>,
    digests: Digests,
    present: Bits,
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
    /// For each index, where its children are in the list of all.
    children: Vec<(u32, u32)>,
    named: Vec<u32>,
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
            digests: Digests::default(),
            present: Bits::default(),
            pushed: Column::new(UNKNOWN),
            pulled: Column::new(UNKNOWN),
            created: Column::new(UNKNOWN),
            archived: Column::new(UNKNOWN),
            activated: Column::new(UNKNOWN),
            sizes: Column::new(u64::MAX),
            types: vec!["".into()],
            media: Column::new(0),
            artifact: Column::new(0),
            subjects: Column::new(NONE),
            children: Vec::new(),
            named: Vec::new(),
            unresolved: Bits::default(),
            in_archive: Bits::default(),
            no_statistics: Bits::default(),
            names: HashMap::new(),
            versions: HashMap::new(),
            tag_names: Texts::default(),
            tag_manifests: Vec::new(),
            tag_moved: Column::new(UNKNOWN),
            tag_pulled: Column::new(UNKNOWN),
            immutable: Bits::default(),
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
        if name.is_empty() || name.contains(|character: char| character == '@' || character.is_whitespace()) {
            return Err(SnapshotError::Repository(name.to_owned()));
        }
        let id = u32::try_from(self.repositories.len()).map_err(|_| SnapshotError::TooLarge)?;
        self.repositories.push((name.into(), true, false));
        self.by_name.insert(name.into(), id);
        Ok(RepositoryId(id))
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
    /// Where it is there already.
    pub fn manifest(&mut self, repository: RepositoryId, row: ManifestRow<'_>) -> Result<(), SnapshotError> {
        let id = self.intern(repository, &row.digest)?;
        if !self.present.add(id) {
            let (repository, manifest) = (self.name(repository), row.digest.to_string());
            return Err(SnapshotError::TwiceManifest { repository, manifest });
        }
        self.pushed.set(id, micros(row.pushed_at));
        self.pulled.set(id, micros(row.pulled_at));
        self.created.set(id, micros(row.created_at));
        self.archived.set(id, micros(row.archived_at));
        self.activated.set(id, micros(row.activated_at));
        self.sizes.set(id, row.size.unwrap_or(u64::MAX));
        let media = self.kind(row.media_type)?;
        self.media.set(id, media);
        let artifact = self.kind(row.artifact_type)?;
        self.artifact.set(id, artifact);
        if !row.children.is_empty() {
            for child in &row.children {
                let child = self.intern(repository, child)?;
                self.named.push(child);
            }
            self.children.push((id, u32::try_from(self.named.len()).map_err(|_| SnapshotError::TooLarge)?));
        }
        if let Some(subject) = &row.subject {
            let subject = self.intern(repository, subject)?;
            self.subjects.set(id, subject);
        }
        if !row.resolved {
            self.unresolved.add(id);
        }
        if row.storage == Storage::Archive {
            self.in_archive.add(id);
        }
        if row.no_statistics {
            self.no_statistics.add(id);
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
        let manifest = self.intern(repository, &row.digest)?;
        let id = self.tag_names.push(row.name).ok_or(SnapshotError::TooLarge)?;
        self.tag_manifests.push(manifest);
        self.tag_moved.set(id, micros(row.moved_at));
        self.tag_pulled.set(id, micros(row.pulled_at));
        if row.immutable {
            self.immutable.add(id);
        }
        Ok(())
    }

    fn intern(&mut self, repository: RepositoryId, key: &DigestKey) -> Result<u32, SnapshotError> {
        self.digests.intern(repository.0, key).ok_or(SnapshotError::TooLarge)
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
    /// Where a tag is there twice.
    pub fn finish(mut self) -> Result<Snapshot, SnapshotError> {
        // What a tag points at is there, even where nothing is known of it.
        for manifest in &self.tag_manifests {
            if self.present.add(*manifest) {
                self.unresolved.add(*manifest);
            }
        }
        let ranks = self.ranks();
        let tag_order = self.tag_order(&ranks)?;
        let order = self.order(&ranks);
        let mut new = vec![NONE; order.len()];
        for (place, old) in (0_u32..).zip(&order) {
            if let Some(new) = new.get_mut(*old as usize) {
                *new = place;
            }
        }
        let new = |old: u32| new.get(old as usize).copied().unwrap_or(NONE);
        let rows = u32::try_from(self.present.count()).map_err(|_| SnapshotError::TooLarge)?;

        let digests = std::mem::take(&mut self.digests);
        let (mut named, indexes) = (std::mem::take(&mut self.named), std::mem::take(&mut self.children));
        let (digests, (children, parents)) = parallel::both(
            order.len(),
            || digests.ordered(&order, &ranks),
            || {
                named.iter_mut().for_each(|child| *child = new(*child));
                let indexes: Vec<(u32, u32)> = indexes.iter().map(|(index, end)| (new(*index), *end)).collect();
                let children = Edges::sorted(rows as usize, |each| {
                    let mut start = 0;
                    for (index, end) in &indexes {
                        let named = named.get(start..*end as usize).unwrap_or_default();
                        named.iter().for_each(|child| each(*index, *child));
                        start = *end as usize;
                    }
                });
                let mut parents = Column::new(NONE);
                for parent in (0..rows).rev() {
                    children
                        .of(parent)
                        .iter()
                        .filter(|child| **child < rows)
                        .for_each(|child| parents.set(*child, parent));
                }
                (children, parents)
            },
        );
        drop((named, indexes));

        let moved = |bits: &Bits| {
            if bits.is_empty() {
                return Bits::default();
            }
            let mut all = Bits::new(rows as usize);
            (0_u32..).zip(order.iter().take(rows as usize)).filter(|(_, old)| bits.has(**old)).for_each(|(at, _)| {
                all.add(at);
            });
            all
        };
        let (unresolved, in_archive) = (moved(&self.unresolved), moved(&self.in_archive));
        let no_statistics = moved(&self.no_statistics);
        let renamed = |names: HashMap<u32, Box<str>>| names.into_iter().map(|(old, name)| (new(old), name)).collect();

        let tag_names = self.tag_names.ordered(&tag_order);
        let tag_manifests: Vec<u32> =
            tag_order.iter().map(|tag| self.tag_manifests.get(*tag as usize).map_or(NONE, |old| new(*old))).collect();
        let mut immutable = Bits::default();
        for (place, _) in (0_u32..).zip(&tag_order).filter(|(_, old)| self.immutable.has(**old)) {
            immutable.add(place);
        }
        let structural = structural(&tag_names, &tag_manifests, &digests, rows);

        let subject = |old: u32| match self.subjects.get(old) {
            NONE => NONE,
            subject => new(subject),
        };
        let subjects = if self.subjects.is_empty() {
            Column::new(NONE)
        } else {
            Column::of(parallel::map(rows, |row| order.get(row as usize).map_or(NONE, |old| subject(*old))), NONE)
        };
        let mut about: Vec<(u32, u32)> = Vec::new();
        for (tag, subject) in &structural {
            if let (Some(subject), Some(manifest)) = (subject, tag_manifests.get(*tag as usize))
                && subject != manifest
            {
                about.push((*subject, *manifest));
            }
        }
        about.extend((0..rows).map(|row| (subjects.get(row), row)).filter(|(subject, _)| *subject < rows));
        let referrers = Edges::sorted(rows as usize, |each| about.iter().for_each(|(from, to)| each(*from, *to)));
        let mut is_referrer = Bits::new(rows as usize);
        for (_, referrer) in about {
            is_referrer.add(referrer);
        }
        let by_manifest = Edges::new(rows as usize, |each| {
            (0_u32..).zip(&tag_manifests).for_each(|(tag, manifest)| each(*manifest, tag));
        });
        let repositories = repositories(self.repositories, &ranks, &digests, &tag_manifests, rows);

        let (pushed, pulled, created) = (self.pushed, self.pulled, self.created);
        let (archived, activated, sizes) = (self.archived, self.activated, self.sizes);
        let (media, artifact) = (self.media, self.artifact);
        let ((pushed, pulled, created), (archived, activated, sizes, media, artifact)) = parallel::both(
            order.len(),
            || (pushed.ordered(&order), pulled.ordered(&order), created.ordered(&order)),
            || {
                let (archived, activated) = (archived.ordered(&order), activated.ordered(&order));
                (archived, activated, sizes.ordered(&order), media.ordered(&order), artifact.ordered(&order))
            },
        );
        let mut snapshot = Snapshot {
            taken_at: self.taken_at,
            repositories,
            digests,
            rows,
            pushed,
            pulled,
            created,
            archived,
            activated,
            sizes,
            types: self.types,
            media,
            artifact,
            subjects,
            children,
            referrers,
            parents,
            is_referrer,
            unresolved,
            in_archive,
            no_statistics,
            names: renamed(self.names),
            versions: renamed(self.versions),
            tag_names,
            tag_manifests,
            tag_moved: self.tag_moved.ordered(&tag_order),
            tag_pulled: self.tag_pulled.ordered(&tag_order),
            immutable,
            structural,
            by_manifest,
            digest: [0; 32],
        };
        snapshot.digest = super::canonical::digest(&snapshot);
        Ok(snapshot)
    }

    /// The place of each repository by its name.
    fn ranks(&self) -> Vec<u32> {
        let mut by_name: Vec<(&str, usize)> =
            self.repositories.iter().enumerate().map(|(id, (name, ..))| (&**name, id)).collect();
        by_name.sort_unstable();
        let mut ranks = vec![0; by_name.len()];
        for (rank, (_, id)) in (0_u32..).zip(by_name) {
            if let Some(place) = ranks.get_mut(id) {
                *place = rank;
            }
        }
        ranks
    }

    /// The digests with a manifest first; each by its repository's name, algorithm and bytes.
    fn order(&self, ranks: &[u32]) -> Vec<u32> {
        let rank = |id: u32| ranks.get(self.digests.repository(id) as usize).copied().unwrap_or(NONE);
        // As many bits of the digest as there is room for beside the rest decide nearly always.
        let bits = u64::BITS - (ranks.len() as u64).leading_zeros();
        let first = |id: u32| {
            let [a, b, c, d, e, f, g, h, ..] = *self.digests.head(id);
            let (absent, wide) = (u64::from(!self.present.has(id)), u64::from(self.digests.key(id).is_wide()));
            let before = absent << (bits + 1) | u64::from(rank(id)) << 1 | wide;
            before << (62 - bits) | u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> (bits + 2)
        };
        let all = u32::try_from(self.digests.len()).unwrap_or(NONE);
        let mut keyed = parallel::map(all, |id| (first(id), id));
        let less = |one: &(u64, u32), other: &(u64, u32)| {
            one.0.cmp(&other.0).then_with(|| self.digests.head(one.1).cmp(self.digests.head(other.1)))
        };
        parallel::sort(&mut keyed, less, |(_, id)| *id)
    }

    /// The tags by their repository's name and their own. A tag that was listed at two manifests was moved while it was
    /// listed: no more is known of its repository than that.
    fn tag_order(&mut self, ranks: &[u32]) -> Result<Vec<u32>, SnapshotError> {
        let target = |tag: u32| self.tag_manifests.get(tag as usize).copied().unwrap_or(NONE);
        let repository = |tag: u32| self.digests.repository(target(tag));
        let rank = |tag: u32| ranks.get(repository(tag) as usize).copied().unwrap_or(NONE);
        // The first bytes decide nearly always, and are beside each other.
        let first = |tag: u32| {
            let mut first = [0; 16];
            first.iter_mut().zip(self.tag_names.get(tag).bytes()).for_each(|(place, byte)| *place = byte);
            u128::from_be_bytes(first)
        };
        let mut keyed: Vec<(u128, u32, u32)> =
            (0..u32::try_from(self.tag_names.len()).unwrap_or(NONE)).map(|tag| (first(tag), rank(tag), tag)).collect();
        let head = |tag: u32| self.digests.head(target(tag));
        let less = |one: &(u128, u32, u32), other: &(u128, u32, u32)| {
            let by_name = || self.tag_names.get(one.2).cmp(self.tag_names.get(other.2));
            let by_digest = || head(one.2).cmp(head(other.2)).then(one.2.cmp(&other.2));
            (one.1, one.0).cmp(&(other.1, other.0)).then_with(by_name).then_with(by_digest)
        };
        let order = parallel::sort(&mut keyed, less, |(.., tag)| *tag);
        let same =
            |one: u32, other: u32| rank(one) == rank(other) && self.tag_names.get(one) == self.tag_names.get(other);
        let mut moved = Vec::new();
        for (one, other) in order.iter().zip(order.iter().skip(1)).filter(|(one, other)| same(**one, **other)) {
            let repository = RepositoryId(repository(*one));
            if target(*one) == target(*other) {
                let tag = self.tag_names.get(*one).to_owned();
                return Err(SnapshotError::TwiceTag { repository: self.name(repository), tag });
            }
            moved.push(repository);
        }
        moved.into_iter().for_each(|repository| self.incomplete(repository));
        Ok(order)
    }
}

/// What the tags speak about that speak about a digest.
fn structural(names: &Texts, manifests: &[u32], digests: &Digests, rows: u32) -> HashMap<u32, Option<u32>> {
    let mut all = HashMap::new();
    for (tag, manifest) in (0_u32..).zip(manifests) {
        let name = names.get(tag);
        if !name.starts_with("sha") {
            continue;
        }
        let Some(about) = name.parse::<Tag>().ok().and_then(|tag| DigestTag::parse(&tag)) else { continue };
        let Some(head) = half(about.hex()) else { continue };
        let wide = about.algorithm() == Algorithm::Sha512;
        let found = digests.find(digests.repository(*manifest), wide, &head).filter(|found| *found < rows);
        all.insert(tag, found);
    }
    all
}

fn repositories(
    named: Vec<(Box<str>, bool, bool)>,
    ranks: &[u32],
    digests: &Digests,
    tag_manifests: &[u32],
    rows: u32,
) -> Vec<Repository> {
    let mut all: Vec<(u32, Repository)> = ranks
        .iter()
        .zip(named)
        .map(|(rank, (name, complete, tracks_pulls))| {
            (*rank, Repository { name, complete, tracks_pulls, manifests_end: 0, tags_end: 0 })
        })
        .collect();
    all.sort_unstable_by_key(|(rank, _)| *rank);
    let mut all: Vec<Repository> = all.into_iter().map(|(_, repository)| repository).collect();
    for row in 0..rows {
        if let Some(repository) = all.get_mut(digests.repository(row) as usize) {
            repository.manifests_end += 1;
        }
    }
    for manifest in tag_manifests {
        if let Some(repository) = all.get_mut(digests.repository(*manifest) as usize) {
            repository.tags_end += 1;
        }
    }
    let (mut manifests, mut tags) = (0, 0);
    for repository in &mut all {
        manifests += repository.manifests_end;
        tags += repository.tags_end;
        (repository.manifests_end, repository.tags_end) = (manifests, tags);
    }
    all
}
