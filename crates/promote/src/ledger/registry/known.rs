//! What a process knows of a ledger, so that it reads nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bytes::Bytes;
use lockage_registry::{Digest, Tag};

use super::checkpoint::Piece;
use super::name::{CheckpointTag, EntryTag};
use crate::ledger::written::Written;
use crate::ledger::{Entry, LedgerError, Recorded};

/// What was read, or written.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) entries: BTreeMap<Digest, Recorded>,
    /// The tags under which entries are.
    pub(super) tags: BTreeSet<Tag>,
    /// Whether the tags are let go, because nothing is going to be written or exported.
    pub(super) forgets_tags: bool,
    /// The entries that have others behind them.
    passed: BTreeSet<Digest>,
    /// The entries that have none.
    heads: BTreeSet<Digest>,
    /// The bytes of the entries that no checkpoint covers which is known.
    pub(super) loose: BTreeMap<Digest, Bytes>,
    /// What this process has written and knows to be there.
    pub(super) own: BTreeSet<Digest>,
    /// The checkpoint that covers all others.
    pub(super) covered: Option<CheckpointTag>,
    /// The pieces of it, in order.
    pub(super) pieces: Vec<Piece>,
    /// The entries in each piece that was read or written, by its digest.
    contents: BTreeMap<Digest, Vec<Digest>>,
    /// Entries that only an earlier checkpoint covers, whose bytes are not here any more.
    stale: BTreeSet<Digest>,
    /// The checkpoints that do not count.
    pub(super) refused: BTreeSet<Tag>,
    /// When the tags were last listed.
    pub(super) listed: Option<Instant>,
}

impl Known {
    /// An entry that has been read for itself, or written.
    pub(super) fn add(&mut self, tag: &EntryTag, written: Written) {
        if !self.forgets_tags {
            self.tags.insert(tag.tag.clone());
        }
        let Written { bytes, recorded } = written;
        if self.remember(recorded.clone()) || self.stale.remove(&recorded.id) {
            self.loose.insert(recorded.id, bytes);
        }
    }

    /// Whether the original of an entry has to be read.
    pub(super) fn needs(&self, id: &Digest) -> bool {
        !self.entries.contains_key(id) || self.stale.contains(id)
    }

    /// A piece that was read.
    pub(super) fn take(&mut self, piece: &Piece, entries: Vec<Recorded>) {
        let ids = entries.iter().map(|recorded| recorded.id.clone()).collect();
        self.contents.insert(piece.digest.clone(), ids);
        for recorded in entries {
            self.remember(recorded);
        }
    }

    /// Whether it is known what is in a piece.
    pub(super) fn has(&self, piece: &Piece) -> bool {
        self.contents.contains_key(&piece.digest)
    }

    /// A piece that was written.
    pub(super) fn wrote(&mut self, piece: &Piece, ids: Vec<Digest>) {
        self.contents.insert(piece.digest.clone(), ids);
    }

    /// From here on this is the checkpoint. Of two that others have written at once, one need not cover what the other does.
    pub(super) fn rely_on(&mut self, checkpoint: CheckpointTag, pieces: Vec<Piece>) {
        let covered: BTreeSet<Digest> = self.covered_by(&pieces).cloned().collect();
        self.loose.retain(|id, _| !covered.contains(id));
        let stale = self.entries.keys().filter(|id| !covered.contains(*id) && !self.loose.contains_key(*id));
        self.stale = stale.cloned().collect();
        (self.covered, self.pieces) = (Some(checkpoint), pieces);
    }

    /// The pieces that have some of these entries.
    pub(super) fn pieces_with(&self, ids: &BTreeSet<Digest>) -> Vec<Piece> {
        let has = |piece: &&Piece| self.covered_by(std::slice::from_ref(piece)).any(|id| ids.contains(id));
        self.pieces.iter().filter(has).cloned().collect()
    }

    fn covered_by(&self, pieces: &[Piece]) -> impl Iterator<Item = &Digest> {
        pieces.iter().filter_map(|piece| self.contents.get(&piece.digest)).flatten()
    }

    fn remember(&mut self, recorded: Recorded) -> bool {
        for parent in &recorded.entry.parents {
            self.heads.remove(parent);
            self.passed.insert(parent.clone());
        }
        if !self.passed.contains(&recorded.id) {
            self.heads.insert(recorded.id.clone());
        }
        self.entries.insert(recorded.id.clone(), recorded).is_none()
    }

    /// The entries that have none behind them.
    pub(super) fn heads(&self) -> Vec<Digest> {
        self.heads.iter().cloned().collect()
    }

    /// The entries in `pieces` that have none of these behind them.
    pub(super) fn heads_of(&self, pieces: &[Piece]) -> Vec<Digest> {
        let covered: BTreeSet<&Digest> = self.covered_by(pieces).collect();
        let entries = covered.iter().filter_map(|id| self.entries.get(*id));
        let passed: BTreeSet<&Digest> = entries.flat_map(|recorded| &recorded.entry.parents).collect();
        covered.into_iter().filter(|id| !passed.contains(id)).cloned().collect()
    }

    /// What stands before an entry and is not there.
    pub(super) fn missing(&self) -> Option<&Digest> {
        self.passed.iter().find(|id| !self.entries.contains_key(*id))
    }

    /// The entry that says what `entry` says, if it has been written before: by another process, or by this one, which never
    /// learned of it. What this process has written and says again is another entry. `kept` is what of it would be kept.
    pub(super) fn trace(&self, entry: &Entry, kept: &Entry) -> Result<Option<Digest>, LedgerError> {
        let (begin, end) = EntryTag::traces(entry)?;
        let Ok(from) = begin.parse::<Tag>() else { return Ok(None) };
        let same = self.tags.range(from..).take_while(|tag| tag.as_str().starts_with(&begin));
        let ids = same.filter(|tag| tag.as_str().ends_with(&end)).filter_map(EntryTag::parse).map(|tag| tag.id);
        // The tag is a hint: what counts is what the entry says.
        let says = |known: &Recorded| *known.entry == Entry { parents: known.entry.parents.clone(), ..kept.clone() };
        let mut others = ids.filter(|id| !self.own.contains(id));
        Ok(others.find(|id| self.entries.get(id).is_some_and(says)))
    }
}
