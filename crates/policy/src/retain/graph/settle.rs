//! What comes of what a policy says, once it is known what names what.

use super::closure::Live;
use super::last_tag::last_tags;
use super::{Block, Capabilities, Reason, Said, Word};
use crate::retain::bits::Bits;
use crate::retain::parallel;
use crate::retain::{ManifestId, RepositoryId, Snapshot, TagId};

/// What happens to a tag or a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// It stays.
    Keep,
    /// The tag is taken from a manifest that stays.
    Untag,
    /// It is deleted; a tag, with its manifest.
    Delete,
    /// The manifest is archived.
    Archive,
    /// It should go, and its registry cannot do that.
    Blocked,
}

/// How much more is kept than a policy says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// Everything that something needs that stays, and everything where not all is known.
    #[default]
    Full,
    /// Nothing: what the system whose policy it is would do. For comparisons with that system, and for nothing else.
    Faithful,
}

/// What happens to every tag and every manifest, why, and in which order.
#[derive(Clone, Debug)]
pub struct Settled {
    tags: Vec<(Verdict, Reason)>,
    manifests: Vec<(Verdict, Reason)>,
    order: Vec<ManifestId>,
}

impl Settled {
    /// What happens to a tag, and why.
    #[must_use]
    pub fn tag(&self, id: TagId) -> (Verdict, Reason) {
        self.tags.get(id.index()).copied().unwrap_or((Verdict::Keep, Reason::Default))
    }

    /// What happens to a manifest, and why.
    #[must_use]
    pub fn manifest(&self, id: ManifestId) -> (Verdict, Reason) {
        self.manifests.get(id.index()).copied().unwrap_or((Verdict::Keep, Reason::Default))
    }

    /// The manifests that are deleted, in the order in which that leaves nothing broken at any moment.
    #[must_use]
    pub fn order(&self) -> &[ManifestId] {
        &self.order
    }
}

/// What happens to every tag and every manifest, after what `said` says of them.
///
/// With [`Protection::Full`] a manifest goes only if every plain tag that points at it goes, nothing that stays needs it, and
/// all of its repository is known. Structural tags go with what they speak about. Where all plain tags of a repository would go
/// and its registry does not delete the last manifest that has one, one stays: of the manifest that was pushed last, the one
/// that was moved last.
#[must_use]
pub fn settle(snapshot: &Snapshot, said: &Said, protection: Protection, can: Capabilities) -> Settled {
    settle_told(snapshot, said, protection, can, None)
}

/// The same, where not everything is decided for one moment: then it is told which tags stay because nothing else would be left
/// with a tag.
pub(in crate::retain) fn settle_told(
    snapshot: &Snapshot,
    said: &Said,
    protection: Protection,
    can: Capabilities,
    last: Option<&[TagId]>,
) -> Settled {
    match protection {
        Protection::Faithful => faithful(snapshot, said),
        Protection::Full => full(snapshot, said, can, last),
    }
}

fn faithful(snapshot: &Snapshot, said: &Said) -> Settled {
    let manifests: Vec<_> = snapshot
        .manifests()
        .map(|id| match said.manifest(id) {
            Word::Nothing => (Verdict::Keep, Reason::Default),
            Word::Keep(reason) => (Verdict::Keep, reason),
            Word::Remove(reason) => (Verdict::Delete, reason),
            Word::Archive(reason) => (Verdict::Archive, reason),
        })
        .collect();
    let tags = snapshot
        .tags()
        .map(|id| match (manifests.get(snapshot.target(id).index()), said.tag(id)) {
            (Some((Verdict::Delete, reason)), _) => (Verdict::Delete, *reason),
            (_, Word::Remove(reason)) => (Verdict::Untag, reason),
            (_, Word::Keep(reason)) => (Verdict::Keep, reason),
            _ => (Verdict::Keep, Reason::Default),
        })
        .collect();
    ordered(snapshot, tags, manifests)
}

fn ordered(snapshot: &Snapshot, tags: Vec<(Verdict, Reason)>, manifests: Vec<(Verdict, Reason)>) -> Settled {
    let mut goes = Bits::new(manifests.len());
    for (row, _) in (0_u32..).zip(&manifests).filter(|(_, (verdict, _))| *verdict == Verdict::Delete) {
        goes.add(row);
    }
    let order = super::order::order(snapshot, &goes);
    Settled { tags, manifests, order }
}

/// What stands where it is not yet said what happens.
const UNSETTLED: (Verdict, Reason) = (Verdict::Keep, Reason::Default);

fn full(snapshot: &Snapshot, said: &Said, can: Capabilities, last: Option<&[TagId]>) -> Settled {
    let mut lives = lives(snapshot, said, can, &[]);
    let mut tags = tags(snapshot, said, can, &lives.0, &[]);
    let last = match last {
        Some(told) => told.to_vec(),
        None if can.last_tagged_undeletable => {
            last_tags(snapshot, |id| tags.get(id.index()).map_or(Verdict::Keep, |(verdict, _)| *verdict))
        }
        None => Vec::new(),
    };
    if !last.is_empty() {
        let held = last.iter().map(|id| snapshot.target(*id)).filter(|id| !lives.0.has(*id)).collect::<Vec<_>>();
        if !held.is_empty() {
            lives = self::lives(snapshot, said, can, &held);
        }
        tags = self::tags(snapshot, said, can, &lives.0, &last);
    }
    let (live, archived) = lives;
    let manifest = |id: ManifestId| match live.has(id) {
        true if archived.has(id.0) => (Verdict::Archive, live.reason(id)),
        true => match live.reason(id) {
            reason @ Reason::Blocked(_) => (Verdict::Blocked, reason),
            reason => (Verdict::Keep, reason),
        },
        false => (Verdict::Delete, gone(snapshot, said, &tags, id)),
    };
    let manifests = parallel::map(rows(snapshot.manifests().len()), UNSETTLED, |row| manifest(ManifestId(row)));
    ordered(snapshot, tags, manifests)
}

fn rows(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// What lives, and what of that is archived; `held` are manifests that would go if their registry let them.
fn lives(snapshot: &Snapshot, said: &Said, can: Capabilities, held: &[ManifestId]) -> (Live, Bits) {
    let mut live = Live::new(snapshot);
    let mut archive = Vec::new();
    for repository in snapshot.repositories() {
        roots(snapshot, said, can, repository, &mut live, &mut archive);
    }
    live.close(snapshot);
    held.iter().for_each(|id| live.root(*id, Reason::Blocked(Block::LastTagged)));
    live.close(snapshot);
    // What may be archived is not deleted, nor is what needs it or it needs; only what something live needs stays where it is.
    archive.retain(|(id, _)| !live.has(*id));
    for (id, reason) in &archive {
        live.root(*id, *reason);
    }
    live.close(snapshot);
    let mut archived = Bits::new(snapshot.manifests().len());
    archive.iter().for_each(|(id, _)| {
        archived.add(id.0);
    });
    (live, archived)
}

/// Whether everything of a repository is known.
pub(in crate::retain) fn is_known(snapshot: &Snapshot, repository: RepositoryId) -> bool {
    snapshot.is_complete(repository) && snapshot.manifests_of(repository).all(|id| snapshot.is_resolved(id))
}

/// What lives for its own sake.
fn roots(
    snapshot: &Snapshot,
    said: &Said,
    can: Capabilities,
    repository: RepositoryId,
    live: &mut Live,
    archive: &mut Vec<(ManifestId, Reason)>,
) {
    let manifests = || snapshot.manifests_of(repository);
    let known = is_known(snapshot, repository);
    for id in snapshot.tags_of(repository) {
        let target = snapshot.target(id);
        match (said.tag(id), snapshot.speaks_about(id)) {
            (Word::Remove(_), _) | (Word::Nothing | Word::Archive(_), Some(Some(_))) => {}
            // It goes to the archive with its manifest.
            (Word::Archive(_), _) if matches!(said.manifest(target), Word::Archive(_)) => {}
            _ => live.root(target, Reason::Tagged(id)),
        }
    }
    for id in manifests() {
        match said.manifest(id) {
            Word::Keep(reason) => live.root(id, reason),
            Word::Archive(reason) => archive.push((id, reason)),
            _ if !snapshot.is_resolved(id) => live.root(id, Reason::Unresolved),
            _ if !known => live.root(id, Reason::Partial),
            // Nothing ever needed it, so nothing that goes can take it along.
            Word::Nothing if is_alone(snapshot, id) => live.root(id, Reason::Untouched),
            _ => {}
        }
    }
    if !can.delete_manifest {
        for id in manifests() {
            live.root(id, Reason::Blocked(Block::DeleteManifest));
        }
    }
}

/// Whether no plain tag and no manifest of the snapshot has to do with it.
fn is_alone(snapshot: &Snapshot, id: ManifestId) -> bool {
    let plain = |tag: TagId| snapshot.speaks_about(tag).is_none();
    !snapshot.has_parent(id) && !snapshot.is_referrer(id) && !snapshot.tags_at(id).any(plain)
}

/// What happens to every tag, where `last` are those that their registry does not take.
fn tags(snapshot: &Snapshot, said: &Said, can: Capabilities, live: &Live, last: &[TagId]) -> Vec<(Verdict, Reason)> {
    let mut tags = parallel::map(rows(snapshot.tags().len()), UNSETTLED, |row| tag(snapshot, said, live, TagId(row)));
    last.iter().for_each(|id| blocked(&mut tags, *id, Block::LastTagged));
    block(snapshot, can, &mut tags);
    tags
}

fn blocked(tags: &mut [(Verdict, Reason)], id: TagId, block: Block) {
    if let Some(place) = tags.get_mut(id.index()) {
        *place = (Verdict::Blocked, Reason::Blocked(block));
    }
}

fn tag(snapshot: &Snapshot, said: &Said, live: &Live, id: TagId) -> (Verdict, Reason) {
    let target = snapshot.target(id);
    let lives = live.has(target);
    let goes = |reason| (if lives { Verdict::Untag } else { Verdict::Delete }, reason);
    match (said.tag(id), snapshot.speaks_about(id)) {
        (Word::Keep(reason), _) => (Verdict::Keep, reason),
        (_, Some(Some(subject))) if live.has(subject) => (Verdict::Keep, Reason::RefersTo(subject)),
        (_, Some(_)) if lives => (Verdict::Keep, Reason::PointsAt(target)),
        (_, Some(Some(subject))) => goes(Reason::SubjectGoes(subject)),
        (Word::Remove(reason), _) => goes(reason),
        (Word::Nothing | Word::Archive(_), Some(None)) => (Verdict::Keep, Reason::SubjectElsewhere),
        (Word::Nothing | Word::Archive(_), None) => (Verdict::Keep, Reason::Default),
    }
}

/// Why a manifest goes.
fn gone(snapshot: &Snapshot, said: &Said, tags: &[(Verdict, Reason)], id: ManifestId) -> Reason {
    if let Word::Remove(reason) = said.manifest(id) {
        return reason;
    }
    let plain = snapshot.tags_at(id).find(|tag| snapshot.speaks_about(*tag).is_none());
    if let Some(tag) = plain {
        let rule = tags.get(tag.index()).map(|(_, reason)| *reason);
        return rule.unwrap_or(Reason::Untagged(tag));
    }
    if let Some(subject) = snapshot.subject(id) {
        return Reason::SubjectGoes(subject);
    }
    let about = snapshot.tags_at(id).find_map(|tag| snapshot.speaks_about(tag).flatten());
    if let Some(subject) = about.filter(|subject| *subject != id) {
        return Reason::SubjectGoes(subject);
    }
    snapshot.parent(id).map_or(Reason::Default, Reason::GoesWith)
}

/// Tags that should go and cannot.
fn block(snapshot: &Snapshot, can: Capabilities, tags: &mut [(Verdict, Reason)]) {
    if can.untag && can.native_untag && !can.last_tag_deletes_manifest {
        return;
    }
    let known: Vec<bool> = snapshot.repositories().map(|repository| is_known(snapshot, repository)).collect();
    for manifest in snapshot.manifests() {
        let goes = |tag: &TagId| matches!(tags.get(tag.index()), Some((Verdict::Untag, _)));
        let untagged: Vec<TagId> = snapshot.tags_at(manifest).filter(goes).collect();
        let stay: Vec<(TagId, Block)> = if !can.untag {
            untagged.iter().map(|tag| (*tag, Block::Untag)).collect()
        } else if !can.native_untag && known.get(snapshot.repository_of(manifest).index()) != Some(&true) {
            untagged.iter().map(|tag| (*tag, Block::UnprovenUntag)).collect()
        } else if can.last_tag_deletes_manifest && untagged.len() == snapshot.tags_at(manifest).count() {
            untagged.first().map(|tag| (*tag, Block::LastTag)).into_iter().collect()
        } else {
            continue;
        };
        stay.into_iter().for_each(|(tag, block)| blocked(tags, tag, block));
    }
}
