//! `Chronicle`: entries in the order that every reader agrees on, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use lockage_registry::Digest;

use super::{Entry, Kind, Recorded, Standing};
use crate::pipeline::Name;

/// Entries in order: parents first, and among those that do not know of each other the earlier, by time and then by digest.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    entries: Vec<Recorded>,
}

/// The time that an image was in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stay {
    /// The image.
    pub digest: Digest,
    /// Since when.
    pub from: SystemTime,
    /// Until when; not yet over, where it is current.
    pub until: Option<SystemTime>,
}

/// Why an image may not move.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub actor: String,
    /// When.
    pub at: SystemTime,
}

impl Chronicle {
    /// Puts entries into their order. An entry that is there twice counts once.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = Recorded>) -> Self {
        let all: BTreeMap<Digest, Recorded> = entries.into_iter().map(|one| (one.id.clone(), one)).collect();
        let mut children: BTreeMap<&Digest, Vec<&Digest>> = BTreeMap::new();
        let mut missing: BTreeMap<&Digest, usize> = BTreeMap::new();
        for (id, recorded) in &all {
            // A parent that nobody has is behind a checkpoint, or lost, which is for `verify` to say.
            let known: BTreeSet<_> = recorded.entry.parents.iter().filter(|parent| all.contains_key(*parent)).collect();
            missing.insert(id, known.len());
            for parent in known {
                children.entry(parent).or_default().push(id);
            }
        }
        let key = |id: &Digest| all.get(id).map(|recorded| recorded.entry.at);
        let mut free: BTreeSet<(Option<SystemTime>, &Digest)> =
            missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| (key(id), *id)).collect();
        let mut sorted = Vec::with_capacity(all.len());
        while let Some((_, id)) = free.pop_first() {
            sorted.extend(all.get(id).cloned());
            for child in children.get(id).into_iter().flatten() {
                if let Some(count) = missing.get_mut(child) {
                    *count -= 1;
                    if *count == 0 {
                        free.insert((key(child), child));
                    }
                }
            }
        }
        Self { entries: sorted }
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Recorded] {
        &self.entries
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
            self.about(image).filter(|entry| entry.digest == *digest)
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

    /// Why `environment` keeps what it has, if it does at `now`: the last hold that no release has ended.
    #[must_use]
    pub fn held(&self, image: &Name, environment: &Name, now: SystemTime) -> Option<Denial> {
        let mut held = None;
        for entry in self.about(image).filter(|entry| entry.environment.as_ref() == Some(environment)) {
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

    fn about(&self, image: &Name) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(|recorded| &*recorded.entry).filter(move |entry| entry.image == *image)
    }

    fn arrivals(&self, image: &Name, environment: &Name) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.entries.iter().filter(move |recorded| {
            let entry = &recorded.entry;
            entry.arrives() && entry.image == *image && entry.environment.as_ref() == Some(environment)
        })
    }
}
