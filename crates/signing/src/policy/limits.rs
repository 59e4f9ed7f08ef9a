//! `Limits`: how much is read of what strangers attach to an image.

/// How much one verification reads. What is above is never ignored in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Signatures and attestations of one manifest, in both layouts together; 256.
    pub candidates: usize,
    /// The bytes of one payload, envelope or bundle; 16 MiB.
    pub document: u64,
    /// The bytes of all of them; 64 MiB.
    pub total: u64,
    /// Children of an index, where they are looked at; 1,000.
    pub children: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { candidates: 256, document: 16 << 20, total: 64 << 20, children: 1000 }
    }
}
