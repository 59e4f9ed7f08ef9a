//! Checkpoints: many entries in few pieces, so that a reader who begins has few requests to make.
//!
//! A checkpoint lists pieces by their digests, and each piece has entries, byte for byte, one on a line. Its own list is
//! signed like an entry, so it says nothing that a signer could not have said in an entry; and what it covers is computed
//! from the bytes, never believed. A later checkpoint has the pieces of the one before it and adds its own.

use std::sync::Arc;

use bytes::Bytes;
use lockage_registry::{Algorithm, Descriptor, Digest, TagOrDigest, digest_of};
use serde::{Deserialize, Serialize};

use super::artifact;
use super::name::CheckpointTag;
use super::original::Shelf;
use crate::ledger::statement::{CHECKPOINT_PREDICATE, Statement};
use crate::ledger::written::{Written, shorten};
use crate::ledger::{CHECKPOINT_TYPE, LedgerError, Recorded};

/// The media type of a piece of a checkpoint.
pub(super) const PIECE_TYPE: &str = "application/vnd.lockage.ledger.entries.v1+jsonl";

/// A piece ends at so many bytes, however few entries it has.
const FULL: usize = 8 * 1024 * 1024;

/// The largest piece that is read, in bytes: a full one, and one more entry.
const LIMIT: u64 = 16 * 1024 * 1024;

/// What a checkpoint says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    /// How many entries it covers.
    pub(super) entries: u64,
    /// Those of them that have none behind them.
    pub(super) heads: Vec<Digest>,
    /// Where they are.
    pub(super) pieces: Vec<Piece>,
}

/// A piece of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) entries: u64,
}

impl Piece {
    pub(super) fn descriptor(&self) -> Descriptor {
        Descriptor::new(PIECE_TYPE, self.digest.clone(), self.size)
    }
}

/// Puts entries into pieces of `every`; what does not fill one is left out.
pub(super) fn pieces<'a>(
    entries: impl IntoIterator<Item = (&'a Digest, &'a Bytes)>,
    every: usize,
) -> Vec<(Vec<Digest>, Bytes)> {
    let mut whole = Vec::new();
    let (mut ids, mut bytes) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        ids.push(id.clone());
        bytes.extend_from_slice(entry);
        bytes.push(b'\n');
        if ids.len() >= every || bytes.len() >= FULL {
            whole.push((std::mem::take(&mut ids), std::mem::take(&mut bytes).into()));
        }
    }
    whole
}

impl Shelf {
    /// What the checkpoint under `tag` says, if it counts; else why it does not.
    pub(super) async fn checkpoint(&self, tag: &CheckpointTag) -> Result<Result<Document, String>, LedgerError> {
        let at = TagOrDigest::Tag(tag.tag.clone());
        let found = artifact::get(&*self.target, &self.repository, &at, CHECKPOINT_TYPE).await;
        let artifact = match found.map_err(|error| LedgerError::registry("read", error))? {
            Ok(artifact) => artifact,
            Err(why) => return Ok(Err(why)),
        };
        let id = digest_of(Algorithm::Sha256, &artifact.document).map_err(|e| LedgerError::registry("read", e))?;
        if id != tag.id {
            return Ok(Err(format!("what stands there is another one, {id}")));
        }
        let expected = Statement { ledger: Some(&self.name), kind: CHECKPOINT_PREDICATE, id: &id };
        if let Err(flaw) = self.trust.check(&expected, &artifact.sealed).await? {
            return Ok(Err(flaw.why(&id)));
        }
        let document: Document = match serde_json::from_slice(&artifact.document) {
            Ok(document) => document,
            Err(error) => return Ok(Err(format!("it cannot be read: {error}"))),
        };
        let sum = document.pieces.iter().try_fold(0_u64, |sum, piece| sum.checked_add(piece.entries));
        if sum != Some(document.entries) || document.entries != tag.entries {
            return Ok(Err("it does not cover as many entries as it says".to_owned()));
        }
        Ok(Ok(document))
    }

    /// The entries of a piece; or why it will not do.
    pub(super) async fn piece(
        &self,
        piece: &Piece,
        is_brief: bool,
    ) -> Result<Result<Vec<Recorded>, String>, LedgerError> {
        let found = artifact::blob(&*self.target, &self.repository, &piece.descriptor(), LIMIT).await;
        let bytes = match found.map_err(|error| LedgerError::registry("read", error))? {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(why)),
        };
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let entries = lines.map(|line| {
            let line = line.strip_suffix(b"\n").ok_or("its last line does not end")?;
            let mut recorded = Written::read(bytes.slice_ref(line))?.recorded;
            if is_brief {
                shorten(Arc::make_mut(&mut recorded.entry));
            }
            Ok(recorded)
        });
        let entries: Result<Vec<_>, String> = entries.collect();
        Ok(entries.and_then(|entries| match u64::try_from(entries.len()) {
            Ok(count) if count == piece.entries => Ok(entries),
            _ => Err(format!("a piece has {} entries, and {} were said", entries.len(), piece.entries)),
        }))
    }
}
