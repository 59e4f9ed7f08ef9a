//! Digests as bytes, and all of a snapshot in their order.

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

    /// As people read it: its algorithm and its first twelve digits.
    pub(in crate::retain) fn short(&self) -> impl fmt::Display {
        let [a, b, c, d, e, f, ..] = self.head;
        let algorithm = if self.is_wide() { "sha512" } else { "sha256" };
        let number = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Short(algorithm, number)
    }

    pub(super) fn is_wide(&self) -> bool {
        self.tail.is_some()
    }
}

struct Short(&'static str, u64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:012x}", self.0, self.1)
    }
}

impl fmt::Display for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_wide() { "sha512:" } else { "sha256:" })?;
        [Some(&self.head), self.tail.as_ref()].into_iter().flatten().try_for_each(|half| {
            let mut hex = [0; 64];
            for (pair, byte) in hex.chunks_exact_mut(2).zip(half) {
                pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            }
            f.write_str(std::str::from_utf8(&hex).unwrap_or_default())
        })
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
    let (mut bytes, mut all) = ([0; 32], 0);
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let (high, low) = (nibble(*high), nibble(*low));
        all |= high | low;
        *byte = high << 4 | low & 15;
    }
    (all < 16).then_some(bytes)
}

fn digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

/// What a digit says; more than 15 where it is none.
fn nibble(digit: u8) -> u8 {
    let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    if number < 10 {
        number
    } else if letter < 6 {
        letter + 10
    } else {
        u8::MAX
    }
}

/// No row.
pub(in crate::retain) const NONE: u32 = u32::MAX;

/// The digests of a snapshot, each with its number: those with a manifest first; each by its repository, algorithm and bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Digests {
    heads: Vec<[u8; 32]>,
    tails: HashMap<u32, [u8; 32]>,
    /// How many have a manifest.
    rows: u32,
    /// For each repository, where its manifests end, and where its other digests do.
    ends: Vec<(u32, u32)>,
}

impl Digests {
    /// Of these, in order; `counts` says how many manifests and how many other digests each repository has.
    pub(super) fn new(heads: Vec<[u8; 32]>, tails: HashMap<u32, [u8; 32]>, counts: &[(u32, u32)]) -> Self {
        let rows = counts.iter().map(|(manifests, _)| manifests).sum();
        let (mut manifests, mut others) = (0, rows);
        let ends = counts.iter().map(|(here, elsewhere)| {
            (manifests, others) = (manifests + here, others + elsewhere);
            (manifests, others)
        });
        let ends = ends.collect();
        Self { heads, tails, rows, ends }
    }

    pub(super) fn repository(&self, id: u32) -> u32 {
        let ends = |(manifests, others): &(u32, u32)| if id < self.rows { *manifests <= id } else { *others <= id };
        u32::try_from(self.ends.partition_point(ends)).unwrap_or(NONE)
    }

    pub(super) fn key(&self, id: u32) -> DigestKey {
        DigestKey { head: *self.head(id), tail: self.tails.get(&id).copied() }
    }

    pub(super) fn head(&self, id: u32) -> &[u8; 32] {
        self.heads.get(id as usize).unwrap_or(&[0; 32])
    }

    /// The manifest of a repository whose digest begins like this.
    pub(super) fn find(&self, repository: u32, wide: bool, head: &[u8; 32]) -> Option<u32> {
        let before = repository.checked_sub(1).and_then(|before| self.ends.get(before as usize));
        let mut low = before.map_or(0, |(manifests, _)| *manifests);
        let mut high = self.ends.get(repository as usize)?.0;
        while low < high {
            let middle = low + (high - low) / 2;
            match (self.tails.contains_key(&middle), self.head(middle)).cmp(&(wide, head)) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_are_written_and_nothing_else_is() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 37 % 256).unwrap_or_default());
        let text = DigestKey::sha256(bytes).to_string();
        let hex = text.trim_start_matches("sha256:");
        assert_eq!(half(hex), Some(bytes));
        assert!(text.starts_with(&DigestKey::sha256(bytes).short().to_string()));
        for other in (0..=u8::MAX).filter(|byte| byte.is_ascii() && !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            for at in [0, 1, 40, 63] {
                let mut wrong = hex.as_bytes().to_vec();
                wrong.iter_mut().skip(at).take(1).for_each(|byte| *byte = other);
                assert_eq!(half(&String::from_utf8_lossy(&wrong)), None, "{other} at {at}");
            }
        }
        assert_eq!((half(hex.trim_start_matches('0')), half(&format!("{hex}0"))), (None, None));
    }
}
