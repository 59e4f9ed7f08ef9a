//! `Denials`: which digests may not move, under whose names that was said, and by whom.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use lockage_registry::Digest;
use serde::Serialize;

use super::{Entry, Kind, Recorded, Standing, rfc3339};
use crate::pipeline::Name;

/// Why a digest may not move: under any name, as the same bytes are as bad under another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Denial {
    /// The image as which it was denied. A release of that image ends it, and of no other.
    pub image: Name,
    /// The digest.
    pub digest: Digest,
    /// Where; everywhere, unless it says.
    pub environment: Option<Name>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub actor: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
}

/// What a ledger says of denials, by digest.
#[derive(Clone, Debug, Default)]
pub(super) struct Denials {
    /// Every denial and every release of one, in order.
    said: BTreeMap<Digest, Vec<Recorded>>,
    /// The indexes that a platform was promoted out of.
    wholes: BTreeMap<Digest, BTreeSet<Digest>>,
}

impl Denial {
    fn of(entry: &Entry, reason: &str) -> Self {
        Self {
            image: entry.image.clone(),
            digest: entry.digest.clone(),
            environment: entry.environment.clone(),
            reason: reason.to_owned(),
            actor: entry.actor.clone(),
            at: entry.at,
        }
    }

    /// " as web", for who asks about another image than the one as which it was denied.
    pub(crate) fn elsewhere(&self, asked: &Name) -> String {
        if self.image == *asked { String::new() } else { format!(" as {}", self.image) }
    }

    /// In a line, for who asks about `asked`; where it was denied as another image, how it is released.
    pub(crate) fn told(&self, digest: &str, asked: &Name) -> String {
        let Self { image, reason, actor, .. } = self;
        let mut told = format!("{digest} is denied: {reason} ({actor})");
        if image != asked {
            told.push_str(&format!("; it was denied as {image}, and is released as {image}"));
        }
        told
    }
}

impl Denials {
    /// Entries are heard in their order.
    pub(super) fn hear(&mut self, recorded: &Recorded) {
        let entry = &recorded.entry;
        match &entry.kind {
            Kind::Deny { .. } | Kind::Release { of: Standing::Denial, .. } => {
                self.said.entry(entry.digest.clone()).or_default().push(recorded.clone());
            }
            Kind::Promote { parent: Some(parent), .. } => {
                self.wholes.entry(entry.digest.clone()).or_default().insert(parent.clone());
            }
            _ => {}
        }
    }

    /// Whatever nobody has released, of all digests.
    pub(super) fn all(&self) -> impl Iterator<Item = Denial> {
        self.said.keys().flat_map(|digest| self.of(digest))
    }

    /// What nobody has released of `digest`: by image, and of one image first what holds everywhere.
    pub(super) fn of(&self, digest: &Digest) -> Vec<Denial> {
        let mut in_force: BTreeMap<&Name, BTreeMap<Option<&Name>, Denial>> = BTreeMap::new();
        for entry in self.said.get(digest).into_iter().flatten().map(|recorded| &*recorded.entry) {
            let of_image = in_force.entry(&entry.image).or_default();
            match (&entry.kind, &entry.environment) {
                (Kind::Deny { reason }, at) => drop(of_image.insert(at.as_ref(), Denial::of(entry, reason))),
                // What is released everywhere is denied nowhere.
                (_, None) => of_image.clear(),
                (_, at) => drop(of_image.remove(&at.as_ref())),
            }
        }
        in_force.into_values().flat_map(BTreeMap::into_values).collect()
    }

    /// The same of `digest` and of every index that it was promoted out of: first what was said of `image`, and of the digest
    /// itself.
    pub(super) fn around(&self, image: &Name, digest: &Digest) -> Vec<Denial> {
        let wholes = self.wholes.get(digest).into_iter().flatten();
        let mut all: Vec<Denial> = std::iter::once(digest).chain(wholes).flat_map(|one| self.of(one)).collect();
        all.sort_by_key(|denial| (denial.image != *image, denial.digest != *digest));
        all
    }
}
