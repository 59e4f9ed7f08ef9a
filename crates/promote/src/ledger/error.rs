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
    /// A ledger that is not what it has to be.
    #[cfg(feature = "ledger")]
    #[error("the ledger is not what it has to be: {0}")]
    Unsound(super::Finding),
    /// There is nobody to sign what is to be written.
    #[error("nothing is written into {ledger} that nobody has signed, and there is no key")]
    NoSigner {
        /// The ledger.
        ledger: String,
    },
    /// A ledger that was there is not any more.
    #[error("{ledger} had entries, and has none")]
    Gone {
        /// The ledger.
        ledger: String,
    },
}

impl LedgerError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Backend { source, .. } => {
                return source.downcast_ref::<lockage_registry::Error>()?.remedy().map(str::to_owned);
            }
            Self::Entry { .. } => return None,
            #[cfg(feature = "ledger")]
            Self::Unsound(_) => "Nothing moves until somebody has looked: `lockage ledger verify` lists all that is wrong. \
                                 Restore what is missing from a mirror, or delete the tag of what does not belong there."
                .to_owned(),
            Self::NoSigner { .. } => "Name a key, or say that the ledger takes entries without a signature.".to_owned(),
            Self::Gone { .. } => "Somebody has deleted it, or another registry answers by its name.".to_owned(),
        })
    }

    #[cfg(feature = "ledger")]
    pub(super) fn registry(what: &'static str, error: lockage_registry::Error) -> Self {
        Self::Backend { what, source: error.into() }
    }
}
