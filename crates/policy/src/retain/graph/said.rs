//! What a policy says of each tag and each manifest, before it is asked what names them.

use super::Reason;
use crate::retain::{ManifestId, Snapshot, TagId};

/// What is said of a tag or a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Word {
    /// Nothing. A tag stays; a manifest does if a tag that stays or a manifest that stays needs it, or if nothing ever did.
    #[default]
    Nothing,
    /// It stays.
    Keep(Reason),
    /// It may go, if nothing that stays needs it.
    Remove(Reason),
    /// A manifest may be archived, if nothing that stays where it is needs it.
    Archive(Reason),
}

/// What a policy says of each tag and each manifest of a snapshot. The own planner makes it, and so does everything that
/// reads another system's policies; [`settle`](super::settle) says what comes of it.
#[derive(Clone, Debug)]
pub struct Said {
    tags: Vec<Word>,
    manifests: Vec<Word>,
}

impl Said {
    /// Nothing of anything.
    #[must_use]
    pub fn nothing(snapshot: &Snapshot) -> Self {
        Self {
            tags: vec![Word::Nothing; snapshot.tags().len()],
            manifests: vec![Word::Nothing; snapshot.manifests().len()],
        }
    }

    /// What was said of all tags and all manifests, in the order of their rows.
    pub(in crate::retain) fn of(tags: Vec<Word>, manifests: Vec<Word>) -> Self {
        Self { tags, manifests }
    }

    /// What is said of a tag.
    #[must_use]
    pub fn tag(&self, id: TagId) -> Word {
        self.tags.get(id.index()).copied().unwrap_or_default()
    }

    /// What is said of a manifest.
    #[must_use]
    pub fn manifest(&self, id: ManifestId) -> Word {
        self.manifests.get(id.index()).copied().unwrap_or_default()
    }

    /// Says something of a tag, in place of what was said before. A tag is archived with its manifest; elsewhere
    /// that is as nothing.
    pub fn say_tag(&mut self, id: TagId, word: Word) {
        if let Some(place) = self.tags.get_mut(id.index()) {
            *place = word;
        }
    }

    /// Says something of a manifest, in place of what was said before.
    pub fn say_manifest(&mut self, id: ManifestId, word: Word) {
        if let Some(place) = self.manifests.get_mut(id.index()) {
            *place = word;
        }
    }

    /// That a manifest and all its tags may go, as systems say it whose unit is the image.
    pub fn remove_image(&mut self, snapshot: &Snapshot, id: ManifestId, reason: Reason) {
        self.say_manifest(id, Word::Remove(reason));
        snapshot.tags_at(id).for_each(|tag| self.say_tag(tag, Word::Remove(reason)));
    }

    /// That a manifest and all its tags stay, as systems say it whose unit is the image.
    pub fn keep_image(&mut self, snapshot: &Snapshot, id: ManifestId, reason: Reason) {
        self.say_manifest(id, Word::Keep(reason));
        snapshot.tags_at(id).for_each(|tag| self.say_tag(tag, Word::Keep(reason)));
    }
}
