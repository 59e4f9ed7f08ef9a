//! `RegistryLedger`: a ledger in a repository of a registry, each entry signed and under a tag of its own.

mod append;
pub(super) mod artifact;
mod checkpoint;
mod export;
mod known;
pub(super) mod name;
mod original;
mod pool;
mod read;
mod verify;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lockage_registry::{Digest, Repository, Target};

use super::trust::Trust;
use super::{Entry, History, Ledger, LedgerError, Recorded};
use crate::pipeline::Name;
use crate::pipeline::approval::StatementSigner;
use known::Known;
use original::Shelf;

/// How long what is known of a ledger is new enough to append to it, without another listing.
const FRESH: Duration = Duration::from_secs(5);

/// A ledger in a repository: of a registry, a directory of OCI layouts, or one in memory; it is the same code for all.
///
/// Entries are only ever added. Each is an OCI artifact under a tag of its own, which names its time and its digest, so that
/// nobody overwrites anybody, and a listing of the tags tells which entries there are. An entry names those that it stands
/// behind (its parents), by digests that cover theirs; which are the last is computed, and stored nowhere. What was written at
/// the same time stands beside each other, and every reader puts it into the same order
/// ([`Chronicle`](super::Chronicle)).
///
/// What is signed is an in-toto statement of the entry in this ledger, so an entry is nothing in another one. An entry that
/// nobody has signed whom the [`Trust`] takes, one that was changed, and one that is missing while another stands behind it,
/// each make the ledger unreadable until somebody has looked ([`verify`](Self::verify)): a history that is not whole is none.
/// That the last entry was deleted shows only against a checkpoint that covers it, or an export.
///
/// An append costs six requests: two for the entry, two for its seal, its manifest, and a look whether it is there; and a
/// listing of the tags, where the last was more than five seconds ago. What others have appended since is read, one request an entry.
/// Nothing is ever deleted or moved.
///
/// A reader who begins reads the largest checkpoint, which is a request for every 256 entries, and what was appended since.
/// Every process keeps what it has read.
pub struct RegistryLedger {
    shelf: Shelf,
    signer: Option<Arc<dyn StatementSigner>>,
    every: usize,
    skew: Duration,
    brief: bool,
    has_begun: bool,
    known: Mutex<Known>,
    /// Held by whoever learns what is new.
    turn: futures::lock::Mutex<()>,
    trouble: Mutex<Option<LedgerError>>,
}

impl RegistryLedger {
    /// The ledger in `repository`. One that is not there yet is begun by the first entry.
    pub fn new(target: impl Target + 'static, repository: Repository, trust: Trust) -> Self {
        let shelf = Shelf { target: Arc::new(target), name: repository.to_string(), repository, trust };
        Self {
            shelf,
            signer: None,
            every: 256,
            skew: Duration::from_secs(300),
            brief: false,
            has_begun: false,
            known: Mutex::default(),
            turn: futures::lock::Mutex::new(()),
            trouble: Mutex::default(),
        }
    }

    /// Signs what is appended.
    #[must_use]
    pub fn signed_by(self, signer: impl StatementSigner + 'static) -> Self {
        Self { signer: Some(Arc::new(signer)), ..self }
    }

    /// Calls the ledger something else than its repository in what is signed, so that it can move to another.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.shelf.name = name.into();
        self
    }

    /// Writes a checkpoint about every so many entries, rather than 256.
    #[must_use]
    pub fn checkpoint_every(self, entries: usize) -> Self {
        Self { every: entries.max(2), ..self }
    }

    /// By how much the clocks of those who write may differ, which [`verify`](Self::verify) overlooks; rather than five minutes.
    #[must_use]
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// Keeps of what gates and steps found only the line for people, and not the details, which are most of a ledger; and of
    /// what was only about to be done not even that, which what came of it says again. For those who ask what runs where:
    /// everything is checked all the same, and what is written or exported is whole.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.known.get_mut().unwrap_or_else(PoisonError::into_inner).forgets_tags = true;
        Self { brief: true, ..self }
    }

    /// Reads only a ledger that has entries: for those who ask, to whom a repository with none is a mistake in its name, and no
    /// ledger that says nothing. What is not there is [`LedgerError::NotBegun`].
    #[must_use]
    pub fn begun(self) -> Self {
        Self { has_begun: true, ..self }
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.shelf.repository
    }

    /// What the ledger is called in what is signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shelf.name
    }

    /// Why the last checkpoint that an append was to write could not be written, once. The entries are there.
    pub fn checkpoint_trouble(&self) -> Option<LedgerError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// From here on the tags are kept, which the next look lists again where they were not.
    fn keep_tags(&self) {
        let mut known = self.known();
        if std::mem::take(&mut known.forgets_tags) {
            known.listed = None;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RegistryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryLedger")
            .field("shelf", &self.shelf)
            .field("signs", &self.signer.is_some())
            .field("known", &self.known().entries.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl History for RegistryLedger {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        self.refresh(Duration::ZERO).await?;
        let known = self.known();
        let about = known.entries.values().filter(|recorded| image.is_none_or(|image| recorded.entry.image == *image));
        Ok(about.cloned().collect())
    }

    async fn whole(&self, ids: &BTreeSet<Digest>) -> Result<Vec<Recorded>, LedgerError> {
        self.reread(ids).await
    }
}

#[async_trait]
impl Ledger for RegistryLedger {
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError> {
        self.add(entry).await
    }
}
