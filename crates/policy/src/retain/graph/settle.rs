//! What comes of what a policy says, once it is known what names what.

use super::closure::Live;
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
/// all of its repository is known. Structural tags go with what they speak about.
#[must_use]
pub fn settle(snapshot: &Snapshot, said: &Said, protection: Protection, can: Capabilities) -> Settled {
    match protection {
        Protection::Faithful => faithful(snapshot, said),
        Protection::Full => full(snapshot, said, can),
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

fn full(snapshot: &Snapshot, said: &Said, can: Capabilities) -> Settled {
    let mut live = Live::new(snapshot);
    let mut archive = Vec::new();
    for repository in snapshot.repositories() {
        roots(snapshot, said, can, repository, &mut live, &mut archive);
    }
    live.close(snapshot);
    // What may be archived is not deleted, nor is what needs it or it needs; only what something live needs stays where it is.
    archive.retain(|(id, _)| !live.has(*id));
    for (id, reason) in &archive {
        live.root(*id, *reason);
    }
    live.close(snapshot);
    if can.last_tagged_undeletable {
        for repository in snapshot.repositories() {
            last_tagged(snapshot, repository, &mut live);
        }
        live.close(snapshot);
    }
    let mut archived = Bits::new(snapshot.manifests().len());
    archive.iter().for_each(|(id, _)| {
        archived.add(id.0);
    });

    let rows = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let tags = parallel::map(rows(snapshot.tags().len()), |row| tag(snapshot, said, &live, TagId(row)));
    let manifest = |id: ManifestId| match live.has(id) {
        true if archived.has(id.0) => (Verdict::Archive, live.reason(id)),
        true => match live.reason(id) {
            reason @ Reason::Blocked(_) => (Verdict::Blocked, reason),
            reason => (Verdict::Keep, reason),
        },
        false => (Verdict::Delete, gone(snapshot, said, &tags, id)),
    };
    let manifests = parallel::map(rows(snapshot.manifests().len()), |row| manifest(ManifestId(row)));
    let mut settled = ordered(snapshot, tags, manifests);
    block(snapshot, can, &mut settled);
    settled
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
    let known = snapshot.is_complete(repository) && manifests().all(|id| snapshot.is_resolved(id));
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

/// Where no manifest of a repository that has a plain tag stays, the newest does.
fn last_tagged(snapshot: &Snapshot, repository: RepositoryId, live: &mut Live) {
    let plain = |id: TagId| snapshot.speaks_about(id).is_none();
    let targets = || snapshot.tags_of(repository).filter(|id| plain(*id)).map(|id| snapshot.target(id));
    if targets().any(|id| live.has(id)) {
        return;
    }
    if let Some(newest) = targets().max_by_key(|id| (snapshot.pushed_at(*id), *id)) {
        live.root(newest, Reason::Blocked(Block::LastTagged));
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
fn block(snapshot: &Snapshot, can: Capabilities, settled: &mut Settled) {
    if can.untag && !can.last_tag_deletes_manifest {
        return;
    }
    for manifest in snapshot.manifests() {
        let goes = |settled: &Settled, tag: TagId| settled.tag(tag).0 == Verdict::Untag;
        let untagged: Vec<TagId> = snapshot.tags_at(manifest).filter(|tag| goes(settled, *tag)).collect();
        let blocked: Vec<(TagId, Block)> = if !can.untag {
            untagged.iter().map(|tag| (*tag, Block::Untag)).collect()
        } else if untagged.len() == snapshot.tags_at(manifest).count() {
            untagged.first().map(|tag| (*tag, Block::LastTag)).into_iter().collect()
        } else {
            continue;
        };
        for (tag, block) in blocked {
            if let Some(place) = settled.tags.get_mut(tag.index()) {
                *place = (Verdict::Blocked, Reason::Blocked(block));
            }
        }
    }
}
