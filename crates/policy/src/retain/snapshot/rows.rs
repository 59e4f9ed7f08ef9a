//! The rows of a repository as its document has them, in whatever order they name one another.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::written::{Class, Hash, Text, Written, WrittenTag, digest_key};
use super::{DigestKey, ManifestRow, RepositoryId, SnapshotBuilder, SnapshotError, Storage, TagRow};

/// The rows of a repository, as far as they have to wait for others: those that name another one by its name.
#[derive(Default)]
pub(super) struct Rows {
    names: HashMap<String, DigestKey>,
    waiting: Vec<(DigestKey, Written<'static>)>,
    claims: Vec<Claim>,
}

/// The name of a manifest that has to have one of these digests, if it is here.
struct Claim {
    name: Box<str>,
    among: Box<[DigestKey]>,
}

impl Rows {
    pub(super) fn take(
        &mut self,
        to: &mut SnapshotBuilder,
        repository: RepositoryId,
        row: Written<'_>,
    ) -> Result<(), SnapshotError> {
        let key = match &row.digest {
            Some(digest) => known(digest, to, repository)?,
            None => return Err(wrong(to, repository, "")),
        };
        if let Some(name) = &row.name
            && self.names.insert(name.0.to_string(), key).is_some_and(|other| other != key)
        {
            let (repository, manifest) = (to.name(repository), name.0.to_string());
            return Err(SnapshotError::TwiceManifest { repository, manifest });
        }
        let (names, digests) = row.children();
        let waits =
            names.len() != digests.len() && !names.is_empty() || row.subject.is_some() && row.subject_digest.is_none();
        if waits {
            self.waiting.push((key, row.owned()));
            return Ok(());
        }
        self.claim(names, digests);
        self.claim(row.subject.as_slice(), row.subject_digest.as_slice());
        self.put(to, repository, key, &row)
    }

    /// Notes what names and digests say of the same manifests, unless that is known to be the same.
    fn claim(&mut self, names: &[Text<'_>], digests: &[Hash<'_>]) {
        let digests = || digests.iter().filter_map(Hash::key);
        for name in names {
            if !self.names.get(&*name.0).is_some_and(|known| digests().any(|key| key == *known)) {
                self.claims.push(Claim { name: name.0.as_ref().into(), among: digests().collect() });
            }
        }
    }

    pub(super) fn finish(&mut self, to: &mut SnapshotBuilder, repository: RepositoryId) -> Result<(), SnapshotError> {
        for Claim { name, among } in &self.claims {
            let named = self.names.get(&**name).copied().or_else(|| digest_key(name));
            if named.is_some_and(|key| !among.contains(&key)) {
                return Err(SnapshotError::TwoNamed { repository: to.name(repository), name: name.to_string() });
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting.iter().try_for_each(|(key, row)| self.put(to, repository, *key, row))
    }

    fn put(
        &self,
        to: &mut SnapshotBuilder,
        repository: RepositoryId,
        key: DigestKey,
        written: &Written<'_>,
    ) -> Result<(), SnapshotError> {
        let (names, digests) = written.children();
        let mut children = digests.iter().map(|child| known(child, to, repository)).collect::<Result<Vec<_>, _>>()?;
        if digests.len() != names.len() {
            children.extend(names.iter().map(|name| self.named(&name.0)));
        }
        let subject = match (&written.subject_digest, &written.subject) {
            (Some(digest), _) => Some(known(digest, to, repository)?),
            (None, Some(name)) => Some(self.named(&name.0)),
            (None, None) => None,
        };
        let own_name = |name: &&str| digest_key(name) != Some(key);
        let row = ManifestRow {
            digest: key,
            name: written.name.as_ref().map(|name| &*name.0).filter(own_name),
            media_type: written.media_type.as_ref().map_or("", |text| &text.0),
            artifact_type: written.artifact_type.as_ref().map_or("", |text| &text.0),
            size: written.size,
            pushed_at: written.pushed_at,
            pulled_at: written.pulled_at,
            created_at: written.created_at,
            archived_at: written.archived_at,
            activated_at: written.activated_at,
            storage: match written.storage_class {
                Some(Class::Archive) => Storage::Archive,
                Some(Class::Standard) | None => Storage::Standard,
            },
            children,
            subject,
            resolved: written.is_resolved(),
            version_name: written.version_name.as_ref().map(|name| &*name.0),
            no_statistics: written.no_statistics.unwrap_or_default(),
        };
        to.manifest(repository, row)?;
        for tag in &written.tags {
            let row = match tag {
                WrittenTag::Name(name) => TagRow::new(&name.0, key),
                WrittenTag::Row(row) => TagRow {
                    moved_at: row.moved_at,
                    pulled_at: row.pulled_at,
                    immutable: row.immutable || row.locked,
                    ..TagRow::new(&row.name.0, key)
                },
            };
            to.tag(repository, row)?;
        }
        Ok(())
    }

    /// The manifest of this name, or with this digest. A name of none is that of a manifest that is not here.
    fn named(&self, name: &str) -> DigestKey {
        let known = self.names.get(name).copied().or_else(|| digest_key(name));
        known.unwrap_or_else(|| DigestKey::sha256(Sha256::digest(name).into()))
    }
}

fn known(digest: &Hash<'_>, builder: &SnapshotBuilder, repository: RepositoryId) -> Result<DigestKey, SnapshotError> {
    match digest {
        Hash::Digest(key) => Ok(*key),
        Hash::Other(text) => Err(wrong(builder, repository, text)),
    }
}

fn wrong(builder: &SnapshotBuilder, repository: RepositoryId, text: &str) -> SnapshotError {
    SnapshotError::Digest { repository: builder.name(repository), text: text.to_owned() }
}
