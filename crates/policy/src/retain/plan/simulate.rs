//! What goes when: every moment at which something does, found by the rules' ends and not by trying days.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::evaluation::{EVER, Evaluation, NOT};
use super::time::AHEAD;
use super::timeline::{Moments, Timeline};
use crate::retain::bits::Bits;
use crate::retain::facts::Facts;
use crate::retain::graph::Capabilities;
use crate::retain::graph::last_tag::last_of;
use crate::retain::graph::settle::is_known;
use crate::retain::policy::Policy;
use crate::retain::snapshot::{UNKNOWN, micros, timestamp};
use crate::retain::{ManifestId, Snapshot, TagId};

/// What goes when, from one moment to another: a plan at any moment between has gone what went until then.
///
/// It knows what the registry can do: a tag that it does not take from a manifest that stays goes with that manifest, and where
/// the last tag of a manifest or of a repository has to stay, it is the last one that would go. A plan of a moment knows of no
/// moment before, and may keep another one of them.
///
/// Guards are not asked: a plan of that day may be refused by them.
///
/// From when the snapshot was taken on, it takes a few plans' time. From before that, it counts anew at every moment later than
/// `from` that the snapshot knows of a push, a move or a pull: a plan's time for each.
#[must_use]
pub fn simulate(snapshot: &Snapshot, policy: &Policy, facts: &Facts, from: Timestamp, to: Timestamp) -> Timeline {
    let ends = ends(snapshot, policy, facts, micros(Some(from)), micros(Some(to)));
    let mut moments = Moments::new(from, to);
    for (id, moment) in snapshot.tags().zip(&ends.tags) {
        if let Some(point) = moments.at(timestamp(*moment)) {
            point.tags.push(snapshot.tag_reference(id));
        }
    }
    for (id, moment) in snapshot.manifests().zip(&ends.manifests) {
        if let Some(point) = moments.at(timestamp(*moment)) {
            point.manifests.push(snapshot.manifest_reference(id));
        }
    }
    moments.timeline()
}

struct Ends {
    tags: Vec<i64>,
    manifests: Vec<i64>,
}

fn ends(snapshot: &Snapshot, policy: &Policy, facts: &Facts, from: i64, to: i64) -> Ends {
    let Ends { tags: mut wanted, manifests: mut own } = wanted(snapshot, policy, facts, from, to);
    let can = super::can(policy, facts);
    for repository in snapshot.repositories() {
        let known = is_known(snapshot, repository);
        for id in snapshot.manifests_of(repository) {
            let tagged = snapshot.tags_at(id).filter_map(|tag| wanted.get(tag.index())).max().copied();
            if let Some(gone) = own.get_mut(id.index()) {
                *gone = if known && can.delete_manifest { tagged.unwrap_or(NOT).max(*gone) } else { EVER };
            }
        }
    }
    let mut manifests = lived(snapshot, &own);
    let mut tags = taken(snapshot, can, &wanted, &manifests);
    let last = if can.last_tagged_undeletable { last(snapshot, &tags) } else { Vec::new() };
    if !last.is_empty() {
        let stays = |ends: &mut [i64], place: usize| ends.get_mut(place).into_iter().for_each(|end| *end = EVER);
        for id in last {
            stays(&mut wanted, id.index());
            stays(&mut own, snapshot.target(id).index());
        }
        manifests = lived(snapshot, &own);
        tags = taken(snapshot, can, &wanted, &manifests);
    }
    Ends { tags, manifests }
}

/// From when each tag is gone, where a registry may not take it from a manifest that stays.
fn taken(snapshot: &Snapshot, can: Capabilities, wanted: &[i64], manifests: &[i64]) -> Vec<i64> {
    let end = |id: ManifestId| manifests.get(id.index()).copied().unwrap_or(EVER);
    let takes = |repository| can.untag && (can.native_untag || is_known(snapshot, repository));
    let takes: Vec<bool> = snapshot.repositories().map(takes).collect();
    let tag = |(id, wanted): (TagId, &i64)| match snapshot.speaks_about(id) {
        Some(Some(subject)) => (*wanted).max(end(snapshot.target(id))).max(end(subject)),
        None if takes.get(snapshot.repository_of_tag(id).index()) == Some(&true) => *wanted,
        Some(None) | None => (*wanted).max(end(snapshot.target(id))),
    };
    let mut tags: Vec<i64> = snapshot.tags().zip(wanted).map(tag).collect();
    if can.last_tag_deletes_manifest {
        for manifest in snapshot.manifests() {
            // Of several that go last it is the first, as in a plan. One that speaks about something goes no earlier than it.
            let last = snapshot.tags_at(manifest).min_by_key(|id| Reverse(tags.get(id.index()).copied()));
            if let Some(gone) = last.and_then(|id| tags.get_mut(id.index())) {
                *gone = (*gone).max(end(manifest));
            }
        }
    }
    tags
}

/// The plain tag of each repository that would be without one which stays: of those that go last the one that a plan keeps.
fn last(snapshot: &Snapshot, tags: &[i64]) -> Vec<TagId> {
    let of = |repository| {
        let plain = || snapshot.tags_of(repository).filter(|id| snapshot.speaks_about(*id).is_none());
        let end = |id: &TagId| tags.get(id.index()).copied().unwrap_or(EVER);
        let emptied = plain().map(|id| end(&id)).max().filter(|end| *end < EVER)?;
        last_of(snapshot, plain().filter(|id| end(id) == emptied))
    };
    snapshot.repositories().filter_map(of).collect()
}

/// From when the rules let each go, of manifests where nothing else keeps it.
fn wanted(snapshot: &Snapshot, policy: &Policy, facts: &Facts, from: i64, to: i64) -> Ends {
    let mut tags = vec![EVER; snapshot.tags().len()];
    let mut manifests = vec![EVER; snapshot.manifests().len()];
    let starts = starts(snapshot, policy, from, to);
    for (place, start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(EVER);
        let evaluation = Evaluation::new(snapshot, policy, facts, *start);
        // What goes before the stretch ends goes at its beginning at the earliest.
        let within = |moment: i64| Some(moment.max(*start)).filter(|moment| *moment < end);
        for (id, gone) in snapshot.tags().zip(&mut tags).filter(|(_, gone)| **gone == EVER) {
            let moment = match snapshot.speaks_about(id) {
                None => evaluation.goes_from(id),
                Some(None) => evaluation.orphan_from(id).map_or(EVER, |(_, from)| from),
                // It goes with what it speaks about.
                Some(Some(_)) if snapshot.is_immutable(id) => EVER,
                Some(Some(_)) => NOT,
            };
            *gone = within(moment).unwrap_or(EVER);
        }
        for (id, gone) in snapshot.manifests().zip(&mut manifests).filter(|(_, gone)| **gone == EVER) {
            let plain = snapshot.tags_at(id).any(|tag| snapshot.speaks_about(tag).is_none());
            let (_, until) = evaluation.manifest(id, plain);
            *gone = within(until).unwrap_or(EVER);
        }
    }
    Ends { tags, manifests }
}

/// The moments at which a time becomes one that is believed, after the first.
fn starts(snapshot: &Snapshot, policy: &Policy, from: i64, to: i64) -> Vec<i64> {
    let mut starts = vec![from];
    let mut add = |at: i64| {
        if at != UNKNOWN && at > from.saturating_add(AHEAD) && at - AHEAD <= to {
            starts.push(at - AHEAD);
        }
    };
    for id in snapshot.manifests() {
        add(snapshot.pushed_micros(id.0));
        add(snapshot.pulled_micros(id.0));
        if policy.basis == crate::retain::policy::Basis::Created {
            add(snapshot.created_micros(id.0));
        }
    }
    for id in snapshot.tags() {
        add(snapshot.moved_micros(id.0));
        add(snapshot.tag_pulled_micros(id.0));
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Until when each manifest lives: as long as anything that it lives with.
fn lived(snapshot: &Snapshot, own: &[i64]) -> Vec<i64> {
    let mut order: Vec<(i64, ManifestId)> = own.iter().copied().zip(snapshot.manifests()).collect();
    order.sort_unstable_by_key(|(end, id)| (Reverse(*end), *id));
    let mut ends = own.to_vec();
    let mut seen = Bits::new(own.len());
    let mut waiting = Vec::new();
    for (end, id) in order {
        if !seen.add(id.0) {
            continue;
        }
        waiting.push(id);
        while let Some(id) = waiting.pop() {
            if let Some(place) = ends.get_mut(id.index()) {
                *place = end;
            }
            let with = snapshot.children(id).chain(snapshot.referrers(id));
            waiting.extend(with.filter(|other| seen.add(other.0)));
        }
    }
    ends
}
