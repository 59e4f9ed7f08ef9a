//! What the ledger knows an image by, where no tag of its environment says it.

use std::collections::BTreeMap;

use lockage_registry::Digest;

use super::{Found, Place, ResolveError};
use crate::ledger::{Entry, ImageFacts};
use crate::pipeline::{Name, Select};

/// What is in an environment by the ledger.
pub(super) fn current(place: Place<'_>, environment: &Name) -> Option<Found> {
    let current = place.chronicle.current(place.image, environment)?;
    Some(of(&current.entry, format!("what is in {environment} by the ledger")))
}

/// The build of a pull request that arrived last where it is looked for.
pub(super) fn pull_request(place: Place<'_>, number: u64) -> Option<Found> {
    arrived(place, |facts| facts.pull_request == Some(number)).pop()
}

/// The build of a commit that arrived where it is looked for; there may be one.
pub(super) fn commit(place: Place<'_>, select: &Select, asked: &str) -> Result<Option<Found>, ResolveError> {
    let is_asked = |facts: &ImageFacts| facts.commit.as_ref().is_some_and(|said| super::commit::is_one(said, asked));
    let found: BTreeMap<Digest, Found> =
        arrived(place, is_asked).into_iter().map(|one| (one.digest.clone(), one)).collect();
    let found = super::only(place, select, found.into_values().collect())?;
    Ok(found.map(|one| Found { commit: Some(asked.to_owned()), ..one }))
}

/// What arrived where it is looked for, in order, and is known by this, whoever recorded it.
fn arrived(place: Place<'_>, is_known: impl Fn(&ImageFacts) -> bool) -> Vec<Found> {
    let entries = || place.chronicle.about(place.image).map(|recorded| &*recorded.entry);
    let known: BTreeMap<&Digest, &Entry> =
        entries().filter(|entry| is_known(&entry.facts)).map(|entry| (&entry.digest, entry)).collect();
    let there = |entry: &&Entry| entry.environment.as_ref() == Some(place.environment) && entry.arrives();
    let arrived = entries().filter(there).filter_map(|entry| known.get(&entry.digest));
    arrived.map(|entry| of(entry, format!("what was in {} by the ledger", place.environment))).collect()
}

fn of(entry: &Entry, by: String) -> Found {
    Found { known: entry.facts.clone(), ..Found::new(entry.digest.clone(), by) }
}
