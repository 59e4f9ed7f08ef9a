//! A snapshot as a document, read row by row: no more of it is in memory than the snapshot and one row.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};

use super::{DigestKey, ManifestRow, RepositoryId, Snapshot, SnapshotBuilder, SnapshotError, Storage, TagRow};

/// A manifest as a document has it.
#[derive(Deserialize)]
struct Written {
    digest: Option<String>,
    name: Option<String>,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    pushed_at: Option<Timestamp>,
    #[serde(default)]
    pulled_at: Option<Timestamp>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    archived_at: Option<Timestamp>,
    #[serde(default)]
    activated_at: Option<Timestamp>,
    #[serde(default)]
    storage_class: Option<Class>,
    #[serde(default)]
    tags: Vec<WrittenTag>,
    #[serde(default)]
    children: Vec<String>,
    #[serde(default)]
    child_digests: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    subject_digest: Option<String>,
    #[serde(default)]
    resolved: Option<bool>,
    #[serde(default)]
    version_name: Option<String>,
    #[serde(default)]
    no_statistics: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    #[serde(alias = "STANDARD")]
    Standard,
    #[serde(alias = "ARCHIVE")]
    Archive,
}

/// A tag: its name, or its name with its times, by the words of whichever system has them.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenTag {
    Name(String),
    Row {
        name: String,
        #[serde(default, alias = "updated_at", alias = "started_at", alias = "pushed_at")]
        moved_at: Option<Timestamp>,
        #[serde(default)]
        pulled_at: Option<Timestamp>,
        #[serde(default)]
        immutable: bool,
        #[serde(default)]
        locked: bool,
    },
}

impl Snapshot {
    /// Reads a snapshot from JSON: `{"repositories": [{"name", "manifests": [{"digest", "name", "tags", …}]}]}`.
    ///
    /// Children and subjects are named by `child_digests` and `subject_digest`, or by names and digests in `children` and
    /// `subject`. What a field does not say is not known.
    ///
    /// # Errors
    /// Where it is none, or a row contradicts another one.
    pub fn read(reader: impl Read) -> Result<Self, SnapshotError> {
        let mut reading = Reading { builder: SnapshotBuilder::new(), complete: true, failed: None };
        let mut json = serde_json::Deserializer::from_reader(reader);
        let read = Document(&mut reading).deserialize(&mut json).and_then(|()| json.end());
        if let Some(error) = reading.failed {
            return Err(error);
        }
        read.map_err(|error| SnapshotError::Syntax(error.to_string()))?;
        let mut builder = reading.builder;
        if !reading.complete {
            builder.all_incomplete();
        }
        builder.finish()
    }
}

struct Reading {
    builder: SnapshotBuilder,
    complete: bool,
    failed: Option<SnapshotError>,
}

impl Reading {
    /// Remembers what failed, which serde's error would not.
    fn failed<E: serde::de::Error>(&mut self, error: SnapshotError) -> E {
        let told = E::custom(&error);
        self.failed = Some(error);
        told
    }
}

struct Document<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot with repositories")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "repositories" => {
                    found = true;
                    map.next_value_seed(Repositories(self.0))?;
                }
                "complete" => self.0.complete = map.next_value()?,
                "taken_at" => {
                    if let Some(at) = map.next_value::<Option<Timestamp>>()? {
                        self.0.builder.taken_at(at);
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        // A document of something else is not a registry without images.
        if found { Ok(()) } else { Err(A::Error::missing_field("repositories")) }
    }
}

struct Repositories<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Repositories<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Repositories<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of repositories")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(OneRepository(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct OneRepository<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for OneRepository<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRepository<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a repository with a name and manifests")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut early): (Option<String>, Option<Vec<Written>>) = (None, None);
        let (mut complete, mut tracks, mut rows) = (true, false, Rows::default());
        let mut id = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => {
                    let text: String = map.next_value()?;
                    id = Some(self.0.builder.repository(&text).map_err(|error| self.0.failed(error))?);
                    name = Some(text);
                }
                "manifests" => match id {
                    Some(repository) => {
                        map.next_value_seed(Manifests { reading: self.0, rows: &mut rows, repository })?;
                    }
                    None => early = Some(map.next_value()?),
                },
                "complete" => complete = map.next_value()?,
                "tracks_pulls" => tracks = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let (Some(_), Some(repository)) = (name, id) else { return Err(A::Error::missing_field("name")) };
        let done = early
            .into_iter()
            .flatten()
            .try_for_each(|row| rows.take(&mut self.0.builder, repository, row))
            .and_then(|()| rows.finish(&mut self.0.builder, repository));
        done.map_err(|error| self.0.failed(error))?;
        if !complete {
            self.0.builder.incomplete(repository);
        }
        if tracks {
            self.0.builder.tracks_pulls(repository);
        }
        Ok(())
    }
}

struct Manifests<'a> {
    reading: &'a mut Reading,
    rows: &'a mut Rows,
    repository: RepositoryId,
}

impl<'de> DeserializeSeed<'de> for Manifests<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Manifests<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of manifests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(row) = seq.next_element::<Written>()? {
            let taken = self.rows.take(&mut self.reading.builder, self.repository, row);
            taken.map_err(|error| self.reading.failed(error))?;
        }
        Ok(())
    }
}

/// The rows of a repository, as far as they have to wait for others: those that name another one by its name.
#[derive(Default)]
struct Rows {
    names: HashMap<String, DigestKey>,
    waiting: Vec<(DigestKey, Written)>,
}

impl Rows {
    fn take(&mut self, to: &mut SnapshotBuilder, repository: RepositoryId, row: Written) -> Result<(), SnapshotError> {
        let digest = row.digest.as_deref().unwrap_or_default();
        let key = digest_key(digest).ok_or_else(|| wrong(to, repository, digest))?;
        if let Some(name) = &row.name
            && self.names.insert(name.clone(), key).is_some_and(|other| other != key)
        {
            return Err(SnapshotError::TwiceManifest { repository: to.name(repository), manifest: name.clone() });
        }
        let waits = row.child_digests.len() != row.children.len() && !row.children.is_empty()
            || row.subject.is_some() && row.subject_digest.is_none();
        if waits {
            self.waiting.push((key, row));
            return Ok(());
        }
        self.put(to, repository, key, &row)
    }

    fn finish(&mut self, to: &mut SnapshotBuilder, repository: RepositoryId) -> Result<(), SnapshotError> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.iter().try_for_each(|(key, row)| self.put(to, repository, *key, row))
    }

    fn put(
        &self,
        to: &mut SnapshotBuilder,
        repository: RepositoryId,
        key: DigestKey,
        written: &Written,
    ) -> Result<(), SnapshotError> {
        let digests = |texts: &[String]| {
            texts
                .iter()
                .map(|text| digest_key(text).ok_or_else(|| wrong(to, repository, text)))
                .collect::<Result<Vec<_>, _>>()
        };
        let children = if written.child_digests.len() < written.children.len() {
            written.children.iter().map(|name| self.named(name)).collect()
        } else {
            digests(&written.child_digests)?
        };
        let subject = match (&written.subject_digest, &written.subject) {
            (Some(digest), _) => Some(digest_key(digest).ok_or_else(|| wrong(to, repository, digest))?),
            (None, Some(name)) => Some(self.named(name)),
            (None, None) => None,
        };
        let row = ManifestRow {
            digest: key,
            name: written.name.as_deref().filter(|name| Some(*name) != written.digest.as_deref()),
            media_type: written.media_type.as_deref().unwrap_or_default(),
            artifact_type: written.artifact_type.as_deref().unwrap_or_default(),
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
            resolved: written.resolved.unwrap_or(true),
            version_name: written.version_name.as_deref(),
            no_statistics: written.no_statistics.unwrap_or_default(),
        };
        to.manifest(repository, row)?;
        for tag in &written.tags {
            let row = match tag {
                WrittenTag::Name(name) => TagRow::new(name, key),
                WrittenTag::Row { name, moved_at, pulled_at, immutable, locked } => TagRow {
                    moved_at: *moved_at,
                    pulled_at: *pulled_at,
                    immutable: *immutable || *locked,
                    ..TagRow::new(name, key)
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

fn digest_key(text: &str) -> Option<DigestKey> {
    // The common kind, without an allocation.
    if let Some(head) = text.strip_prefix("sha256:").and_then(super::key::half) {
        return Some(DigestKey::sha256(head));
    }
    DigestKey::try_from(&text.parse::<Digest>().ok()?).ok()
}

fn wrong(builder: &SnapshotBuilder, repository: RepositoryId, text: &str) -> SnapshotError {
    SnapshotError::Digest { repository: builder.name(repository), text: text.to_owned() }
}
