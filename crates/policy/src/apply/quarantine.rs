//! Two sightings: what one plan condemns goes when a second one condemns it as well, a while later, with the same tags.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Entry, Status, Wait};

type Key = (String, Option<String>, String);

/// The first plan that condemned something.
#[derive(Debug)]
struct First {
    /// The moment that it is for.
    planned: Timestamp,
    tags: BTreeSet<String>,
}

/// What is waiting for a second plan, as the journal says.
#[derive(Debug)]
pub(super) struct Quarantine {
    sighted: HashMap<Key, First>,
    seen: HashSet<Key>,
    period: Duration,
}

impl Quarantine {
    pub(super) fn of(entries: &[Entry], period: Duration) -> Self {
        let mut sighted = HashMap::new();
        for entry in entries {
            match entry.status {
                Status::Sighted => {
                    let tags = entry.tags_before.clone();
                    sighted.insert(entry.key(), First { planned: entry.planned, tags });
                }
                Status::Released | Status::Done | Status::Archived | Status::Gone | Status::Restored => {
                    sighted.remove(&entry.key());
                }
                Status::Begun | Status::Archiving | Status::Pending | Status::Left => {}
            }
        }
        Self { sighted, seen: HashSet::new(), period }
    }

    /// This plan condemns it, and it does not have to wait.
    pub(super) fn saw(&mut self, sighting: &Entry) {
        self.seen.insert(sighting.key());
    }

    /// Since when it has to wait, where this plan may not take it, and the lines to append to the journal.
    pub(super) fn passes(&mut self, sighting: &Entry) -> (Option<Wait>, Vec<Entry>) {
        let key = sighting.key();
        self.seen.insert(key.clone());
        let wait = |since: Timestamp| {
            let until = SignedDuration::try_from(self.period).ok().and_then(|period| since.checked_add(period).ok());
            Some(Wait { since, until: until.unwrap_or(Timestamp::MAX) })
        };
        match self.sighted.get(&key) {
            Some(First { planned, tags }) if *tags == sighting.tags_before => {
                let waited = Duration::try_from(sighting.planned.duration_since(*planned)).unwrap_or_default();
                // The same plan twice is one plan.
                let passes = *planned < sighting.planned && waited >= self.period;
                (if passes { None } else { wait(*planned) }, Vec::new())
            }
            Some(_) => {
                let released = Entry { status: Status::Released, ..sighting.clone() };
                (wait(sighting.planned), vec![released, sighting.clone()])
            }
            None => (wait(sighting.planned), vec![sighting.clone()]),
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
