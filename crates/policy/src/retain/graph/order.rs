//! In which order manifests can be deleted: each after everything that names it and goes as well.

use crate::retain::bits::Bits;
use crate::retain::{ManifestId, Snapshot};

/// The manifests that go, parents before children and referrers before their subjects. A structural tag is no hash, so it may
/// lie, and what it says yields where it contradicts the hashes.
pub(super) fn order(snapshot: &Snapshot, goes: &Bits) -> Vec<ManifestId> {
    let rows = snapshot.manifests();
    let going = || rows.clone().filter(|id| goes.has(id.0));
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
    let mut hard = vec![0_u32; if has_soft { rows.len() } else { 0 }];
    let mut all = vec![0_u32; rows.len()];
    let add = |counts: &mut Vec<u32>, at: u32| {
        if let Some(count) = counts.get_mut(at as usize) {
            *count += 1;
        }
    };
    for from in going() {
        for to in hard_of(from) {
            add(&mut hard, to);
            add(&mut all, to);
        }
        soft_of(from.0).for_each(|to| add(&mut all, to));
    }
    let take = |counts: &mut Vec<u32>, at: u32| {
        counts.get_mut(at as usize).is_some_and(|count| {
            *count = count.saturating_sub(1);
            *count == 0
        })
    };
    let none = |counts: &[u32], at: u32| counts.get(at as usize).is_none_or(|count| *count == 0);

    let mut done = Bits::new(rows.len());
    let mut ordered = Vec::with_capacity(goes.count());
    let mut wave: Vec<u32> = going().map(|id| id.0).filter(|id| none(&all, *id)).collect();
    let mut rest = going().map(|id| id.0);
    loop {
        let mut next = Vec::new();
        for from in wave.drain(..) {
            if !done.add(from) {
                continue;
            }
            ordered.push(ManifestId(from));
            for to in hard_of(ManifestId(from)) {
                take(&mut hard, to);
                if take(&mut all, to) {
                    next.push(to);
                }
            }
            next.extend(soft_of(from).filter(|to| take(&mut all, *to)));
        }
        next.sort_unstable();
        if next.is_empty() {
            // Something is left only where a tag closes a circle, or the snapshot lies about hashes.
            let stuck = |id: &u32| !done.has(*id);
            next.extend(
                going().map(|id| id.0).filter(stuck).filter(|id| none(if has_soft { &hard } else { &all }, *id)),
            );
            if next.is_empty() {
                next.extend(rest.by_ref().find(stuck));
            }
            if next.is_empty() {
                return ordered;
            }
        }
        wave = next;
    }
}
