//! The moments at which something may change, group by group.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::Theirs;
use super::emptied::Stretch;
use super::groups::Groups;
use crate::retain::plan::evaluation::Evaluation;
use crate::retain::plan::time;
use crate::retain::snapshot::timestamp;
use crate::retain::{ManifestId, Protection};

/// The moments after the first one at which something may change, by the numbers of groups.
pub(super) struct Schedule {
    moments: Vec<Vec<Timestamp>>,
    within: RangeInclusive<Timestamp>,
}

impl Schedule {
    /// The moments of the other system's rules, and those of the own holds where they count.
    pub(super) fn of(
        evaluation: &Evaluation<'_>,
        groups: &Groups,
        other: &dyn Theirs,
        protection: Protection,
        within: RangeInclusive<Timestamp>,
    ) -> Self {
        let snapshot = evaluation.snapshot;
        let mut schedule = Self::empty(snapshot.manifests().len(), within);
        for id in snapshot.manifests() {
            let group = groups.of_manifest(id);
            other.moments(snapshot, id, &mut |at| schedule.add(group, at));
            if protection == Protection::Full {
                own(evaluation, id, |at| schedule.add(group, shown_from(at)));
            }
        }
        schedule.in_order()
    }

    fn empty(rows: usize, within: RangeInclusive<Timestamp>) -> Self {
        Self { moments: vec![Vec::new(); rows], within }
    }

    fn add(&mut self, group: u32, at: Option<Timestamp>) {
        let at = at.filter(|at| self.within.contains(at) && at != self.within.start());
        if let (Some(at), Some(moments)) = (at, self.moments.get_mut(group as usize)) {
            moments.push(at);
        }
    }

    fn in_order(mut self) -> Self {
        for moments in &mut self.moments {
            moments.sort_unstable();
            moments.dedup();
        }
        self
    }

    /// Those of these groups alone, with the ends of stretches that matter to them.
    pub(super) fn again(mut self, of: &BTreeMap<u32, &Vec<Stretch>>) -> Self {
        let mut again = Self::empty(self.moments.len(), self.within.clone());
        for (group, stretches) in of {
            let place = *group as usize;
            if let (Some(from), Some(to)) = (self.moments.get_mut(place), again.moments.get_mut(place)) {
                to.append(from);
            }
            for stretch in *stretches {
                again.add(*group, Some(stretch.start));
                again.add(*group, stretch.end);
            }
        }
        again.in_order()
    }

    /// The most moments that a group has.
    pub(super) fn rounds(&self) -> usize {
        self.moments.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// The moment of a group at this place.
    pub(super) fn moment(&self, group: u32, place: usize) -> Option<Timestamp> {
        self.moments.get(group as usize)?.get(place).copied()
    }
}

/// The microseconds at which the own holds of a manifest and of its tags end, or begin to count from another time.
fn own(evaluation: &Evaluation<'_>, id: ManifestId, mut add: impl FnMut(i64)) {
    let (snapshot, basis) = (evaluation.snapshot, evaluation.policy.basis);
    add(evaluation.manifest(id, true).1);
    for tag in snapshot.tags_at(id).filter(|tag| snapshot.speaks_about(*tag).is_none()) {
        let later = time::written(snapshot, tag).map(|at| at.saturating_sub(time::AHEAD));
        for start in later.filter(|at| *at > evaluation.now).chain([evaluation.now]) {
            add(start);
            let at = time::of_tag(snapshot, tag, basis, start);
            evaluation.holds_of_age(tag, at, start).for_each(|(_, until)| add(until));
        }
    }
}

/// The first moment that is this many microseconds, once what is less than one is left out.
fn shown_from(at: i64) -> Option<Timestamp> {
    if at > 0 {
        return timestamp(at);
    }
    // Before 1970 it is left out on the other side.
    timestamp(at.saturating_sub(1))?.checked_add(SignedDuration::from_nanos(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retain::snapshot::micros;

    #[test]
    fn a_microsecond_is_shown_from_its_first_moment_on() {
        for at in [-1_000_001, -2, -1, 0, 1, 2, 1_000_001] {
            let first = shown_from(at).unwrap();
            let before = first - SignedDuration::from_nanos(1);
            assert_eq!((micros(Some(first)), micros(Some(before))), (at, at - 1), "{at}");
        }
        assert_eq!((shown_from(i64::MIN), shown_from(i64::MAX)), (None, None));
    }
}
