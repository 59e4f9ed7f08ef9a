//! The one error of signing and verifying images: what was done, and what kept it from being done.

use thiserror::Error as ThisError;

use crate::SigningError;
use crate::format::FormatError;
use crate::policy::PolicyError;
use crate::sign::{Mark, Outcome};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kept an image from being signed or looked at. It is never a verdict about a signature.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] lockage_registry::Error),
    /// The signer, or the verifier of a key.
    #[error("{what} with {key:?}: the key cannot be used")]
    Key {
        /// "sign", "verify".
        what: &'static str,
        /// Which key.
        key: crate::PublicKey,
        /// Why.
        source: SigningError,
    },
    /// A signer that made a signature which is not that of its key. Nothing was stored.
    #[error("sign with {key:?}: the signature is not one of this key")]
    NotOwn {
        /// The key that the signer says it has.
        key: crate::PublicKey,
    },
    /// An identity that could not sign.
    #[cfg(feature = "keyless")]
    #[error(transparent)]
    Keyless(#[from] crate::keyless::KeylessError),
    /// A document that had to be read.
    #[error("{place}: {source}")]
    Format {
        /// Where it was found.
        place: String,
        /// What is wrong with it.
        source: FormatError,
    },
    /// A policy that cannot be met, or that anything would meet.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// More of something than is read.
    #[error("{place}: {what} (limit {limit})")]
    TooMuch {
        /// Where it was found.
        place: String,
        /// What there is too much of.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// What failed when some of it had been written already, which stays.
    #[error("signed in part: {} written, then it failed", .done.iter().filter(|mark| mark.outcome == Outcome::Written).count())]
    Partly {
        /// What is there now: written, or found.
        done: Vec<Mark>,
        /// Why it failed.
        source: Box<Error>,
    },
}

impl Error {
    /// The error, and what had been written before it.
    pub(crate) fn after(done: Vec<Mark>, error: Self) -> Self {
        if done.iter().any(|mark| mark.outcome == Outcome::Written) {
            return Self::Partly { done, source: Box::new(error) };
        }
        error
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.remedy().map(str::to_owned),
            Self::Key { .. } => {
                Some("See whether the key service can be reached, and whether the key may sign.".to_owned())
            }
            Self::NotOwn { .. } => Some("The signer uses another key than it says; nothing was stored.".to_owned()),
            #[cfg(feature = "keyless")]
            Self::Keyless(error) => Some(error.remedy().to_owned()),
            Self::Format { .. } => None,
            Self::Policy(error) => Some(error.remedy().to_owned()),
            Self::Partly { source, .. } => {
                let again = "Sign again: what is there already is not written twice.";
                Some(source.remedy().map_or_else(|| again.to_owned(), |remedy| format!("{remedy} {again}")))
            }
            Self::TooMuch { .. } => Some("Delete what does not belong there, or raise the limit.".to_owned()),
        }
    }
}
