//! Sets of rows, one bit a row.

/// A set of small numbers. One that it has no room for is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(super) fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Of these words, 64 rows each.
    pub(super) fn of(words: Vec<u64>) -> Self {
        Self { words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn has(&self, at: u32) -> bool {
        self.words.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Whether it was not there before.
    pub(super) fn add(&mut self, at: u32) -> bool {
        let index = at as usize / 64;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        let bit = 1_u64 << (at % 64);
        let Some(word) = self.words.get_mut(index) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(super) fn remove(&mut self, at: u32) {
        if let Some(word) = self.words.get_mut(at as usize / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    /// Its members, from the least on.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let members = |(start, word): (u32, &u64)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(start + bit)
            })
        };
        (0..).step_by(64).zip(&self.words).flat_map(members)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
}

impl FromIterator<u32> for Bits {
    fn from_iter<I: IntoIterator<Item = u32>>(all: I) -> Self {
        let mut bits = Self::default();
        for one in all {
            bits.add(one);
        }
        bits
    }
}
