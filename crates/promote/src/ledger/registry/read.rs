//! Reading: the tags are listed, and only what is not known yet is fetched.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use futures_timer::Delay;
use lockage_registry::{Digest, Tag};

use super::artifact::{self, at_once};
use super::name::{CheckpointTag, EntryTag};
use super::pool::Pool;
use super::{FRESH, RegistryLedger};
use crate::ledger::audit::Finding;
use crate::ledger::written::Written;
use crate::ledger::{LedgerError, Recorded};

/// A listing that takes several pages may show an entry and not what was written just before it: then it is listed again.
const LISTINGS: u32 = 4;

/// As long as no more are unknown, they are read one by one.
const FEW: usize = 8;

/// So many pieces of a checkpoint are fetched at once: each may be large.
const PIECES: usize = 3;

/// So many checkpoints that do not count are looked at before all entries are read one by one.
const CHECKPOINTS: usize = 16;

impl RegistryLedger {
    /// Learns what is new, unless the tags were listed less than `fresh` ago.
    pub(super) async fn refresh(&self, fresh: Duration) -> Result<(), LedgerError> {
        let _turn = self.turn.lock().await;
        if self.known().listed.is_some_and(|listed| listed.elapsed() < fresh) {
            return Ok(());
        }
        self.catch_up(false).await.map(drop)
    }

    /// Learns what is new: by the largest checkpoint, `always` or where that helps, and one by one.
    pub(super) async fn catch_up(&self, always: bool) -> Result<(), LedgerError> {
        let mut pool = Pool::default();
        for listing in 1.. {
            let begun = Instant::now();
            let tags = artifact::tags(&*self.shelf.target, &self.shelf.repository).await;
            let tags = tags.map_err(|error| LedgerError::registry("read", error))?;
            if tags.is_empty() && !self.known().entries.is_empty() {
                return Err(LedgerError::Gone { ledger: self.shelf.name.clone() });
            }
            if self.has_begun && tags.iter().all(|tag| EntryTag::parse(tag).is_none()) {
                return Err(LedgerError::NotBegun { ledger: self.shelf.name.clone() });
            }
            if always || self.unknown(&tags, FEW + 1).len() > FEW {
                self.use_checkpoint(&tags, &mut pool).await?;
            }
            self.fetch(self.unknown(&tags, usize::MAX), &mut pool).await?;
            match self.settle(tags, begun) {
                None => break,
                Some(id) if listing == LISTINGS => {
                    let known_from = "another entry stands behind it".to_owned();
                    return Err(LedgerError::Unsound(Finding::Missing { id, known_from }));
                }
                Some(_) => {}
            }
            Delay::new(Duration::from_millis(50) * listing).await;
        }
        Ok(())
    }

    /// Keeps what was listed; gives back an entry that stands before another and is not there.
    fn settle(&self, tags: Vec<Tag>, begun: Instant) -> Option<Digest> {
        let mut known = self.known();
        if !known.forgets_tags {
            known.tags.extend(tags.into_iter().filter(|tag| EntryTag::parse(tag).is_some()));
        }
        let missing = known.missing().cloned();
        if missing.is_none() {
            known.listed = Some(begun);
        }
        missing
    }

    /// The entries that have to be read, at most so many of them.
    fn unknown(&self, tags: &[Tag], most: usize) -> Vec<EntryTag> {
        let known = self.known();
        tags.iter().filter_map(EntryTag::parse).filter(|tag| known.needs(&tag.id)).take(most).collect()
    }

    async fn fetch(&self, unknown: Vec<EntryTag>, pool: &mut Pool) -> Result<(), LedgerError> {
        let shelf = &self.shelf;
        let mut fetched = at_once(unknown.iter().map(|tag| shelf.original(tag)));
        while let Some(original) = fetched.next().await {
            let original = original?.map_err(LedgerError::Unsound)?;
            let Written { bytes, recorded } = original.written;
            let recorded = pool.share(self.kept_of(recorded));
            self.known().add(&original.tag, Written { bytes, recorded });
        }
        Ok(())
    }

    /// Takes the entries of the largest checkpoint that counts and covers more than is known to be covered. Whatever is wrong
    /// with one costs no more than time: the entries themselves are there.
    async fn use_checkpoint(&self, tags: &[Tag], pool: &mut Pool) -> Result<(), LedgerError> {
        let mut candidates: Vec<CheckpointTag> = {
            let known = self.known();
            let covered = known.covered.as_ref().map_or(0, |covered| covered.entries);
            tags.iter()
                .filter(|tag| !known.refused.contains(*tag))
                .filter_map(CheckpointTag::parse)
                .filter(|tag| tag.entries > covered)
                .collect()
        };
        candidates.sort();
        for tag in candidates.into_iter().rev().take(CHECKPOINTS) {
            match self.take_checkpoint(&tag, pool).await {
                Ok(true) => break,
                Ok(false) => {}
                // The registry has failed at this one; where it fails at all, the entries tell.
                Err(error) if error.is_unavailable() => {}
                Err(error) => return Err(error),
            }
            self.known().refused.insert(tag.tag);
        }
        Ok(())
    }

    /// Reads entries again, with all that they say: a request for each piece of the checkpoint that has some of them, and for
    /// each that is in none.
    pub(super) async fn reread(&self, ids: &BTreeSet<Digest>) -> Result<Vec<Recorded>, LedgerError> {
        self.refresh(FRESH).await?;
        let (loose, pieces, mut left) = {
            let known = self.known();
            let loose = known.loose.iter().filter(|(id, _)| ids.contains(*id));
            let loose: Vec<(Digest, Bytes)> = loose.map(|(id, bytes)| (id.clone(), bytes.clone())).collect();
            let left: BTreeSet<Digest> = ids.iter().filter(|id| known.entries.contains_key(*id)).cloned().collect();
            (loose, known.pieces_with(ids), left)
        };
        let broken = |id: &Digest, why| LedgerError::Entry { id: id.to_string(), why };
        let mut all = Vec::with_capacity(left.len());
        for (id, bytes) in loose {
            all.push(Written::read(bytes).map_err(|why| broken(&id, why))?.recorded);
        }
        // One by one: whoever asks for this has little memory.
        for piece in pieces {
            let entries = self.shelf.piece(&piece, false).await?.map_err(|why| broken(&piece.digest, why))?;
            all.extend(entries.into_iter().filter(|recorded| ids.contains(&recorded.id)));
        }
        all.iter().for_each(|recorded| _ = left.remove(&recorded.id));
        if !left.is_empty() {
            let tags = artifact::tags(&*self.shelf.target, &self.shelf.repository).await;
            let tags = tags.map_err(|error| LedgerError::registry("read", error))?;
            let tags = tags.iter().filter_map(EntryTag::parse).filter(|tag| left.contains(&tag.id)).collect::<Vec<_>>();
            let mut fetched = at_once(tags.iter().map(|tag| self.shelf.original(tag)));
            while let Some(original) = fetched.next().await {
                all.push(original?.map_err(LedgerError::Unsound)?.written.recorded);
            }
        }
        Ok(all)
    }

    async fn take_checkpoint(&self, tag: &CheckpointTag, pool: &mut Pool) -> Result<bool, LedgerError> {
        let Ok(document) = self.shelf.checkpoint(tag).await? else { return Ok(false) };
        let new: Vec<_> = {
            let known = self.known();
            document.pieces.iter().filter(|piece| !known.has(piece)).cloned().collect()
        };
        let mut taken = Vec::new();
        let read = new.iter().map(|piece| self.shelf.piece(piece, self.brief));
        let mut fetched = stream::iter(read.collect::<Vec<_>>()).buffered(PIECES);
        while let Some(entries) = fetched.next().await {
            let Ok(entries) = entries? else { return Ok(false) };
            taken.push(entries.into_iter().map(|recorded| pool.share(recorded)).collect());
        }
        let mut known = self.known();
        new.iter().zip(taken).for_each(|(piece, entries)| known.take(piece, entries));
        known.rely_on(tag.clone(), document.pieces);
        Ok(true)
    }
}
