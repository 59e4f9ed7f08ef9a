//! When nothing with a tag is left of a repository but the tag that its registry does not take.

use jiff::Timestamp;

use super::groups::Groups;
use crate::retain::graph::last_tag::is_left;
use crate::retain::{ManifestId, Settled, Snapshot};

/// From one moment on, until another one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
}

impl Stretch {
    pub(super) fn has(&self, at: Timestamp) -> bool {
        at >= self.start && self.end.is_none_or(|end| at < end)
    }
}

/// Which groups have a plain tag that stays, while each is at a moment of its own.
pub(super) struct Lives {
    /// By the numbers of groups.
    alive: Vec<bool>,
    /// By repository: when how many more groups have something, or fewer.
    changes: Vec<Vec<(Timestamp, i64)>>,
}

impl Lives {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        Self {
            alive: vec![false; snapshot.manifests().len()],
            changes: vec![Vec::new(); snapshot.repositories().len()],
        }
    }

    /// Notes which groups have something now.
    pub(super) fn note(&mut self, snapshot: &Snapshot, groups: &Groups, now: &[Timestamp], settled: &Settled) {
        let before = std::mem::replace(&mut self.alive, vec![false; now.len()]);
        for tag in snapshot.tags().filter(|tag| is_left(snapshot, *tag, settled.tag(*tag).0)) {
            if let Some(alive) = self.alive.get_mut(groups.of_manifest(snapshot.target(tag)) as usize) {
                *alive = true;
            }
        }
        let rows = (0_u32..).map(ManifestId).zip(now).zip(before.into_iter().zip(&self.alive));
        for ((id, now), (before, after)) in rows.filter(|(_, (before, after))| before != *after) {
            if let Some(changes) = self.changes.get_mut(snapshot.repository_of(id).index()) {
                changes.push((*now, i64::from(*after) - i64::from(before)));
            }
        }
    }

    /// The stretches in which no group of a repository has anything, by repository.
    pub(super) fn emptied(self, from: Timestamp) -> Vec<Vec<Stretch>> {
        self.changes.into_iter().map(|changes| stretches(changes, from)).collect()
    }
}

fn stretches(mut changes: Vec<(Timestamp, i64)>, from: Timestamp) -> Vec<Stretch> {
    changes.push((from, 0));
    changes.sort_unstable();
    let (mut alive, mut stretches) = (0, Vec::<Stretch>::new());
    for at_once in changes.chunk_by(|one, other| one.0 == other.0) {
        let Some((at, _)) = at_once.first().copied() else { continue };
        alive += at_once.iter().map(|(_, change)| change).sum::<i64>();
        let open = stretches.last_mut().filter(|last| last.end.is_none());
        match (alive == 0, open) {
            (true, None) => stretches.push(Stretch { start: at, end: None }),
            (false, Some(open)) => open.end = Some(at),
            _ => {}
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_empty_while_no_group_has_anything() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let table = [
            (vec![], vec![(0, None)]),
            (vec![(0, 1)], vec![]),
            (vec![(0, 1), (0, 1), (5, -1)], vec![]),
            (vec![(0, 1), (0, 1), (7, -1), (5, -1)], vec![(7, None)]),
            (vec![(3, 1), (5, -1), (9, 1)], vec![(0, Some(3)), (5, Some(9))]),
            (vec![(0, 1), (5, -1), (5, 1)], vec![]),
        ];
        for (changes, expected) in table {
            let times = changes.iter().map(|(second, change)| (at(*second), *change)).collect();
            let expected: Vec<_> =
                expected.into_iter().map(|(start, end)| Stretch { start: at(start), end: end.map(at) }).collect();
            assert_eq!(stretches(times, at(0)), expected, "{changes:?}");
        }
    }
}
