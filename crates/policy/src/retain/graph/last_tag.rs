//! The last tag of a repository, where its registry lets nobody take it: by an untag as little as with its manifest.

use super::Verdict;
use crate::retain::{RepositoryId, Snapshot, TagId};

/// Whether this is a plain tag that is there afterwards.
pub(in crate::retain) fn is_left(snapshot: &Snapshot, id: TagId, verdict: Verdict) -> bool {
    snapshot.speaks_about(id).is_none() && matches!(verdict, Verdict::Keep | Verdict::Blocked)
}

/// The plain tag that stays where all of a repository would go: of the manifest that was pushed last, the one that was moved
/// last, and of several the last by its name. What a policy says has no part in it, nor has the moment.
pub(in crate::retain) fn last_tag(snapshot: &Snapshot, repository: RepositoryId) -> Option<TagId> {
    last_of(snapshot, snapshot.tags_of(repository).filter(|id| snapshot.speaks_about(*id).is_none()))
}

/// The one of these that stays.
pub(in crate::retain) fn last_of(snapshot: &Snapshot, plain: impl Iterator<Item = TagId>) -> Option<TagId> {
    plain.max_by_key(|id| {
        let manifest = snapshot.target(*id);
        (snapshot.pushed_at(manifest), manifest, snapshot.moved_at(*id), *id)
    })
}

/// The tags that stay because nothing else would be left with a tag, while each has this verdict.
pub(super) fn last_tags(snapshot: &Snapshot, verdict: impl Fn(TagId) -> Verdict) -> Vec<TagId> {
    let is_emptied = |of: &RepositoryId| !snapshot.tags_of(*of).any(|id| is_left(snapshot, id, verdict(id)));
    snapshot.repositories().filter(is_emptied).filter_map(|id| last_tag(snapshot, id)).collect()
}
