//! In which order manifests can be deleted: each after everything that names it and goes as well.

use std::collections::HashMap;

use crate::retain::bits::Bits;
use crate::retain::{ManifestId, Snapshot};

/// The manifests that go, parents before children and referrers before their subjects. A structural tag is no hash, so it may
/// lie, and what it says yields where it contradicts the hashes.
pub(super) fn order(snapshot: &Snapshot, goes: &Bits) -> Vec<ManifestId> {
    let rows = snapshot.manifests();
    let going = || goes.iter().map(ManifestId);
    let mut soft: Vec<(u32, u32)> = snapshot
        .structural_tags()
        .filter_map(|(tag, subject)| Some((snapshot.target(tag).0, subject?.0)))
        .filter(|(from, to)| from != to && goes.has(*from) && goes.has(*to))
        .collect();
    soft.sort_unstable();
    soft.dedup();
    let soft_of = |from: u32| {
        let start = soft.partition_point(|(other, _)| *other < from);
        soft.get(start..).unwrap_or_default().iter().take_while(move |(other, _)| *other == from).map(|(_, to)| *to)
    };
    let hard_of = |from: ManifestId| {
        snapshot
            .children(from)
            .chain(snapshot.subject(from))
            .map(|to| to.0)
            .filter(move |to| *to != from.0 && goes.has(*to))
    };
    // How many that go name it, by hash and in all. Without such tags that is the same, and counted once.
    let has_soft = !soft.is_empty();
    let mut hard = Counts::new(if has_soft { rows.len() } else { 0 });
    let mut all = Counts::new(rows.len());
    for from in going() {
        for to in hard_of(from) {
            if has_soft {
                hard.add(to);
            }
            all.add(to);
        }
        soft_of(from.0).for_each(|to| all.add(to));
    }

    let mut done = Bits::new(rows.len());
    let mut ordered = Vec::with_capacity(goes.count());
    let mut wave: Vec<u32> = going().map(|id| id.0).filter(|id| all.is_zero(*id)).collect();
    let mut rest = going().map(|id| id.0);
    loop {
        let mut next = Vec::new();
        for from in wave.drain(..) {
            if !done.add(from) {
                continue;
            }
            ordered.push(ManifestId(from));
            for to in hard_of(ManifestId(from)) {
                if has_soft {
                    hard.take(to);
                }
                if all.take(to) {
                    next.push(to);
                }
            }
            next.extend(soft_of(from).filter(|to| all.take(*to)));
        }
        if next.is_empty() {
            // Something is left only where a tag closes a circle, or the snapshot lies about hashes.
            let stuck = |id: &u32| !done.has(*id);
            let free = |id: &u32| if has_soft { hard.is_zero(*id) } else { all.is_zero(*id) };
            next.extend(going().map(|id| id.0).filter(stuck).filter(free));
            if next.is_empty() {
                next.extend(rest.by_ref().find(stuck));
            }
            if next.is_empty() {
                return ordered;
            }
        }
        wave = in_order(next, rows.len());
    }
}

/// Rows by their numbers; each once where there are many.
fn in_order(mut rows: Vec<u32>, all: usize) -> Vec<u32> {
    if rows.len() < all / 64 {
        rows.sort_unstable();
        return rows;
    }
    let set: Bits = rows.iter().copied().collect();
    rows.clear();
    rows.extend(set.iter());
    rows
}

/// A count for each row. It is nearly always one or none, and one bit each stays in the cache of a processor.
struct Counts {
    rows: usize,
    some: Bits,
    /// Those that are larger than one, and by how much: as far as a byte goes, and beyond.
    is_more: Bits,
    more: Vec<u8>,
    most: HashMap<u32, u32>,
}

impl Counts {
    fn new(rows: usize) -> Self {
        Self { rows, some: Bits::new(rows), is_more: Bits::new(rows), more: Vec::new(), most: HashMap::new() }
    }

    fn is_zero(&self, row: u32) -> bool {
        !self.some.has(row)
    }

    fn add(&mut self, row: u32) {
        if self.some.add(row) {
            return;
        }
        self.is_more.add(row);
        self.more.resize(self.rows, 0);
        match self.more.get_mut(row as usize) {
            Some(more) if *more < u8::MAX => *more += 1,
            Some(_) => *self.most.entry(row).or_default() += 1,
            None => {}
        }
    }

    /// Takes one away, where there is one; whether none is left.
    fn take(&mut self, row: u32) -> bool {
        if !self.is_more.has(row) {
            self.some.remove(row);
            return true;
        }
        let Some(more) = self.more.get_mut(row as usize) else { return false };
        match self.most.get_mut(&row) {
            Some(1) => drop(self.most.remove(&row)),
            Some(most) => *most -= 1,
            None => *more = more.saturating_sub(1),
        }
        if *more == 0 {
            self.is_more.remove(row);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_right_however_large() {
        for most in [1_u32, 2, 3, 255, 256, 257, 258, 1000] {
            let mut counts = Counts::new(2);
            (0..most).for_each(|_| counts.add(1));
            for left in (0..most).rev() {
                assert!(!counts.is_zero(1));
                assert_eq!(counts.take(1), left == 0, "{left} of {most}");
            }
            assert!(counts.is_zero(1) && counts.is_zero(0) && counts.take(1));
        }
    }

    #[test]
    fn few_rows_and_many_come_in_the_same_order() {
        for all in [10, 1_000_000] {
            assert_eq!(in_order(vec![7, 0, 9, 3], all), [0, 3, 7, 9]);
        }
    }
}
