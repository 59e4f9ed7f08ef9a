//! `Chronicle`: entries in the order that every reader agrees on, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Tag};
use serde::Serialize;

use super::denials::{Denial, Denials};
use super::{Kind, Recorded, Standing, rfc3339};
use crate::pipeline::Name;

/// Entries in order: parents first, and among those that do not know of each other the earlier, by time and then by digest.
///
/// Putting n entries in order takes n log n; what is asked about an image looks at the entries about it alone.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    entries: Vec<Recorded>,
    /// Where the entries about each image are, in order.
    images: BTreeMap<Name, Vec<usize>>,
    /// Those of all images, whichever entries there are.
    denials: Denials,
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

/// Why an environment keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Hold {
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

    /// The same about one image alone, in the order that all entries give it; what is denied as another stays denied.
    #[must_use]
    pub fn of_image(self, image: &Name) -> Self {
        let about = self.entries.into_iter().filter(|recorded| recorded.entry.image == *image);
        Self { denials: self.denials, ..Self::in_order(about.collect()) }
    }

    fn in_order(entries: Vec<Recorded>) -> Self {
        let (mut images, mut denials): (BTreeMap<Name, Vec<usize>>, _) = (BTreeMap::new(), Denials::default());
        for (n, recorded) in entries.iter().enumerate() {
            denials.hear(recorded);
            let entry = &recorded.entry;
            match images.get_mut(&entry.image) {
                Some(about) => about.push(n),
                None => drop(images.insert(entry.image.clone(), vec![n])),
            }
        }
        Self { entries, images, denials }
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Recorded] {
        &self.entries
    }

    /// The same with these entries in place of those that have the same digests, of which less was kept.
    #[must_use]
    pub fn with(mut self, whole: impl IntoIterator<Item = Recorded>) -> Self {
        let whole: BTreeMap<Digest, Recorded> = whole.into_iter().map(|one| (one.id.clone(), one)).collect();
        for recorded in &mut self.entries {
            if let Some(whole) = whole.get(&recorded.id) {
                recorded.clone_from(whole);
            }
        }
        self
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

    /// Why `digest` may not move into `environment`, if it may not: a denial of it, everywhere or there, that no release has
    /// ended. One of `image` comes first; but whatever name it was denied under, it moves under none.
    ///
    /// A platform that the ledger knows to be part of an index is denied with that. What else has to be looked at, the platforms
    /// of an index, is not known here.
    #[must_use]
    pub fn denied(&self, image: &Name, environment: &Name, digest: &Digest) -> Option<Denial> {
        let mut all = self.denials.around(image, digest).into_iter();
        all.find(|denial| denial.environment.as_ref().is_none_or(|at| at == environment))
    }

    /// Why `digest` may move nowhere, if somebody has denied it everywhere, under whatever name, and nobody has released that.
    /// One of `image` comes first.
    #[must_use]
    pub fn denied_everywhere(&self, image: &Name, digest: &Digest) -> Option<Denial> {
        self.denials.around(image, digest).into_iter().find(|denial| denial.environment.is_none())
    }

    /// The denials of exactly this digest that nobody has released, in any environment and under any name.
    #[must_use]
    pub fn denials_of(&self, digest: &Digest) -> Vec<Denial> {
        self.denials.of(digest)
    }

    /// Every denial that nobody has released; where this is about one image, of that, and of what it ever was. By image, and
    /// of one digest first what holds everywhere.
    #[must_use]
    pub fn denials(&self) -> Vec<Denial> {
        let digests: BTreeSet<&Digest> = self.entries.iter().map(|recorded| &recorded.entry.digest).collect();
        let concerns = |denial: &Denial| self.images.contains_key(&denial.image) || digests.contains(&denial.digest);
        let mut all: Vec<Denial> = self.denials.all().filter(concerns).collect();
        all.sort_by(|one, other| {
            let key = |denial: &Denial| (denial.image.clone(), denial.environment.clone(), denial.digest.clone());
            key(one).cmp(&key(other))
        });
        all
    }

    /// Whether anything at all is denied, whoever it is said of.
    pub(crate) fn denies(&self) -> bool {
        self.denials.all().next().is_some()
    }

    /// Why `environment` keeps what it has, if it does at `now`: the last hold that no release has ended.
    #[must_use]
    pub fn held(&self, image: &Name, environment: &Name, now: SystemTime) -> Option<Hold> {
        let mut held = None;
        for Recorded { entry, .. } in self.there(image, environment) {
            match &entry.kind {
                Kind::Hold { reason, until } if until.is_none_or(|until| now < until) => {
                    held = Some(Hold { reason: reason.clone(), actor: entry.actor.clone(), at: entry.at });
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
        let mut begun: Option<&Recorded> = None;
        for one in self.there(image, environment) {
            match &one.entry.kind {
                Kind::Revert { plan, .. } => begun = begun.filter(|begun| begun.entry.plan() != Some(plan)),
                _ if one.entry.begins() => begun = Some(one),
                _ if one.entry.arrives() => begun = None,
                _ => {}
            }
        }
        begun
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
    /// Who made it hold it.
    pub by: String,
    /// By which plan, where there was one.
    pub plan: Option<Digest>,
}

impl Recorded {
    /// Makes the tags hold what this entry says that they do.
    fn tag(&self, tags: &mut BTreeMap<Tag, HeldTag>) {
        for record in self.entry.tags() {
            let digest = record.holds.as_ref().unwrap_or(&self.entry.digest);
            if let Some(before) = tags.get_mut(&record.tag).filter(|before| before.digest == *digest) {
                before.floats = record.floats;
                continue;
            }
            let (floats, since, by) = (record.floats, self.entry.at, self.entry.actor.clone());
            let held = HeldTag { digest: digest.clone(), floats, since, by, plan: self.entry.plan().cloned() };
            tags.insert(record.tag.clone(), held);
        }
    }
}

/// The order of entries that are sorted by their digests, each once.
fn order(all: &[Recorded]) -> Vec<usize> {
    // A parent that nobody has is behind a checkpoint, or lost, which is for `verify` to say.
    let place = |id: &Digest| all.binary_search_by(|recorded| recorded.id.cmp(id)).ok();
    // Each parent with each entry that stands behind it.
    let mut behind: Vec<(usize, usize)> = Vec::with_capacity(all.len());
    for (n, Recorded { entry, .. }) in all.iter().enumerate() {
        behind.extend(entry.parents.iter().filter_map(place).map(|parent| (parent, n)));
    }
    behind.sort_unstable();
    behind.dedup();
    let mut missing = vec![0_usize; all.len()];
    for (_, n) in &behind {
        missing.get_mut(*n).into_iter().for_each(|missing| *missing += 1);
    }
    let at = |n: usize| all.get(n).map(|recorded| recorded.entry.at);
    // The place of an entry is that of its digest.
    let mut free: BTreeSet<_> =
        missing.iter().enumerate().filter(|(_, missing)| **missing == 0).map(|(n, _)| (at(n), n)).collect();
    let mut sorted = Vec::with_capacity(all.len());
    while let Some((_, n)) = free.pop_first() {
        sorted.push(n);
        let first = behind.partition_point(|(parent, _)| *parent < n);
        for (_, child) in behind.iter().skip(first).take_while(|(parent, _)| *parent == n) {
            let Some(missing) = missing.get_mut(*child) else { continue };
            *missing -= 1;
            if *missing == 0 {
                free.insert((at(*child), *child));
            }
        }
    }
    sorted
}
