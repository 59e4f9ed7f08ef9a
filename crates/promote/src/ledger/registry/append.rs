//! Appending: an entry under a tag of its own, so that nobody overwrites anybody.

use std::sync::Arc;
use std::time::Duration;

use futures_timer::Delay;
use lockage_registry::{Digest, Error, ErrorKind, RawManifest, Tag, TagOrDigest};

use super::artifact::{self, Artifact};
use super::checkpoint::{Document, PIECE_TYPE, Piece, pieces};
use super::name::{CheckpointTag, EntryTag};
use super::{FRESH, RegistryLedger};
use crate::ledger::statement::{self, CHECKPOINT_PREDICATE, ENTRY_PREDICATE, Statement};
use crate::ledger::written::{Written, shorten};
use crate::ledger::{CHECKPOINT_TYPE, ENTRY_TYPE, Entry, LedgerError, Recorded, trust};
use crate::pipeline::approval::Sealed;

/// So often what was written is looked for, and written again where it is not there, before it is given up.
const ROUNDS: u32 = 3;
const LOOKS: u32 = 4;

impl RegistryLedger {
    pub(super) async fn add(&self, mut entry: Entry) -> Result<Digest, LedgerError> {
        entry.fits()?;
        self.keep_tags();
        self.refresh(FRESH).await?;
        {
            let known = self.known();
            // Somebody has begun this before, and never learned that it was done.
            if let Some(id) = known.trace(&entry, &self.kept(&entry))? {
                return Ok(id);
            }
            entry.parents = known.heads();
        }
        let written = Written::of(entry)?;
        let id = written.id().clone();
        let tag = EntryTag::of(&written.recorded.entry, &id)?;
        let sealed = self.seal(ENTRY_PREDICATE, &id, &written.bytes).await?;
        LedgerError::fits(sealed.bytes.len(), artifact::LIMIT)?;
        let document = written.bytes.clone();
        let artifact = Artifact { kind: ENTRY_TYPE, document, sealed, pieces: Vec::new() };
        let manifest = self.upload(artifact).await?;
        if !self.keep(&tag.tag, &manifest).await? {
            // The same entry has been written with another signature, which has to be a good one.
            self.shelf.original(&tag).await?.map_err(LedgerError::Unsound)?;
        }
        let due = {
            let mut known = self.known();
            known.add(&tag, Written { bytes: written.bytes, recorded: self.kept_of(written.recorded) });
            known.own.insert(id.clone());
            known.loose.len() >= self.due(&id)
        };
        if due && let Err(error) = self.checkpoint().await {
            // The entry is there. What a checkpoint is for can wait for a later append.
            *self.trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
        Ok(id)
    }

    /// What of an entry is kept in memory.
    fn kept(&self, entry: &Entry) -> Entry {
        let mut kept = entry.clone();
        if self.brief {
            shorten(&mut kept);
        }
        kept
    }

    pub(super) fn kept_of(&self, mut recorded: Recorded) -> Recorded {
        if self.brief {
            shorten(Arc::make_mut(&mut recorded.entry));
        }
        recorded
    }

    /// How many entries may be uncovered when `id` is written. It differs from entry to entry, so that of many who write at
    /// once one begins, and the others find it done.
    fn due(&self, id: &Digest) -> usize {
        let byte = id.hex().get(..2).and_then(|byte| usize::from_str_radix(byte, 16).ok()).unwrap_or_default();
        self.every.saturating_add(self.every.saturating_mul(byte) / 1024)
    }

    pub(super) async fn seal(&self, kind: &str, id: &Digest, document: &[u8]) -> Result<Sealed, LedgerError> {
        let statement = statement::write(&self.shelf.name, kind, id, document)?;
        match &self.signer {
            Some(signer) => {
                let signed = signer.sign_statement(&statement).await;
                let sealed = signed.map_err(|source| LedgerError::Backend { what: "sign an entry of", source })?;
                // One entry that does not count stops everybody who reads the ledger.
                let expected = Statement { ledger: Some(&self.shelf.name), kind, id };
                match self.shelf.trust.check(&expected, &sealed).await? {
                    Ok(_) => Ok(sealed),
                    Err(flaw) => Err(LedgerError::NotTaken { ledger: self.shelf.name.clone(), why: flaw.why(id) }),
                }
            }
            None if self.shelf.trust.takes_unsigned() => Ok(trust::unsigned(statement)),
            None => Err(LedgerError::NoSigner { ledger: self.shelf.name.clone() }),
        }
    }

    async fn upload(&self, artifact: Artifact) -> Result<RawManifest, LedgerError> {
        let uploaded = artifact::upload(&*self.shelf.target, &self.shelf.repository, artifact).await;
        uploaded.map_err(|error| LedgerError::registry("append to", error))
    }

    /// Puts the manifest under its tag and looks whether it is there. False where the tag holds another one.
    async fn keep(&self, tag: &Tag, manifest: &RawManifest) -> Result<bool, LedgerError> {
        let (repo, at) = (&self.shelf.repository, TagOrDigest::Tag(tag.clone()));
        let failed = |error| LedgerError::registry("append to", error);
        for round in 1..=ROUNDS {
            let put = self.shelf.target.put_manifest(repo, manifest, &at).await;
            for look in 1..=LOOKS {
                match (self.shelf.target.resolve(repo, &at).await, &put) {
                    (Ok(held), _) => return Ok(held.digest == *manifest.digest()),
                    (Err(error), Ok(_)) if !error.is_not_found() => return Err(failed(error)),
                    // It was refused, or its answer was lost and it is not there.
                    (Err(_), Err(_)) => break,
                    (Err(_), Ok(_)) => Delay::new(Duration::from_millis(25) * look * look).await,
                }
            }
            if let Err(error) = put {
                return Err(failed(error));
            }
            Delay::new(Duration::from_millis(100) * round).await;
        }
        let lost =
            Error::new(ErrorKind::Contended, "write", at.after(repo)).with_message("it was written, and is gone");
        Err(failed(lost.tried(ROUNDS)))
    }

    /// Writes a checkpoint over the entries that none covers, if there are enough of them. Gives back how many entries it
    /// covers. An [`append`](super::super::Ledger::append) does so by itself; of what several write at once, none is wrong.
    ///
    /// It costs a listing, two requests for each new piece, and those of an entry.
    ///
    /// # Errors
    /// As those of an append. Nothing depends on a checkpoint: without one, more entries are read one by one.
    pub async fn checkpoint(&self) -> Result<Option<u64>, LedgerError> {
        self.keep_tags();
        let _turn = self.turn.lock().await;
        self.catch_up(true).await?;
        let (mut document, new) = {
            let known = self.known();
            // By tag is by time: whoever knows the same entries makes the same pieces.
            let loose = known.tags.iter().filter_map(EntryTag::parse);
            let loose: Vec<_> = loose.filter_map(|tag| known.loose.get_key_value(&tag.id)).collect();
            let new = pieces(loose, self.every);
            (Document { entries: 0, heads: Vec::new(), pieces: known.pieces.clone() }, new)
        };
        if new.is_empty() {
            return Ok(None);
        }
        for (ids, bytes) in new {
            let (target, repo) = (&*self.shelf.target, &self.shelf.repository);
            let put = artifact::put(target, repo, PIECE_TYPE, bytes).await;
            let put = put.map_err(|error| LedgerError::registry("append to", error))?;
            let entries = u64::try_from(ids.len()).unwrap_or(u64::MAX);
            let piece = Piece { digest: put.digest, size: put.size, entries };
            self.known().wrote(&piece, ids);
            document.pieces.push(piece);
        }
        document.entries = document.pieces.iter().map(|piece| piece.entries).sum();
        document.heads = self.known().heads_of(&document.pieces);
        let bytes = serde_json::to_vec(&document)
            .map_err(|error| LedgerError::Backend { what: "append to", source: error.into() })?;
        let id = lockage_registry::digest_of(lockage_registry::Algorithm::Sha256, &bytes)
            .map_err(|error| LedgerError::registry("append to", error))?;
        let tag = CheckpointTag::of(document.entries, &id)?;
        let sealed = self.seal(CHECKPOINT_PREDICATE, &id, &bytes).await?;
        let pieces = document.pieces.iter().map(Piece::descriptor).collect();
        let manifest = self.upload(Artifact { kind: CHECKPOINT_TYPE, document: bytes.into(), sealed, pieces }).await?;
        // Where somebody else has written the same with another signature, readers judge that one.
        self.keep(&tag.tag, &manifest).await?;
        self.known().rely_on(tag, document.pieces);
        Ok(Some(document.entries))
    }
}
