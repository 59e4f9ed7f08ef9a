//! `PolicyError`: a policy that cannot be met, or that anything would meet.

use thiserror::Error as ThisError;

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum PolicyError {
    /// Nobody has to have signed.
    #[error("the policy asks for no signer, so that everything would pass")]
    NoSigner,
    /// Fewer keys than signatures.
    #[error("the policy asks for {asked} distinct signers and knows {known}")]
    TooFew {
        /// Distinct keys.
        known: usize,
        /// The threshold.
        asked: usize,
    },
    /// Certificates, logs and timestamps need authorities to believe.
    #[error("the policy asks for an identity, a log or a timestamp, and has no trusted root to check them against")]
    NoRoot,
    /// A claim that cannot be compared.
    #[error("the claim {name:?} is neither a string, a number nor a boolean")]
    Claim {
        /// Its name.
        name: String,
    },
    /// An identity that would match more than it seems.
    #[error("the identity {pattern:?}: {why}")]
    Identity {
        /// The pattern, or the issuer.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

impl PolicyError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoSigner => "Name a key, or an identity with its issuer.",
            Self::TooFew { .. } => "Name more keys, or ask for fewer signers.",
            Self::NoRoot => "Give a trusted root, or use the embedded one.",
            Self::Claim { .. } => "Claims are strings, numbers or booleans.",
            Self::Identity { .. } => "Write the whole identity, or a pattern that matches all of it.",
        }
    }
}
