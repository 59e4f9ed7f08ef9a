//! Which digests of a builder are the same, which of them are manifests, and in which order they are.

use super::key::NONE;
use super::{SnapshotBuilder, SnapshotError};
use crate::retain::parallel;

/// The digests of a snapshot by number: those with a manifest first; each by its repository's name, algorithm and bytes.
pub(super) struct Numbered {
    /// The number of each, by the number that the builder gave to it.
    pub(super) new: Vec<u32>,
    /// For each, a number that the builder gave to it.
    pub(super) order: Vec<u32>,
    /// For each that is a manifest, its row in the builder; none where only a tag says that it is there.
    pub(super) rows: Vec<u32>,
    /// For each repository by its name, how many manifests it has, and how many other digests.
    pub(super) counts: Vec<(u32, u32)>,
}

impl Numbered {
    /// `ranks` is the place of each repository by its name.
    ///
    /// # Errors
    /// Where a manifest is there twice, or two digests differ in their second half alone.
    pub(super) fn of(builder: &SnapshotBuilder, ranks: &[u32]) -> Result<Self, SnapshotError> {
        let named = &builder.named;
        let mut all = sorted(builder, ranks);
        let len = all.len();
        let (mut new, mut counts) = (vec![NONE; len], vec![(0, 0); ranks.len()]);
        let (mut order, mut rows) = (Vec::with_capacity(len), Vec::with_capacity(len));
        // What is named and not there, with how many such came before it.
        let (mut elsewhere, mut others): (Vec<(u32, u32)>, Vec<u32>) = (Vec::new(), Vec::new());
        for alike in all.chunk_by_mut(|one, other| one >> 64 == other >> 64) {
            let bytes = |entry: &u128| (named.head(id(*entry)), named.tail(id(*entry)));
            if alike.len() > 1 {
                alike.sort_unstable_by(|one, other| (bytes(one), one).cmp(&(bytes(other), other)));
                let half = |one: &u128, other: &u128| bytes(one).0 == bytes(other).0 && bytes(one).1 != bytes(other).1;
                if alike.iter().zip(alike.iter().skip(1)).any(|(one, other)| half(one, other)) {
                    return Err(SnapshotError::TooLarge);
                }
            }
            for same in alike.chunk_by(|one, other| bytes(one).0 == bytes(other).0) {
                let Some(first) = same.first().map(|entry| id(*entry)) else { continue };
                let mut with_row = same.iter().map(|entry| row(*entry)).filter(|row| *row != NONE);
                let with = with_row.next();
                if with_row.next().is_some() {
                    return Err(builder.twice(first));
                }
                let count = same.first().and_then(|entry| counts.get_mut(rank(*entry, ranks) as usize));
                if with.is_none() && !same.iter().any(|entry| builder.tagged.has(id(*entry))) {
                    count.into_iter().for_each(|(_, others)| *others += 1);
                    let place = u32::try_from(others.len()).unwrap_or(NONE);
                    elsewhere.extend(same.iter().map(|entry| (id(*entry), place)));
                    others.push(first);
                    continue;
                }
                count.into_iter().for_each(|(manifests, _)| *manifests += 1);
                let place = u32::try_from(order.len()).unwrap_or(NONE);
                for entry in same {
                    new.get_mut(id(*entry) as usize).into_iter().for_each(|new| *new = place);
                }
                order.push(first);
                rows.push(with.unwrap_or(NONE));
            }
        }
        let before = u32::try_from(order.len()).unwrap_or(NONE);
        for (id, place) in elsewhere {
            new.get_mut(id as usize).into_iter().for_each(|new| *new = before + place);
        }
        order.append(&mut others);
        Ok(Self { new, order, rows, counts })
    }

    /// The number of what the builder has under this one.
    pub(super) fn number(&self, old: u32) -> u32 {
        self.new.get(old as usize).copied().unwrap_or(NONE)
    }
}

/// The builder's number of an entry.
#[expect(clippy::cast_possible_truncation, reason = "it is between")]
fn id(entry: u128) -> u32 {
    (entry >> 32) as u32
}

/// The row of an entry.
#[expect(clippy::cast_possible_truncation, reason = "the lowest part is the row")]
fn row(entry: u128) -> u32 {
    entry as u32
}

/// How many bits it takes to write how many repositories there are.
fn bits(ranks: &[u32]) -> u32 {
    u64::BITS - (ranks.len() as u64).leading_zeros()
}

/// The place of an entry's repository.
#[expect(clippy::cast_possible_truncation, reason = "it was put there as a number of 32 bits")]
fn rank(entry: u128, ranks: &[u32]) -> u32 {
    (entry >> (64 + 63 - bits(ranks)) >> 1) as u32
}

/// The builder's numbers and rows, below what comes first in the order: repository, algorithm, and as many bits of the digest as
/// there is room for, which decide nearly always.
fn sorted(builder: &SnapshotBuilder, ranks: &[u32]) -> Vec<u128> {
    let named = &builder.named;
    let bits = bits(ranks);
    let entry = |id: u32| {
        let rank = ranks.get(named.repository(id) as usize).copied().unwrap_or(NONE);
        let [a, b, c, d, e, f, g, h, ..] = *named.head(id);
        let before = u64::from(rank) << 1 | u64::from(named.tail(id).is_some());
        let first = before << (63 - bits) | u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> (bits + 1);
        u128::from(first) << 64 | u128::from(id) << 32 | u128::from(builder.row(id))
    };
    let mut all = parallel::map(named.len(), 0, entry);
    parallel::sort_by(&mut all, Ord::cmp);
    all
}
