//! Sets of units.

/// A set of units, as ranges in order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set {
    ranges: Vec<(u32, u32)>,
}

impl Set {
    pub(super) fn one(unit: u32) -> Self {
        Self { ranges: vec![(unit, unit)] }
    }

    pub(super) fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.1.saturating_add(1) => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        Self { ranges: merged }
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(super) fn contains(&self, unit: u32) -> bool {
        let index = self.ranges.partition_point(|&(_, end)| end < unit);
        self.ranges.get(index).is_some_and(|&(start, _)| start <= unit)
    }

    /// All units up to `last` that are not in the set.
    pub(super) fn complement(&self, last: u32) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(start, end) in &self.ranges {
            if start > next {
                ranges.push((next, start - 1));
            }
            next = end.saturating_add(1);
        }
        if next <= last {
            ranges.push((next, last));
        }
        Self { ranges }
    }
}

/// Ranges of ASCII characters.
pub(super) fn ascii(ranges: &[(u8, u8)]) -> Set {
    Set::of(ranges.iter().map(|&(start, end)| (start.into(), end.into())))
}

pub(super) fn digits() -> Set {
    ascii(&[(b'0', b'9')])
}

pub(super) fn words() -> Set {
    ascii(&[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')])
}

pub(super) fn blanks() -> Set {
    Set::of([
        (0x09, 0x0d),
        (0x20, 0x20),
        (0xa0, 0xa0),
        (0x1680, 0x1680),
        (0x2000, 0x200a),
        (0x2028, 0x2029),
        (0x202f, 0x202f),
        (0x205f, 0x205f),
        (0x3000, 0x3000),
        (0xfeff, 0xfeff),
    ])
}

pub(super) fn line_ends() -> Set {
    Set::of([(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)])
}
