//! Digests as bytes, and the table that gives each of them a number.

use std::collections::HashMap;
use std::fmt;

use lockage_tagging::{Algorithm, Digest};

/// A digest as its bytes, as a snapshot holds it. It takes no memory of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DigestKey {
    pub(super) head: [u8; 32],
    /// The second half of a sha512 digest.
    pub(super) tail: Option<[u8; 32]>,
}

impl DigestKey {
    /// The digest that has these bytes under sha256.
    #[must_use]
    pub fn sha256(bytes: [u8; 32]) -> Self {
        Self { head: bytes, tail: None }
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match &self.tail {
            None => Digest::from_bytes(Algorithm::Sha256, &self.head).ok(),
            Some(tail) => Digest::from_bytes(Algorithm::Sha512, &[self.head, *tail].concat()).ok(),
        }
    }

    pub(super) fn is_wide(&self) -> bool {
        self.tail.is_some()
    }
}

impl fmt::Display for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_wide() { "sha512:" } else { "sha256:" })?;
        self.head.iter().chain(self.tail.iter().flatten()).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&Digest> for DigestKey {
    type Error = UnknownAlgorithm;

    fn try_from(digest: &Digest) -> Result<Self, UnknownAlgorithm> {
        let hex = digest.hex();
        match digest.algorithm() {
            Algorithm::Sha256 => half(hex).map(|head| Self { head, tail: None }),
            Algorithm::Sha512 => hex
                .split_at_checked(64)
                .and_then(|(head, tail)| Some(Self { head: half(head)?, tail: Some(half(tail)?) })),
            _ => None,
        }
        .ok_or(UnknownAlgorithm)
    }
}

/// A digest of an algorithm that snapshots do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest of a snapshot is sha256 or sha512")]
pub struct UnknownAlgorithm;

/// The 32 bytes that 64 hexadecimal digits say.
pub(super) fn half(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// No row.
pub(in crate::retain) const NONE: u32 = u32::MAX;

/// A slot that nothing is in.
const EMPTY: u64 = u64::MAX;

/// The digests of all repositories, each with a number in its repository: open addressing over the first bytes, which are as
/// random as a hash. A slot has the number and four further bytes, so that another digest in it is told without a look at it:
/// in a large table every look is a wait for memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Digests {
    heads: Vec<[u8; 32]>,
    repositories: Vec<u32>,
    tails: HashMap<u32, [u8; 32]>,
    slots: Vec<u64>,
}

/// A slot for this digest with its number.
fn slot_of(id: u32, head: &[u8; 32]) -> u64 {
    let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *head;
    u64::from(u32::from_le_bytes([a, b, c, d])) << 32 | u64::from(id)
}

impl Digests {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn repository(&self, id: u32) -> u32 {
        self.repositories.get(id as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn key(&self, id: u32) -> DigestKey {
        let head = self.heads.get(id as usize).copied().unwrap_or_default();
        DigestKey { head, tail: self.tails.get(&id).copied() }
    }

    pub(super) fn head(&self, id: u32) -> &[u8; 32] {
        self.heads.get(id as usize).unwrap_or(&[0; 32])
    }

    /// The number of a digest that begins like this.
    pub(super) fn find(&self, repository: u32, wide: bool, head: &[u8; 32]) -> Option<u32> {
        let mut slot = self.slot(repository, head);
        let like = slot_of(0, head) >> 32;
        loop {
            let found = *self.slots.get(slot)?;
            if found == EMPTY {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "the lower half is the number")]
            let id = found as u32;
            if found >> 32 == like && self.is(id, repository, wide, head) {
                return Some(id);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn is(&self, id: u32, repository: u32, wide: bool, head: &[u8; 32]) -> bool {
        self.repository(id) == repository && self.head(id) == head && self.tails.contains_key(&id) == wide
    }

    /// The number of a digest, a new one where it has none. Nothing where there are too many, or where two of them differ in
    /// their second half alone.
    pub(super) fn intern(&mut self, repository: u32, key: &DigestKey) -> Option<u32> {
        if let Some(id) = self.find(repository, key.is_wide(), &key.head) {
            return (self.tails.get(&id) == key.tail.as_ref()).then_some(id);
        }
        let id = u32::try_from(self.heads.len()).ok().filter(|id| *id < NONE / 2)?;
        self.heads.push(key.head);
        self.repositories.push(repository);
        if let Some(tail) = key.tail {
            self.tails.insert(id, tail);
        }
        // Three quarters full at most, so that a search ends soon.
        if self.heads.len() * 4 > self.slots.len() * 3 {
            self.rehash();
        } else {
            self.place(id);
        }
        Some(id)
    }

    fn slot(&self, repository: u32, head: &[u8; 32]) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = *head;
        let hash =
            u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ u64::from(repository).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The bits that are dropped are no better than those that stay.
        #[expect(clippy::cast_possible_truncation, reason = "the number of slots is a power of two far below")]
        let hash = (hash ^ hash >> 32) as usize;
        hash & self.slots.len().saturating_sub(1)
    }

    fn place(&mut self, id: u32) {
        let head = *self.head(id);
        let mut slot = self.slot(self.repository(id), &head);
        while let Some(place) = self.slots.get_mut(slot) {
            if *place == EMPTY {
                *place = slot_of(id, &head);
                return;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn rehash(&mut self) {
        let len = (self.heads.len() * 2).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(len, EMPTY);
        for id in 0..u32::try_from(self.heads.len()).unwrap_or(NONE) {
            self.place(id);
        }
    }

    /// The same digests in this order, with repositories renamed, and room for no more.
    pub(super) fn ordered(self, order: &[u32], repositories: &[u32]) -> Self {
        let Self { heads, repositories: of, tails, slots } = self;
        let mut slots = slots;
        slots.clear();
        let at = |id: &u32| heads.get(*id as usize).copied().unwrap_or_default();
        let ordered: Vec<_> = order.iter().map(at).collect();
        drop(heads);
        let rank = |id: &u32| of.get(*id as usize).and_then(|old| repositories.get(*old as usize)).copied();
        let of = order.iter().map(|id| rank(id).unwrap_or(NONE)).collect();
        let tails = if tails.is_empty() {
            tails
        } else {
            (0_u32..).zip(order).filter_map(|(new, old)| Some((new, *tails.get(old)?))).collect()
        };
        let mut all = Self { heads: ordered, repositories: of, tails, slots };
        all.rehash();
        all
    }
}
