//! What goes when: every moment at which something does, found by the rules' ends and not by trying days.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evaluation::{EVER, Evaluation, NOT};
use super::time::AHEAD;
use crate::retain::bits::Bits;
use crate::retain::facts::Facts;
use crate::retain::policy::Policy;
use crate::retain::snapshot::{UNKNOWN, micros, timestamp};
use crate::retain::{ManifestId, Snapshot};

/// What goes when, if nothing is pushed, moved or deleted in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeline {
    /// The first moment.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// The moments at which something goes. What goes at the first one went before.
    pub breakpoints: Vec<Breakpoint>,
}

/// What goes at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Breakpoint {
    /// When.
    pub at: Timestamp,
    /// The tags, as `repository:tag`.
    pub tags: Vec<String>,
    /// The manifests, as `repository@digest`.
    pub manifests: Vec<String>,
}

/// What goes when, from one moment to another: a plan at any moment between has gone what went until then.
///
/// It knows what a registry can do only as far as whether it deletes manifests at all.
#[must_use]
pub fn simulate(snapshot: &Snapshot, policy: &Policy, facts: &Facts, from: Timestamp, to: Timestamp) -> Timeline {
    let ends = ends(snapshot, policy, facts, micros(Some(from)), micros(Some(to)));
    let mut moments: BTreeMap<i64, Breakpoint> = BTreeMap::new();
    let last = micros(Some(to));
    let mut at = |moment: i64, put: &mut dyn FnMut(&mut Breakpoint)| {
        if moment <= last
            && let Some(at) = timestamp(moment)
        {
            put(moments.entry(moment).or_insert_with(|| Breakpoint { at, tags: Vec::new(), manifests: Vec::new() }));
        }
    };
    for (id, moment) in snapshot.tags().zip(&ends.tags) {
        at(*moment, &mut |point| point.tags.push(snapshot.tag_reference(id)));
    }
    for (id, moment) in snapshot.manifests().zip(&ends.manifests) {
        at(*moment, &mut |point| point.manifests.push(snapshot.manifest_reference(id)));
    }
    Timeline { from, to, breakpoints: moments.into_values().collect() }
}

struct Ends {
    tags: Vec<i64>,
    manifests: Vec<i64>,
}

fn ends(snapshot: &Snapshot, policy: &Policy, facts: &Facts, from: i64, to: i64) -> Ends {
    let mut tags = vec![EVER; snapshot.tags().len()];
    let mut own = vec![EVER; snapshot.manifests().len()];
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
        for (id, gone) in snapshot.manifests().zip(&mut own).filter(|(_, gone)| **gone == EVER) {
            let plain = snapshot.tags_at(id).any(|tag| snapshot.speaks_about(tag).is_none());
            let (_, until) = evaluation.manifest(id, plain);
            *gone = within(until).unwrap_or(EVER);
        }
    }
    for repository in snapshot.repositories() {
        let known =
            snapshot.is_complete(repository) && snapshot.manifests_of(repository).all(|id| snapshot.is_resolved(id));
        for id in snapshot.manifests_of(repository) {
            let tagged = snapshot.tags_at(id).filter_map(|tag| tags.get(tag.index())).max().copied();
            if let Some(gone) = own.get_mut(id.index()) {
                *gone =
                    if known && facts.capabilities.delete_manifest { tagged.unwrap_or(NOT).max(*gone) } else { EVER };
            }
        }
    }
    let manifests = lived(snapshot, &own);
    for (id, gone) in snapshot.tags().zip(&mut tags) {
        let end = |id: ManifestId| manifests.get(id.index()).copied().unwrap_or(EVER);
        match snapshot.speaks_about(id) {
            Some(Some(subject)) => *gone = (*gone).max(end(snapshot.target(id))).max(end(subject)),
            Some(None) => *gone = (*gone).max(end(snapshot.target(id))),
            None => {}
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
    order.sort_unstable_by_key(|(end, id)| (std::cmp::Reverse(*end), *id));
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

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.breakpoints.is_empty() {
            return write!(f, "nothing goes from {} to {}", self.from, self.to);
        }
        for (place, point) in self.breakpoints.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{}  {} tags, {} manifests", point.at, point.tags.len(), point.manifests.len())?;
            for name in point.tags.iter().chain(&point.manifests) {
                write!(f, "\n  {name}")?;
            }
        }
        Ok(())
    }
}
