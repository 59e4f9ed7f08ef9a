//! `Chronicle`: entries in the order that every reader agrees on, and what follows from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Tag};
use serde::Serialize;

use super::{Entry, Kind, Recorded, Standing, rfc3339};
use crate::pipeline::Name;

/// Entries in order: parents first, and among those that do not know of each other the earlier, by time and then by digest.
///
/// Putting n entries in order takes n log n; what is asked about an image looks at the entries about it alone.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    entries: Vec<Recorded>,
    /// Where the entries about each image are, in order.
    images: BTreeMap<Name, Vec<usize>>,
}

/// The time that an image was in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stay {
    /// The image.
    pub digest: Digest,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub from: SystemTime,
    /// Until when; not yet over, where it is current.
    #[serde(with = "rfc3339::option")]
    pub until: Option<SystemTime>,
}

/// Why an image may not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Denial {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub actor: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
}

impl Chronicle {
    /// Puts entries into their order. An entry that is there twice counts once.
    ///
    /// These have to be all entries of a ledger, and not those about one image: what lies between two of them is what says
    /// which was first, whatever the clocks of those who wrote them say.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = Recorded>) -> Self {
        let mut all: Vec<Recorded> = entries.into_iter().collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all.dedup_by(|one, other| one.id == other.id);
        let order = order(&all);
        let mut all: Vec<Option<Recorded>> = all.into_iter().map(Some).collect();
        let sorted = order.into_iter().filter_map(|n| all.get_mut(n)?.take());
        Self::in_order(sorted.collect())
    }

    /// The same about one image alone, in the order that all entries give it.
    #[must_use]
    pub fn of_image(self, image: &Name) -> Self {
        Self::in_order(self.entries.into_iter().filter(|recorded| recorded.entry.image == *image).collect())
    }

    fn in_order(entries: Vec<Recorded>) -> Self {
        let mut images: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
        for (n, Recorded { entry, .. }) in entries.iter().enumerate() {
            match images.get_mut(&entry.image) {
                Some(about) => about.push(n),
                None => drop(images.insert(entry.image.clone(), vec![n])),
            }
        }
        Self { entries, images }
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Recorded] {
        &self.entries
    }

    /// The images that it speaks of.
    pub fn images(&self) -> impl Iterator<Item = &Name> {
        self.images.keys()
    }

    /// The entries about one image, in order.
    pub fn about(&self, image: &Name) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.images.get(image).into_iter().flatten().filter_map(|n| self.entries.get(*n))
    }

    /// The entries about one image in one environment, in order; what holds everywhere is not among them.
    pub fn there(&self, image: &Name, environment: &Name) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.about(image).filter(move |recorded| recorded.entry.environment.as_ref() == Some(environment))
    }

    /// What is in `environment` now, by the ledger: the last that arrived there.
    #[must_use]
    pub fn current(&self, image: &Name, environment: &Name) -> Option<&Recorded> {
        self.arrivals(image, environment).last()
    }

    /// Every time that an image was in `environment`, in order.
    #[must_use]
    pub fn stays(&self, image: &Name, environment: &Name) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for Recorded { entry, .. } in self.arrivals(image, environment) {
            if let Some(last) = stays.last_mut() {
                // The same image again has not left.
                if last.digest == entry.digest {
                    continue;
                }
                last.until = Some(entry.at);
            }
            stays.push(Stay { digest: entry.digest.clone(), from: entry.at, until: None });
        }
        stays
    }

    /// Whether `digest` is, or was, in `environment`.
    #[must_use]
    pub fn was_in(&self, image: &Name, environment: &Name, digest: &Digest) -> bool {
        self.arrivals(image, environment).any(|recorded| recorded.entry.digest == *digest)
    }

    /// Why `digest` may not move into `environment`, if it may not: the last denial of it, everywhere or there, that no
    /// release has ended.
    #[must_use]
    pub fn denied(&self, image: &Name, environment: &Name, digest: &Digest) -> Option<Denial> {
        let mut everywhere = None;
        let mut there = None;
        for Entry { kind, environment: at_environment, actor, at, .. } in
            self.about(image).map(|recorded| &*recorded.entry).filter(|entry| entry.digest == *digest)
        {
            let denial = match kind {
                Kind::Deny { reason } => Some(Denial { reason: reason.clone(), actor: actor.clone(), at: *at }),
                Kind::Release { of: Standing::Denial, .. } => None,
                _ => continue,
            };
            match at_environment {
                // What is released everywhere is denied nowhere.
                None if denial.is_none() => (everywhere, there) = (None, None),
                None => everywhere = denial,
                Some(one) if one == environment => there = denial,
                Some(_) => {}
            }
        }
        everywhere.or(there)
    }

    /// Why `digest` may move nowhere, if somebody has denied it everywhere and nobody has released it everywhere.
    #[must_use]
    pub fn denied_everywhere(&self, image: &Name, digest: &Digest) -> Option<Denial> {
        let about = self.about(image).map(|recorded| &*recorded.entry).rev();
        let mut last = about.filter(|entry| entry.digest == *digest && entry.environment.is_none());
        last.find_map(|entry| match &entry.kind {
            Kind::Deny { reason } => {
                Some(Some(Denial { reason: reason.clone(), actor: entry.actor.clone(), at: entry.at }))
            }
            Kind::Release { of: Standing::Denial, .. } => Some(None),
            _ => None,
        })
        .flatten()
    }

    /// Why `environment` keeps what it has, if it does at `now`: the last hold that no release has ended.
    #[must_use]
    pub fn held(&self, image: &Name, environment: &Name, now: SystemTime) -> Option<Denial> {
        let mut held = None;
        for Recorded { entry, .. } in self.there(image, environment) {
            match &entry.kind {
                Kind::Hold { reason, until } if until.is_none_or(|until| now < until) => {
                    held = Some(Denial { reason: reason.clone(), actor: entry.actor.clone(), at: entry.at });
                }
                // A hold that has ended replaces the one before it.
                Kind::Hold { .. } | Kind::Release { of: Standing::Hold, .. } => held = None,
                _ => {}
            }
        }
        held
    }

    /// Whether `environment` keeps what it has until somebody releases it, and not only for a time.
    #[must_use]
    pub fn is_held_until_released(&self, image: &Name, environment: &Name) -> bool {
        let mut last = self.there(image, environment).rev().map(|recorded| &recorded.entry.kind);
        let of_a_hold = |kind: &&Kind| matches!(kind, Kind::Hold { .. } | Kind::Release { of: Standing::Hold, .. });
        matches!(last.find(of_a_hold), Some(Kind::Hold { until: None, .. }))
    }

    /// How long `digest` has been in `environment` at `now`: in its present stay, or in all together.
    #[must_use]
    pub fn time_in(
        &self,
        image: &Name,
        environment: &Name,
        digest: &Digest,
        now: SystemTime,
        in_total: bool,
    ) -> Duration {
        let stays = self.stays(image, environment);
        let counted = stays.iter().filter(|stay| stay.digest == *digest && (in_total || stay.until.is_none()));
        counted.map(|stay| stay.until.unwrap_or(now).duration_since(stay.from).unwrap_or_default()).sum()
    }

    /// What was about to be done to `image` in `environment`, and came to no end: the last promotion or rollback that was
    /// begun after whatever arrived there last.
    #[must_use]
    pub fn begun(&self, image: &Name, environment: &Name) -> Option<&Recorded> {
        let is_taken_back = |one: &Recorded| matches!(one.entry.kind, Kind::Revert { .. });
        let ends = |one: &&Recorded| one.entry.arrives() || one.entry.begins() || is_taken_back(one);
        let last = self.there(image, environment).rev().find(ends);
        last.filter(|one| one.entry.begins())
    }

    /// What the tags of `image` in `environment` hold, by the ledger: what each was made to hold last.
    #[must_use]
    pub fn tags(&self, image: &Name, environment: &Name) -> BTreeMap<Tag, HeldTag> {
        let mut tags = BTreeMap::new();
        for recorded in self.arrivals(image, environment) {
            recorded.tag(&mut tags);
        }
        tags
    }

    /// What they held when `digest` was last current there, at the end of that stay; nothing where it never was.
    #[must_use]
    pub fn tags_of(&self, image: &Name, environment: &Name, digest: &Digest) -> Option<BTreeMap<Tag, HeldTag>> {
        let (mut tags, mut then) = (BTreeMap::new(), None);
        for recorded in self.arrivals(image, environment) {
            recorded.tag(&mut tags);
            if recorded.entry.digest == *digest {
                then = Some(tags.clone());
            }
        }
        then
    }

    fn arrivals(&self, image: &Name, environment: &Name) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.there(image, environment).filter(|recorded| recorded.entry.arrives())
    }
}

/// A tag, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldTag {
    /// What it holds.
    pub digest: Digest,
    /// Whether it moves.
    pub floats: bool,
    /// Since when it holds it.
    pub since: SystemTime,
}

impl Recorded {
    /// Makes the tags hold what this entry says that they do.
    fn tag(&self, tags: &mut BTreeMap<Tag, HeldTag>) {
        for record in self.entry.tags() {
            let digest = record.holds.as_ref().unwrap_or(&self.entry.digest);
            let before = tags.get(&record.tag).filter(|before| before.digest == *digest);
            let since = before.map_or(self.entry.at, |before| before.since);
            let held = HeldTag { digest: digest.clone(), floats: record.floats, since };
            tags.insert(record.tag.clone(), held);
        }
    }
}

/// The order of entries that are sorted by their digests, each once.
fn order(all: &[Recorded]) -> Vec<usize> {
    let places: HashMap<&Digest, usize> = all.iter().enumerate().map(|(n, recorded)| (&recorded.id, n)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut missing = vec![0_usize; all.len()];
    for (n, Recorded { entry, .. }) in all.iter().enumerate() {
        // A parent that nobody has is behind a checkpoint, or lost, which is for `verify` to say.
        let known: BTreeSet<usize> = entry.parents.iter().filter_map(|parent| places.get(parent).copied()).collect();
        if let Some(missing) = missing.get_mut(n) {
            *missing = known.len();
        }
        for parent in known {
            children.get_mut(parent).into_iter().for_each(|children| children.push(n));
        }
    }
    let at = |n: usize| all.get(n).map(|recorded| recorded.entry.at);
    // The place of an entry is that of its digest.
    let mut free: BTreeSet<_> =
        missing.iter().enumerate().filter(|(_, missing)| **missing == 0).map(|(n, _)| (at(n), n)).collect();
    let mut sorted = Vec::with_capacity(all.len());
    while let Some((_, n)) = free.pop_first() {
        sorted.push(n);
        for child in children.get(n).into_iter().flatten() {
            let Some(missing) = missing.get_mut(*child) else { continue };
            *missing -= 1;
            if *missing == 0 {
                free.insert((at(*child), *child));
            }
        }
    }
    sorted
}
