//! Numbers for digests while rows come in, before it is known which of them are the same.

use std::collections::HashMap;

use super::SnapshotError;
use super::key::{DigestKey, NONE};

/// As many digests as are remembered: those of an index, its children and what speaks about it come one after another nearly
/// always, and so few of them stay in the cache of a processor.
const RECENT: usize = 1 << 13;

/// Digests with their numbers. One that was named a short while ago has the number that it had then. Any other has a new one,
/// and may so have several: a table of all of them would be a wait for memory at each row, and they are sorted at the end
/// anyway.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    heads: Vec<[u8; 32]>,
    repositories: Vec<u32>,
    tails: HashMap<u32, [u8; 32]>,
    /// Numbers, each with a further part of its digest: what another digest has is told without a look at that.
    recent: Vec<(u32, u32)>,
}

impl Named {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.heads.len()).unwrap_or(NONE)
    }

    pub(super) fn repository(&self, id: u32) -> u32 {
        self.repositories.get(id as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn head(&self, id: u32) -> &[u8; 32] {
        self.heads.get(id as usize).unwrap_or(&[0; 32])
    }

    pub(super) fn tail(&self, id: u32) -> Option<&[u8; 32]> {
        self.tails.get(&id)
    }

    pub(super) fn key(&self, id: u32) -> DigestKey {
        DigestKey { head: *self.head(id), tail: self.tail(id).copied() }
    }

    /// A number of a digest.
    pub(super) fn number(&mut self, repository: u32, key: &DigestKey) -> Result<u32, SnapshotError> {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, (NONE, 0));
        }
        let [a, b, c, d, e, f, g, h, ..] = key.head;
        let part = u32::from_le_bytes([e, f, g, h]);
        // They are as random as a hash.
        let slot = (u32::from_le_bytes([a, b, c, d]) ^ repository.wrapping_mul(0x9e37_79b9)) as usize % RECENT;
        let (known, of) = self.recent.get(slot).copied().unwrap_or((NONE, 0));
        if part == of
            && self.heads.get(known as usize) == Some(&key.head)
            && self.repository(known) == repository
            && self.tail(known) == key.tail.as_ref()
        {
            return Ok(known);
        }
        let id = u32::try_from(self.heads.len()).ok().filter(|id| *id < NONE / 2).ok_or(SnapshotError::TooLarge)?;
        self.heads.push(key.head);
        self.repositories.push(repository);
        if let Some(tail) = key.tail {
            self.tails.insert(id, tail);
        }
        self.recent.get_mut(slot).into_iter().for_each(|place| *place = (id, part));
        Ok(id)
    }

    /// The first halves and, where they have one, the second halves of these.
    pub(super) fn ordered(self, order: &[u32]) -> (Vec<[u8; 32]>, HashMap<u32, [u8; 32]>) {
        let heads = order.iter().map(|id| *self.head(*id)).collect();
        if self.tails.is_empty() {
            return (heads, HashMap::new());
        }
        let tails = (0_u32..).zip(order).filter_map(|(new, old)| Some((new, *self.tails.get(old)?))).collect();
        (heads, tails)
    }
}
