//! `MemoryLedger`: a ledger for tests and simulations.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lockage_registry::Digest;

use super::{Entry, History, Ledger, LedgerError, Recorded};
use crate::pipeline::Name;

/// A ledger in memory. Its clones are one ledger.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger(Arc<Mutex<Vec<Recorded>>>);

impl MemoryLedger {
    /// A ledger without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl History for MemoryLedger {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(entries
            .iter()
            .filter(|recorded| image.is_none_or(|image| recorded.entry.image == *image))
            .cloned()
            .collect())
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn append(&self, mut entry: Entry) -> Result<Digest, LedgerError> {
        entry.fits()?;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entry.parents = entries.last().map(|last| last.id.clone()).into_iter().collect();
        let recorded = Recorded::new(entry)?;
        let id = recorded.id.clone();
        entries.push(recorded);
        Ok(id)
    }
}
