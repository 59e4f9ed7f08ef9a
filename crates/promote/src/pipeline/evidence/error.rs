//! `EvidenceError`: evidence that could not be written, or not be read.

use crate::pipeline::approval::StatementError;

/// Why evidence could not be written, or read. It never means that there is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The signer failed.
    #[error("the evidence could not be signed: {0}")]
    Signer(#[source] StatementError),
    /// The verifier cannot tell who signed what is there.
    #[error("evidence that is there could not be checked: {0}")]
    Verifier(#[source] StatementError),
    /// A gate gave a predicate about something else than the image.
    #[error("a predicate of type {predicate_type} is about {subject}, which is no part of the image")]
    Stranger {
        /// Its type.
        predicate_type: String,
        /// What it is about.
        subject: lockage_registry::Digest,
    },
    /// A statement that cannot be written, such as one from a year that no calendar has.
    #[error("the evidence cannot be written: {why}")]
    Malformed {
        /// Why.
        why: String,
    },
    /// The registry.
    #[error(transparent)]
    Registry(#[from] lockage_registry::Error),
}

impl EvidenceError {
    pub(super) fn malformed(why: impl ToString) -> Self {
        Self::Malformed { why: why.to_string() }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Signer(_) => "No floating tag has moved. Check the key, and promote again.".to_owned(),
            Self::Verifier(_) => "Check the keys and the trust root that evidence is read by.".to_owned(),
            Self::Stranger { .. } => "Let the gate name the image, or one of its platforms.".to_owned(),
            Self::Malformed { .. } => "Check the clock, and the names of gates.".to_owned(),
            Self::Registry(error) => return error.remedy().map(str::to_owned),
        })
    }
}
