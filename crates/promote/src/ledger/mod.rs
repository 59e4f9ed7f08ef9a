//! The ledger: who moved what, where, on which evidence. Entries are only ever added.

#[cfg(feature = "ledger")]
mod audit;
mod chronicle;
mod denials;
mod entry;
mod error;
#[cfg(feature = "ledger")]
mod export;
#[cfg(feature = "ledger")]
mod file;
mod memory;
#[cfg(feature = "ledger")]
mod registry;
pub(crate) mod rfc3339;
#[cfg(test)]
mod schema;
#[cfg(feature = "ledger")]
mod statement;
#[cfg(feature = "ledger")]
mod trust;
#[cfg(feature = "ledger")]
mod written;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use lockage_registry::Digest;

use crate::pipeline::Name;

#[cfg(feature = "ledger")]
pub use audit::{Finding, LedgerReport, Signatures, Unread};
pub use chronicle::{Chronicle, HeldTag, Hold, Stay};
pub use denials::Denial;
pub use entry::{Entry, ImageFacts, Kind, Phase, SetMember, SetRecord, Standing, TagRecord};
pub use error::LedgerError;
#[cfg(feature = "ledger")]
pub use export::{ExportedLedger, verify_export};
#[cfg(feature = "ledger")]
pub use file::FileLedger;
pub use memory::MemoryLedger;
#[cfg(feature = "ledger")]
pub use registry::RegistryLedger;
#[cfg(feature = "ledger")]
pub use statement::{CHECKPOINT_PREDICATE, ENTRY_PREDICATE};
#[cfg(feature = "ledger")]
pub use trust::{Trust, Word};

/// The media type of an entry, and the artifact type of what holds one.
pub const ENTRY_TYPE: &str = "application/vnd.lockage.ledger.entry.v1+json";

/// The media type of a checkpoint, and the artifact type of what holds one.
pub const CHECKPOINT_TYPE: &str = "application/vnd.lockage.ledger.checkpoint.v1+json";

/// An entry of a ledger, and its digest there. Clones share the entry.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// The digest of the entry, which covers its parents.
    pub id: Digest,
    /// The entry.
    pub entry: Arc<Entry>,
}

/// Reads a ledger. What plans, and every gate, is given no more than this.
#[async_trait]
pub trait History: Debug + Send + Sync {
    /// All entries about `image`, or all, in no particular order; a [`Chronicle`] puts them into the one that every reader
    /// agrees on.
    ///
    /// # Errors
    /// Whatever keeps an entry from being read: a history that is not whole is none.
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError>;

    /// Those of these entries that are there, with all that they say: a reader that keeps less of each
    /// ([`RegistryLedger::brief`]) reads them again.
    ///
    /// # Errors
    /// As [`entries`](Self::entries).
    async fn whole(&self, ids: &BTreeSet<Digest>) -> Result<Vec<Recorded>, LedgerError> {
        Ok(self.entries(None).await?.into_iter().filter(|recorded| ids.contains(&recorded.id)).collect())
    }
}

/// Adds to a ledger.
#[async_trait]
pub trait Ledger: History {
    /// Adds an entry behind those that are there; its parents are filled in. Gives back its digest.
    ///
    /// # Errors
    /// Whatever keeps it from being kept; it is not there then, or is there whole. One that is larger than readers take, or
    /// that names nobody ([`Entry::fits`]), is not written.
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError>;
}

impl Recorded {
    /// An entry with the digest that it has.
    ///
    /// # Errors
    /// None that can happen: an entry is always JSON.
    pub fn new(entry: Entry) -> Result<Self, LedgerError> {
        Ok(Self { id: entry.id()?, entry: Arc::new(entry) })
    }
}

/// A pointer to a ledger is that ledger.
macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[async_trait]
        impl<T: History + ?Sized> History for $pointer {
            async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
                (**self).entries(image).await
            }
            async fn whole(&self, ids: &BTreeSet<Digest>) -> Result<Vec<Recorded>, LedgerError> {
                (**self).whole(ids).await
            }
        }

        #[async_trait]
        impl<T: Ledger + ?Sized> Ledger for $pointer {
            async fn append(&self, entry: Entry) -> Result<Digest, LedgerError> {
                (**self).append(entry).await
            }
        }
    )+};
}

forward!(Arc<T>, Box<T>);
