//! What goes when by another system's policy: it is asked at every moment at which it may say something else.
//!
//! What becomes of a manifest hangs on its own times, on those of the manifests that name it or that it names, and on counts
//! that no moment changes. So manifests that have nothing to do with each other are asked about different moments at once: not
//! as often as the registry has such moments, but as often as the largest group of those that have to do with each other.

mod emptied;
mod groups;
mod schedule;

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::emptied::{Lives, Stretch};
use self::groups::Groups;
use self::schedule::Schedule;
use super::evaluation::Evaluation;
use super::timeline::{Moments, Timeline};
use super::{can, theirs};
use crate::retain::clock::Clock;
use crate::retain::graph::last_tag::last_tag;
use crate::retain::graph::settle::settle_told;
use crate::retain::policy::Policy;
use crate::retain::snapshot::micros;
use crate::retain::{Capabilities, Facts, ManifestId, Protection, Said, Settled, Snapshot, TagId, Verdict};

/// Another system's policy, as it is asked about many moments.
pub(crate) trait Theirs {
    /// What it says of each manifest and of the tags at it, at the moment that the clock has for it.
    fn said(&self, snapshot: &Snapshot, clock: Clock, protection: Protection) -> Said;

    /// The moments from which on it may say something else of a manifest, or of a tag at it, because of their own times.
    fn moments(&self, snapshot: &Snapshot, id: ManifestId, add: &mut dyn FnMut(Option<Timestamp>));

    /// Whether what it says of a manifest of this repository may change with what it says of any other one there.
    fn is_entangled(&self, repository: &str) -> bool;
}

/// What goes when by another system's policy, with the holds of `policy`: of everything the first moment.
pub(crate) fn travel(
    snapshot: &Snapshot,
    policy: &Policy,
    facts: &Facts,
    other: &dyn Theirs,
    protection: Protection,
    from: Timestamp,
    to: Timestamp,
) -> Timeline {
    let evaluation = Evaluation::new(snapshot, policy, facts, micros(Some(from)));
    let groups = Groups::of(snapshot, |repository| other.is_entangled(repository));
    let mut schedule = Schedule::of(&evaluation, &groups, other, protection, from..=to);
    let can = can(policy, facts);
    let first = |rows| vec![None; rows];
    let mut journey = Journey {
        evaluation,
        other,
        protection,
        can,
        groups,
        now: vec![from; snapshot.manifests().len()],
        tags: first(snapshot.tags().len()),
        manifests: first(snapshot.manifests().len()),
        archived: first(snapshot.manifests().len()),
    };
    if protection == Protection::Full && can.last_tagged_undeletable {
        let mut lives = Lives::new(snapshot);
        journey.walk(&schedule, &[], |journey, settled| lives.note(snapshot, &journey.groups, &journey.now, settled));
        let emptied = lives.emptied(from);
        // While no other tag is left, the last one stays, and all that it needs: that group is asked again.
        let mut last = BTreeMap::new();
        for (repository, stretches) in snapshot.repositories().zip(&emptied).filter(|(_, all)| !all.is_empty()) {
            if let Some(id) = last_tag(snapshot, repository) {
                last.insert(journey.groups.of_manifest(snapshot.target(id)), stretches);
            }
        }
        schedule = schedule.again(&last);
        journey.forget(|group| last.contains_key(&group));
        journey.now.fill(from);
        journey.walk(&schedule, &emptied, |_, _| {});
    } else {
        journey.walk(&schedule, &[], |_, _| {});
    }
    journey.timeline(from, to)
}

/// A policy on its way, and what it has met.
struct Journey<'a> {
    evaluation: Evaluation<'a>,
    other: &'a dyn Theirs,
    protection: Protection,
    can: Capabilities,
    groups: Groups,
    /// The moment that each manifest is at.
    now: Vec<Timestamp>,
    /// The first moments at which tags and manifests went or were archived.
    tags: Vec<Option<Timestamp>>,
    manifests: Vec<Option<Timestamp>>,
    archived: Vec<Option<Timestamp>>,
}

impl<'a> Journey<'a> {
    fn snapshot(&self) -> &'a Snapshot {
        self.evaluation.snapshot
    }

    fn now(&self, id: ManifestId) -> Option<Timestamp> {
        self.now.get(id.index()).copied()
    }

    /// Asks about the moment where every group is, and then about each next one of every group that has one.
    fn walk(&mut self, schedule: &Schedule, emptied: &[Vec<Stretch>], mut each: impl FnMut(&Self, &Settled)) {
        for round in 0..=schedule.rounds() {
            if let Some(next) = round.checked_sub(1) {
                for (id, now) in self.evaluation.snapshot.manifests().zip(&mut self.now) {
                    if let Some(at) = schedule.moment(self.groups.of_manifest(id), next) {
                        *now = at;
                    }
                }
            }
            let settled = self.ask(emptied);
            self.note(&settled);
            each(self, &settled);
        }
    }

    fn ask(&self, emptied: &[Vec<Stretch>]) -> Settled {
        let snapshot = self.snapshot();
        let clock = Clock::Each(self.now.as_slice().into());
        let said = self.other.said(snapshot, clock.clone(), self.protection);
        let said = theirs(&self.evaluation, &clock, said, 0, self.protection);
        let is_now = |id: &TagId, stretches: &[Stretch]| {
            let now = self.now(snapshot.target(*id));
            now.is_some_and(|now| stretches.iter().any(|stretch| stretch.has(now)))
        };
        let last: Vec<TagId> = snapshot
            .repositories()
            .zip(emptied)
            .filter_map(|(repository, stretches)| last_tag(snapshot, repository).filter(|id| is_now(id, stretches)))
            .collect();
        settle_told(snapshot, &said, self.protection, self.can, Some(&last))
    }

    fn note(&mut self, settled: &Settled) {
        let snapshot = self.snapshot();
        for (id, first) in snapshot.tags().zip(&mut self.tags) {
            if first.is_none() && matches!(settled.tag(id).0, Verdict::Delete | Verdict::Untag) {
                *first = self.now.get(snapshot.target(id).index()).copied();
            }
        }
        for ((id, first), archived) in snapshot.manifests().zip(&mut self.manifests).zip(&mut self.archived) {
            let place = match settled.manifest(id).0 {
                Verdict::Delete => first,
                Verdict::Archive => archived,
                Verdict::Keep | Verdict::Untag | Verdict::Blocked => continue,
            };
            if place.is_none() {
                *place = self.now.get(id.index()).copied();
            }
        }
    }

    /// Forgets what became of these groups.
    fn forget(&mut self, is_one: impl Fn(u32) -> bool) {
        let snapshot = self.snapshot();
        for (id, first) in snapshot.tags().zip(&mut self.tags) {
            first.take_if(|_| is_one(self.groups.of_manifest(snapshot.target(id))));
        }
        for (id, (first, archived)) in snapshot.manifests().zip(self.manifests.iter_mut().zip(&mut self.archived)) {
            if is_one(self.groups.of_manifest(id)) {
                (*first, *archived) = (None, None);
            }
        }
    }

    fn timeline(&self, from: Timestamp, to: Timestamp) -> Timeline {
        let snapshot = self.snapshot();
        let mut moments = Moments::new(from, to);
        for (id, first) in snapshot.tags().zip(&self.tags) {
            if let Some(point) = moments.at(*first) {
                point.tags.push(snapshot.tag_reference(id));
            }
        }
        for ((id, first), archived) in snapshot.manifests().zip(&self.manifests).zip(&self.archived) {
            if let Some(point) = moments.at(*first) {
                point.manifests.push(snapshot.manifest_reference(id));
            }
            if let Some(point) = moments.at(*archived) {
                point.archived.push(snapshot.manifest_reference(id));
            }
        }
        moments.timeline()
    }
}
