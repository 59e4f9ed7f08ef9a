//! Why facts could not be had. Nothing is planned without them.

use std::error::Error;

/// Why facts could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// Somebody who was asked what runs gave no answer that can be used.
    #[error("nobody knows what {who} runs: {what}")]
    Unknown {
        /// Who was asked.
        who: String,
        /// What went wrong.
        what: String,
        /// What it comes from.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A ledger was asked what is in use, and could not be read.
    #[error("nobody knows what the ledger says")]
    Ledger {
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// An environment that a ledger tells of has no repository for an image.
    #[error("nobody knows where {image} is in {environment}")]
    Place {
        /// The image.
        image: String,
        /// The environment.
        environment: String,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A hold names an environment that there is not and never was.
    #[error("hold.{rule}: it holds what was promoted to {to}, and there is no such environment")]
    NoEnvironment {
        /// The name of the hold.
        rule: String,
        /// What it names.
        to: String,
        /// Those that there are or were.
        known: Vec<String>,
    },
    /// A time of a ledger is of no calendar.
    #[error("an entry about {image} is of a time that no calendar has")]
    Time {
        /// The image.
        image: String,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A registry was asked whether it has what a ledger says that it has, and gave no answer.
    #[error("nobody knows whether {reference} is there")]
    Registry {
        /// The image that was asked for.
        reference: String,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl FactsError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => {
                "Nothing is planned on half an answer: let whoever asks list pods and workloads in all namespaces."
            }
            Self::Ledger { .. } => "Go on when the ledger can be read whole, with credentials and signers for it.",
            Self::Place { .. } => "Give the environment a repository template that takes every image of the ledger.",
            Self::NoEnvironment { .. } => {
                "Write the name as the graph has it, or had it when something was promoted there: nothing else is held."
            }
            Self::Time { .. } => "Look at the entry with `lockage ledger export`.",
            Self::Registry { .. } => "Ask again when the registry answers, with credentials that may read it.",
        }
    }
}
