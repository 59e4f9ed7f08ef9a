//! Dice: numbers out of a seed, the same ones on every machine.

#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A sequence of its own for each `purpose`, so that a draw more for the one does not change the other.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let start = 0xCBF2_9CE4_8422_2325 ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(purpose.bytes().fold(start, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0, `end` excluded.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// The size of a layer: 0 and 1, a few bytes, or up to some 100 KiB.
    pub(crate) fn size(&mut self) -> usize {
        let end = *self.pick(&[1, 2, 100, 5_000, 70_000, 70_000, 300_000]);
        usize::try_from(self.below(end)).unwrap()
    }
}
