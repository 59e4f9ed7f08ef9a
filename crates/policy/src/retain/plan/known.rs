//! Facts as they bear on the rows of one snapshot.

use std::collections::HashMap;

use crate::retain::bits::Bits;
use crate::retain::facts::{Event, Facts, Held, Promotion, Running};
use crate::retain::policy::{Glob, Require};
use crate::retain::snapshot::micros;
use crate::retain::{DigestKey, ManifestId, Snapshot, TagId};

/// Facts as they bear on the rows of one snapshot.
#[derive(Debug)]
pub(super) struct Known<'a> {
    in_use: Bits,
    in_use_tags: Bits,
    held: HashMap<u32, i64>,
    held_tags: HashMap<u32, i64>,
    promoted: HashMap<u32, Vec<&'a Promotion>>,
    events: HashMap<&'a str, Vec<&'a Event>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(snapshot: &Snapshot, facts: &'a Facts) -> Self {
        let mut known = Self {
            in_use: Bits::new(snapshot.manifests().len()),
            in_use_tags: Bits::new(snapshot.tags().len()),
            held: HashMap::new(),
            held_tags: HashMap::new(),
            promoted: HashMap::new(),
            events: HashMap::new(),
        };
        let mut with_parents = Bits::default();
        let mut any = false;
        for used in &facts.in_use {
            match &used.what {
                Running::Digest(digest) | Running::Alone(digest) => {
                    for id in everywhere(snapshot, digest) {
                        known.in_use.add(id.0);
                        if matches!(used.what, Running::Digest(_)) {
                            any |= with_parents.add(id.0);
                        }
                    }
                }
                Running::Tag(name) => {
                    if let Some(id) = tag(snapshot, name) {
                        known.in_use_tags.add(id.0);
                    }
                }
            }
        }
        // Whoever runs one platform of an index may run another one tomorrow.
        while any {
            any = false;
            for id in snapshot.manifests() {
                if !with_parents.has(id.0) && snapshot.children(id).any(|child| with_parents.has(child.0)) {
                    any |= with_parents.add(id.0);
                    known.in_use.add(id.0);
                }
            }
        }
        for hold in &facts.holds {
            let until = hold.until.map_or(i64::MAX, |until| micros(Some(until)));
            let longer = |place: &mut i64| *place = until.max(*place);
            match &hold.scope {
                Held::Digest(digest) => {
                    for id in everywhere(snapshot, digest) {
                        longer(known.held.entry(id.0).or_insert(i64::MIN));
                    }
                }
                Held::Tag(name) => {
                    if let Some(id) = tag(snapshot, name) {
                        longer(known.held_tags.entry(id.0).or_insert(i64::MIN));
                    }
                }
                Held::Repositories(glob) => {
                    for repository in snapshot.repositories().filter(|id| glob.matches(snapshot.repository_name(*id))) {
                        for id in snapshot.manifests_of(repository) {
                            longer(known.held.entry(id.0).or_insert(i64::MIN));
                        }
                    }
                }
            }
        }
        for promotion in &facts.promoted {
            for id in everywhere(snapshot, &promotion.digest) {
                known.promoted.entry(id.0).or_default().push(promotion);
            }
        }
        for event in &facts.events {
            known.events.entry(&event.event).or_default().push(event);
        }
        known
    }

    pub(super) fn is_in_use(&self, id: ManifestId) -> bool {
        self.in_use.has(id.0)
    }

    pub(super) fn is_tag_in_use(&self, id: TagId) -> bool {
        self.in_use_tags.has(id.0)
    }

    /// Until when a manifest must not be touched.
    pub(super) fn held(&self, id: ManifestId) -> i64 {
        self.held.get(&id.0).copied().unwrap_or(i64::MIN)
    }

    /// Until when a tag must not be touched.
    pub(super) fn tag_held(&self, id: TagId) -> i64 {
        self.held_tags.get(&id.0).copied().unwrap_or(i64::MIN)
    }

    /// When a manifest was promoted there, with all of that.
    pub(super) fn promotions(&self, id: ManifestId, to: Option<&Glob>, with: &[Require]) -> impl Iterator<Item = i64> {
        let all = self.promoted.get(&id.0).map(Vec::as_slice).unwrap_or_default().iter();
        all.filter(move |promotion| {
            to.is_none_or(|to| to.matches(&promotion.to)) && with.iter().all(|check| promotion.checks.contains(check))
        })
        .map(|promotion| micros(Some(promotion.at)))
    }

    /// When it first happened to a group of a repository.
    pub(super) fn event(&self, event: &str, repository: &str, is_group: impl Fn(&Event) -> bool) -> Option<i64> {
        let all = self.events.get(event)?.iter();
        all.filter(|event| event.repo.as_ref().is_none_or(|glob| glob.matches(repository)) && is_group(event))
            .map(|event| micros(Some(event.at)))
            .min()
    }
}

fn everywhere(snapshot: &Snapshot, digest: &lockage_tagging::Digest) -> Vec<ManifestId> {
    let Ok(key) = DigestKey::try_from(digest) else { return Vec::new() };
    snapshot.repositories().filter_map(|repository| snapshot.find_manifest(repository, &key)).collect()
}

/// The tag of `repository:tag`.
pub(in crate::retain) fn tag(snapshot: &Snapshot, reference: &str) -> Option<TagId> {
    let (repository, name) = reference.rsplit_once(':')?;
    snapshot.find_tag(snapshot.find_repository(repository)?, name)
}
