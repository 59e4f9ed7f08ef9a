//! The ledger: who moved what, where, on which evidence. Entries are only ever added.

mod chronicle;
mod entry;
mod error;
#[cfg(feature = "ledger")]
mod file;
mod memory;
pub(crate) mod rfc3339;

use std::fmt::Debug;

use async_trait::async_trait;
use lockage_registry::Digest;

use crate::pipeline::Name;

pub use chronicle::{Chronicle, Denial, HeldTag, Stay};
pub use entry::{Entry, ImageFacts, Kind, Phase, SetMember, SetRecord, Standing, TagRecord};
pub use error::LedgerError;
#[cfg(feature = "ledger")]
pub use file::FileLedger;
pub use memory::MemoryLedger;

/// An entry of a ledger, and its digest there.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// The digest of the entry, which covers its parents.
    pub id: Digest,
    /// The entry.
    pub entry: Entry,
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
}

/// Adds to a ledger.
#[async_trait]
pub trait Ledger: History {
    /// Adds an entry behind those that are there; its parents are filled in. Gives back its digest.
    ///
    /// # Errors
    /// Whatever keeps it from being kept; it is not there then, or is there whole.
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError>;
}

impl Recorded {
    /// An entry with the digest that it has.
    ///
    /// # Errors
    /// None that can happen: an entry is always JSON.
    pub fn new(entry: Entry) -> Result<Self, LedgerError> {
        Ok(Self { id: entry.id()?, entry })
    }
}
