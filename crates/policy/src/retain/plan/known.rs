//! Facts as they bear on the rows of one snapshot.

use std::collections::HashMap;

use serde::Serialize;

use crate::retain::facts::{Event, Facts, Held, Promotion, Running};
use crate::retain::policy::{Glob, Require};
use crate::retain::snapshot::micros;
use crate::retain::{DigestKey, FactId, ManifestId, Snapshot, TagId};

/// Facts as they bear on the rows of one snapshot.
#[derive(Debug)]
pub(super) struct Known<'a> {
    in_use: HashMap<u32, FactId>,
    in_use_tags: HashMap<u32, FactId>,
    /// What may name something that is in use: its content could not be read.
    unread: HashMap<u32, ()>,
    held: HashMap<u32, Until>,
    held_tags: HashMap<u32, Until>,
    promoted: HashMap<u32, Vec<&'a Promotion>>,
    events: HashMap<&'a str, Vec<&'a Event>>,
}

/// Until when something must not be touched, and what says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) until: i64,
    pub(super) fact: FactId,
}

impl Until {
    const NOT: Self = Self { until: i64::MIN, fact: FactId(0) };
}

/// The facts of a list, by what they say: of several the first in that order is named, whatever order they came in.
fn in_order<T: Serialize>(facts: &[T]) -> Vec<(FactId, &T)> {
    let mut all: Vec<(FactId, &T)> = (0_u32..).map(FactId).zip(facts).collect();
    // A fact holds nothing that JSON cannot say.
    all.sort_by_cached_key(|(_, fact)| serde_json::to_vec(fact).unwrap_or_default());
    all
}

impl<'a> Known<'a> {
    pub(super) fn new(snapshot: &Snapshot, facts: &'a Facts) -> Self {
        let mut known = Self {
            in_use: HashMap::new(),
            in_use_tags: HashMap::new(),
            unread: HashMap::new(),
            held: HashMap::new(),
            held_tags: HashMap::new(),
            promoted: HashMap::new(),
            events: HashMap::new(),
        };
        // The facts by their places in order, of which the first is named.
        let mut with_parents: HashMap<u32, (usize, FactId)> = HashMap::new();
        let mut names_parents = false;
        for (place, (fact, used)) in in_order(&facts.in_use).into_iter().enumerate() {
            match &used.what {
                Running::Digest(digest) | Running::Alone(digest) => {
                    let with = matches!(used.what, Running::Digest(_));
                    names_parents |= with;
                    for id in everywhere(snapshot, digest) {
                        known.in_use.entry(id.0).or_insert(fact);
                        if with {
                            with_parents.entry(id.0).or_insert((place, fact));
                        }
                    }
                }
                Running::Tag(name) => {
                    if let Some(id) = tag(snapshot, name) {
                        known.in_use_tags.entry(id.0).or_insert(fact);
                    }
                }
            }
        }
        // Whoever runs one platform of an index may run another one tomorrow.
        add_parents(snapshot, &mut with_parents);
        for (id, (_, fact)) in with_parents {
            known.in_use.entry(id).or_insert(fact);
        }
        // What could not be read may be such an index, whether or not anything else tells what it names.
        if names_parents {
            let unread = snapshot.manifests().filter(|id| !snapshot.is_resolved(*id) && !is_image(snapshot, *id));
            known.unread.extend(unread.map(|id| (id.0, ())));
            add_parents(snapshot, &mut known.unread);
        }
        for (fact, hold) in in_order(&facts.holds) {
            let until = hold.until.map_or(i64::MAX, |until| micros(Some(until)));
            let longer = |place: &mut Until| {
                if until > place.until {
                    *place = Until { until, fact };
                }
            };
            match &hold.scope {
                Held::Digest(digest) => {
                    for id in everywhere(snapshot, digest) {
                        longer(known.held.entry(id.0).or_insert(Until::NOT));
                    }
                }
                Held::Tag(name) => {
                    if let Some(id) = tag(snapshot, name) {
                        longer(known.held_tags.entry(id.0).or_insert(Until::NOT));
                    }
                }
                Held::Repositories(glob) => {
                    for repository in snapshot.repositories().filter(|id| glob.matches(snapshot.repository_name(*id))) {
                        for id in snapshot.manifests_of(repository) {
                            longer(known.held.entry(id.0).or_insert(Until::NOT));
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

    /// What says that somebody runs a manifest.
    pub(super) fn in_use(&self, id: ManifestId) -> Option<FactId> {
        self.in_use.get(&id.0).copied()
    }

    /// What says that somebody runs a tag.
    pub(super) fn tag_in_use(&self, id: TagId) -> Option<FactId> {
        self.in_use_tags.get(&id.0).copied()
    }

    /// Whether a manifest may name one that somebody runs.
    pub(super) fn may_be_in_use(&self, id: ManifestId) -> bool {
        self.unread.contains_key(&id.0)
    }

    /// Until when a manifest must not be touched.
    pub(super) fn held(&self, id: ManifestId) -> Until {
        self.held.get(&id.0).copied().unwrap_or(Until::NOT)
    }

    /// Until when a tag must not be touched.
    pub(super) fn tag_held(&self, id: TagId) -> Until {
        self.held_tags.get(&id.0).copied().unwrap_or(Until::NOT)
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

/// Adds everything that names what is there, with the least of what is said of that.
fn add_parents<T: Copy + Ord>(snapshot: &Snapshot, said: &mut HashMap<u32, T>) {
    let mut more = !said.is_empty();
    while more {
        more = false;
        for id in snapshot.manifests() {
            if said.contains_key(&id.0) {
                continue;
            }
            if let Some(least) = snapshot.children(id).filter_map(|child| said.get(&child.0)).min().copied() {
                said.insert(id.0, least);
                more = true;
            }
        }
    }
}

/// Whether a manifest is one that names no other, as its media type says.
fn is_image(snapshot: &Snapshot, id: ManifestId) -> bool {
    const IMAGES: [&str; 2] =
        ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
    IMAGES.contains(&snapshot.media_type(id))
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
