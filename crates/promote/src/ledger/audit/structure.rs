//! What is asked of all entries together: that what stands before each is there, is not younger, and that nothing stands
//! before itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use lockage_registry::Digest;

use super::Finding;
use crate::ledger::Entry;

/// What an entry is in the whole.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Bones {
    pub(in crate::ledger) parents: Vec<Digest>,
    pub(in crate::ledger) at: SystemTime,
}

/// The whole.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Structure {
    pub(in crate::ledger) entries: BTreeMap<Digest, Bones>,
    /// What is there, and was found to be nothing: it is not missing as well.
    pub(in crate::ledger) broken: BTreeSet<Digest>,
}

impl From<&Entry> for Bones {
    fn from(entry: &Entry) -> Self {
        Self { parents: entry.parents.clone(), at: entry.at }
    }
}

impl Structure {
    /// What is wrong with the whole, where clocks may differ by `skew`.
    pub(in crate::ledger) fn judge(&self, skew: Duration) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (id, bones) in &self.entries {
            for parent in &bones.parents {
                match self.entries.get(parent) {
                    Some(before) if bones.at.checked_add(skew).is_some_and(|at| at < before.at) => {
                        findings.push(Finding::backdated(id, bones.at, parent, before.at));
                    }
                    None if !self.broken.contains(parent) => {
                        findings.push(Finding::Missing {
                            id: parent.clone(),
                            known_from: format!("it stands before {id}"),
                        });
                    }
                    _ => {}
                }
            }
        }
        findings.extend(self.circle().map(|id| Finding::Circle { id }));
        findings
    }

    /// Those of `expected` that are not there, nor anything that is left of them.
    pub(in crate::ledger) fn lost(&self, expected: &[Digest]) -> Vec<Finding> {
        let lost = expected.iter().filter(|id| !self.knows(id));
        let known_from = || "whoever asked has seen it".to_owned();
        lost.map(|id| Finding::Missing { id: id.clone(), known_from: known_from() }).collect()
    }

    /// The entries that have none behind them.
    pub(in crate::ledger) fn heads(&self) -> Vec<Digest> {
        let passed: BTreeSet<&Digest> = self.entries.values().flat_map(|bones| &bones.parents).collect();
        self.entries.keys().filter(|id| !passed.contains(id)).cloned().collect()
    }

    /// Whether the entry is there, or what is left of it.
    pub(in crate::ledger) fn knows(&self, id: &Digest) -> bool {
        self.entries.contains_key(id) || self.broken.contains(id)
    }

    /// Those of `ids` that have none of them behind them.
    pub(in crate::ledger) fn heads_within(&self, ids: &[Digest]) -> Vec<Digest> {
        let within = ids.iter().filter_map(|id| Some((id.clone(), self.entries.get(id)?.clone()))).collect();
        Self { entries: within, broken: BTreeSet::new() }.heads()
    }

    /// The entries in the order of a chronicle: parents first, and among those that do not know of each other by time.
    pub(in crate::ledger) fn in_order(&self) -> Vec<Digest> {
        let (sorted, _) = self.sort();
        sorted.into_iter().cloned().collect()
    }

    /// Those that stand behind one that a chronicle has after them, where they are written down in this order.
    pub(in crate::ledger) fn out_of_order<'a>(&self, order: &[&'a Digest]) -> BTreeSet<&'a Digest> {
        let (sorted, _) = self.sort();
        let ranks: BTreeMap<&Digest, usize> = sorted.into_iter().enumerate().map(|(rank, id)| (id, rank)).collect();
        let mut last = 0;
        let is_behind = |id: &&&Digest| {
            let rank = ranks.get(**id).copied().unwrap_or(usize::MAX);
            let is_behind = rank < last;
            last = last.max(rank);
            is_behind
        };
        order.iter().filter(is_behind).copied().collect()
    }

    /// Those that do not stand behind the one before them alone, where all are written down in this order; what is missing or
    /// broken is told as such.
    pub(in crate::ledger) fn unchained<'a>(&self, order: &[&'a Digest]) -> BTreeSet<&'a Digest> {
        let before = std::iter::once(None).chain(order.iter().copied().map(Some));
        let follows = |id: &Digest, before: Option<&Digest>| {
            let parents: &[Digest] = self.entries.get(id).map_or(&[], |bones| &bones.parents);
            parents.iter().eq(before) || parents.iter().any(|parent| !self.entries.contains_key(parent))
        };
        let unchained = order.iter().copied().zip(before).filter(|(id, before)| !follows(id, *before));
        unchained.map(|(id, _)| id).collect()
    }

    fn circle(&self) -> Option<Digest> {
        let (_, left) = self.sort();
        left.into_iter().next().cloned()
    }

    /// The entries in order, and those that stand in a circle.
    fn sort(&self) -> (Vec<&Digest>, BTreeSet<&Digest>) {
        let mut children: BTreeMap<&Digest, Vec<&Digest>> = BTreeMap::new();
        let mut missing: BTreeMap<&Digest, usize> = BTreeMap::new();
        for (id, bones) in &self.entries {
            let known: BTreeSet<_> = bones.parents.iter().filter(|parent| self.entries.contains_key(*parent)).collect();
            missing.insert(id, known.len());
            for parent in known {
                children.entry(parent).or_default().push(id);
            }
        }
        let at = |id: &Digest| self.entries.get(id).map(|bones| bones.at);
        let mut free: BTreeSet<_> =
            missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| (at(id), *id)).collect();
        let mut sorted = Vec::new();
        while let Some((_, id)) = free.pop_first() {
            sorted.push(id);
            missing.remove(id);
            for child in children.get(id).into_iter().flatten() {
                if let Some(count) = missing.get_mut(child) {
                    *count -= 1;
                    if *count == 0 {
                        free.insert((at(child), child));
                    }
                }
            }
        }
        (sorted, missing.into_keys().collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use lockage_registry::{Algorithm, digest_of};

    use super::*;

    fn id(n: u8) -> Digest {
        digest_of(Algorithm::Sha256, &[n]).unwrap()
    }

    fn structure(entries: &[(u8, &[u8], u64)]) -> Structure {
        let bones = |(n, parents, at): &(u8, &[u8], u64)| {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(*at);
            (id(*n), Bones { parents: parents.iter().copied().map(id).collect(), at })
        };
        Structure { entries: entries.iter().map(bones).collect(), broken: BTreeSet::new() }
    }

    #[test]
    fn what_stands_before_has_to_be_there_and_be_older() {
        let skew = Duration::from_secs(60);
        let sound = structure(&[(1, &[], 100), (2, &[1], 200), (3, &[1], 150), (4, &[2, 3], 145)]);
        assert_eq!(sound.judge(skew), []);
        assert_eq!(sound.heads(), [id(4)]);
        assert_eq!(sound.in_order(), [id(1), id(3), id(2), id(4)]);
        let missing = structure(&[(2, &[1], 200)]);
        assert!(matches!(&missing.judge(skew)[..], [Finding::Missing { id: lost, .. }] if *lost == id(1)));
        let broken = Structure { broken: BTreeSet::from([id(1)]), ..missing };
        assert_eq!(broken.judge(skew), []);
        let early = structure(&[(1, &[], 261), (2, &[1], 200)]);
        assert_eq!(early.judge(skew), [Finding::Backdated { id: id(2), parent: id(1), seconds: 61 }]);
    }

    /// No digest can be made to stand before itself, and whoever breaks SHA-256 is told of all the same.
    #[test]
    fn a_circle_is_found_and_ends() {
        let circle = structure(&[(1, &[2], 1), (2, &[1], 1), (3, &[], 1), (4, &[2], 1)]);
        assert!(matches!(&circle.judge(Duration::from_secs(9))[..], [Finding::Circle { .. }]));
        assert_eq!(circle.in_order(), [id(3)]);
    }
}
