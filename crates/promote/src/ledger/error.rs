//! `LedgerError`: a ledger that cannot be read or added to.

/// Why a ledger could not be read, or added to. It never means that there is no such entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Where it is kept failed.
    #[error("{what} the ledger: it failed")]
    Backend {
        /// "read", "append to".
        what: &'static str,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An entry that is not what it has to be.
    #[error("the entry {id} of the ledger: {why}")]
    Entry {
        /// Which.
        id: String,
        /// What is wrong with it.
        why: String,
    },
}
