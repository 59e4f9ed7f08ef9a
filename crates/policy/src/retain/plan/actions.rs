//! What an executor has to do for a plan, in order.

use serde::{Deserialize, Serialize};

use super::{Plan, Verdict};

/// One thing to do. Each names what has to be found there, so that what changed in between is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Take a tag from a manifest that stays.
    Untag {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// The digest that it has to point at.
        expect: String,
    },
    /// Delete a manifest with its tags.
    DeleteManifest {
        /// The repository.
        repository: String,
        /// The manifest.
        digest: String,
        /// The tags that it may have, and no others.
        expect_tags: Vec<String>,
    },
    /// Put a manifest into the archive.
    Archive {
        /// The repository.
        repository: String,
        /// The manifest.
        digest: String,
        /// The tags that it may have, and no others. It keeps them there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        expect_tags: Vec<String>,
    },
}

impl Plan<'_> {
    /// Everything to do, in the order that leaves nothing broken at any moment: tags, then manifests.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        let snapshot = self.snapshot();
        let tags = snapshot.tags().filter(|id| self.tag(*id).0 == Verdict::Untag).map(move |id| Action::Untag {
            repository: snapshot.repository_name(snapshot.repository_of_tag(id)).to_owned(),
            tag: snapshot.tag_name(id).to_owned(),
            expect: snapshot.key(snapshot.target(id)).to_string(),
        });
        let repository = |id| snapshot.repository_name(snapshot.repository_of(id)).to_owned();
        let archived = snapshot.manifests().filter(|id| self.manifest(*id).0 == Verdict::Archive);
        let tags_of = |id| snapshot.tags_at(id).map(|tag| snapshot.tag_name(tag).to_owned()).collect();
        let archived = archived.map(move |id| Action::Archive {
            repository: repository(id),
            digest: snapshot.key(id).to_string(),
            expect_tags: tags_of(id),
        });
        let deleted = self.deletes().iter().map(move |id| Action::DeleteManifest {
            repository: repository(*id),
            digest: snapshot.key(*id).to_string(),
            expect_tags: tags_of(*id),
        });
        tags.chain(archived).chain(deleted)
    }
}
