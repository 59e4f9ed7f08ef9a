//! Two sightings: what one plan condemns goes when a second one condemns it as well, a while later, with the same tags.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::{Entry, Status};

type Key = (String, Option<String>, String);

/// What is waiting for a second plan, as the journal says.
#[derive(Debug)]
pub(super) struct Quarantine {
    sighted: HashMap<Key, (Timestamp, BTreeSet<String>)>,
    seen: HashSet<Key>,
    period: Duration,
}

impl Quarantine {
    pub(super) fn of(entries: &[Entry], period: Duration) -> Self {
        let mut sighted = HashMap::new();
        for entry in entries {
            match entry.status {
                Status::Sighted => drop(sighted.insert(entry.key(), (entry.planned, entry.tags_before.clone()))),
                Status::Released | Status::Done | Status::Gone | Status::Restored => drop(sighted.remove(&entry.key())),
                Status::Begun | Status::Pending | Status::Left => {}
            }
        }
        Self { sighted, seen: HashSet::new(), period }
    }

    /// Whether this plan may delete it. If not, the lines to append to the journal.
    pub(super) fn passes(&mut self, sighting: &Entry) -> (bool, Vec<Entry>) {
        let key = sighting.key();
        self.seen.insert(key.clone());
        match self.sighted.get(&key) {
            Some((since, tags)) if *tags == sighting.tags_before => {
                let waited = Duration::try_from(sighting.planned.duration_since(*since)).unwrap_or_default();
                // The same plan twice is one plan.
                (*since < sighting.planned && waited >= self.period, Vec::new())
            }
            Some(_) => {
                let released = Entry { status: Status::Released, ..sighting.clone() };
                (false, vec![released, sighting.clone()])
            }
            None => (false, vec![sighting.clone()]),
        }
    }

    /// What was sighted in one of these repositories, all that the plan knows, and is no longer condemned.
    pub(super) fn released(&self, repositories: &BTreeSet<String>, line: &Entry) -> Vec<Entry> {
        let over = self.sighted.iter().filter(|(key, _)| repositories.contains(&key.0) && !self.seen.contains(*key));
        let mut over: Vec<Entry> = over
            .map(|((repository, tag, digest), _)| Entry {
                repository: repository.clone(),
                tag: tag.clone(),
                digest: digest.clone(),
                status: Status::Released,
                ..line.clone()
            })
            .collect();
        over.sort_by_key(Entry::key);
        over
    }
}
