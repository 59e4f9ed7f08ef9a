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
    /// An entry that is larger than readers would take.
    #[error("the entry has {bytes} bytes, and a ledger takes no more than {most}")]
    TooLarge {
        /// How large it is; where it would be signed and that is what is too large, its seal.
        bytes: u64,
        /// The most.
        most: u64,
    },
    /// An entry that names nobody who could be asked.
    #[error("an entry names who did it, and its actor {why}")]
    Nobody {
        /// "is blank", "has control characters".
        why: &'static str,
    },
    /// There is nobody to sign what is to be written.
    #[error("nothing is written into {ledger} that nobody has signed, and there is no key")]
    NoSigner {
        /// The ledger.
        ledger: String,
    },
    /// The own signature would be refused by whoever reads the ledger as this one reads it.
    #[error("what this key signs would count for nobody in {ledger}: {why}")]
    NotTaken {
        /// The ledger.
        ledger: String,
        /// Why it does not count.
        why: String,
    },
    /// An export, to which nothing is added.
    #[error("{ledger} was exported from a ledger whose entries are signed, and nothing is added to it")]
    Exported {
        /// The file.
        ledger: String,
    },
    /// A ledger that has to be there has no entry.
    #[error("there is no entry in the ledger {ledger}")]
    NotBegun {
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
            Self::TooLarge { .. } => {
                "Say less in it, and keep the details where it can name them.".to_owned()
            }
            Self::Nobody { .. } => "Nothing was written. Name who did it.".to_owned(),
            Self::NotBegun { .. } => "Look whether it is the name that is meant. What is promoted first begins a ledger, \
                                      and so do `lockage drift --heal` and `lockage deny --new`."
                .to_owned(),
            Self::NotTaken { .. } => "No entry was written. Sign with a key of the ledger's signers, or name this one among them \
                                      first: everybody who reads the ledger has to know it."
                .to_owned(),
            Self::Exported { .. } => "Nothing was written. Name the ledger itself.".to_owned(),
            Self::NoSigner { .. } => "Name a key, or say that the ledger takes entries without a signature.".to_owned(),
            Self::Gone { .. } => "Somebody has deleted it, or another registry answers by its name.".to_owned(),
        })
    }

    /// Whether an entry may be in the name of `actor`.
    pub(crate) fn named(actor: &str) -> Result<(), Self> {
        match actor.trim() {
            "" => Err(Self::Nobody { why: "is blank" }),
            _ if actor.contains(char::is_control) => Err(Self::Nobody { why: "has control characters" }),
            _ => Ok(()),
        }
    }

    pub(super) fn fits(bytes: usize, most: u64) -> Result<(), Self> {
        match u64::try_from(bytes).unwrap_or(u64::MAX) {
            bytes if bytes > most => Err(Self::TooLarge { bytes, most }),
            _ => Ok(()),
        }
    }

    /// Whether the registry has failed, as it does at what its disk has lost.
    #[cfg(feature = "ledger")]
    pub(super) fn is_unavailable(&self) -> bool {
        let Self::Backend { source, .. } = self else { return false };
        let error = source.downcast_ref::<lockage_registry::Error>();
        error.is_some_and(|error| error.kind() == lockage_registry::ErrorKind::Unavailable)
    }

    #[cfg(feature = "ledger")]
    pub(super) fn registry(what: &'static str, error: lockage_registry::Error) -> Self {
        Self::Backend { what, source: error.into() }
    }
}
