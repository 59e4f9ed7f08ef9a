//! A snapshot as a document, written row by row.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::{ManifestId, RepositoryId, Snapshot, Storage, TagId};
use crate::retain::listed::{Listed, Shown};

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Snapshot", 2)?;
        document.serialize_field("taken_at", &self.taken_at)?;
        document.serialize_field("repositories", &Listed(self.repositories(), |id| One(self, id)))?;
        document.end()
    }
}

struct One<'a, T>(&'a Snapshot, T);

impl Serialize for One<'_, RepositoryId> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(all, id) = self;
        let mut document = serializer.serialize_struct("Repository", 4)?;
        document.serialize_field("name", all.repository_name(*id))?;
        document.serialize_field("complete", &all.is_complete(*id))?;
        document.serialize_field("tracks_pulls", &all.tracks_pulls(*id))?;
        document.serialize_field("manifests", &Listed(all.manifests_of(*id), |id| One(all, id)))?;
        document.end()
    }
}

impl Serialize for One<'_, ManifestId> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(all, id) = *self;
        let mut document = serializer.serialize_struct("Manifest", 16)?;
        document.serialize_field("digest", &Shown(all.key(id)))?;
        if let Some(name) = all.given_name(id) {
            document.serialize_field("name", name)?;
        }
        for (field, text) in [("media_type", all.media_type(id)), ("artifact_type", all.artifact_type(id))] {
            if !text.is_empty() {
                document.serialize_field(field, text)?;
            }
        }
        if let Some(size) = all.size(id) {
            document.serialize_field("size", &size)?;
        }
        let times: [(&'static str, Option<Timestamp>); 5] = [
            ("pushed_at", all.pushed_at(id)),
            ("pulled_at", all.pulled_at(id)),
            ("created_at", all.created_at(id)),
            ("archived_at", all.archived_at(id)),
            ("activated_at", all.activated_at(id)),
        ];
        for (field, at) in times {
            if let Some(at) = at {
                document.serialize_field(field, &at)?;
            }
        }
        if all.storage(id) == Storage::Archive {
            document.serialize_field("storage_class", "archive")?;
        }
        let tags: Vec<TagId> = all.tags_at(id).collect();
        document.serialize_field("tags", &Listed(tags.into_iter(), |tag| One(all, tag)))?;
        let children = Listed(all.children.of(id.0).iter(), |child: &u32| Shown(all.digests.key(*child)));
        document.serialize_field("child_digests", &children)?;
        if let Some(subject) = all.subject_key(id) {
            document.serialize_field("subject_digest", &Shown(subject))?;
        }
        if !all.is_resolved(id) {
            document.serialize_field("resolved", &false)?;
        }
        if let Some(name) = all.version_name(id) {
            document.serialize_field("version_name", name)?;
        }
        if all.has_no_statistics(id) {
            document.serialize_field("no_statistics", &true)?;
        }
        document.end()
    }
}

impl Serialize for One<'_, TagId> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(all, id) = *self;
        let mut document = serializer.serialize_struct("Tag", 4)?;
        document.serialize_field("name", all.tag_name(id))?;
        for (field, at) in [("moved_at", all.moved_at(id)), ("pulled_at", all.tag_pulled_at(id))] {
            if let Some(at) = at {
                document.serialize_field(field, &at)?;
            }
        }
        if all.is_immutable(id) {
            document.serialize_field("immutable", &true)?;
        }
        document.end()
    }
}
