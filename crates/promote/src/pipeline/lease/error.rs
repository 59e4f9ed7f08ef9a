//! `LeaseError`: a lease that was not given, or was lost.

/// Why a lease was not given, or does not count any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("{key} is being promoted by {holder}")]
    Held {
        /// What it is for.
        key: String,
        /// Who.
        holder: String,
    },
    /// It was held, and is not any more: it ended before it was renewed, or somebody has taken it away.
    #[error("the lease for {key} was lost: {why}")]
    Lost {
        /// What it was for.
        key: String,
        /// Why.
        why: String,
    },
    /// Where it is kept failed.
    #[error("the lease for {key} could not be {what}: it failed")]
    Backend {
        /// What it is for.
        key: String,
        /// "taken", "renewed", "given back".
        what: &'static str,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LeaseError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Held { .. } => "Nothing was written. Promote again when that is done.",
            Self::Lost { .. } => "No floating tag has moved since. Promote again; what is there is not copied again.",
            Self::Backend { .. } => "Nothing is promoted while nobody can tell who else is at it.",
        }
        .to_owned()
    }

    /// What failed, as the closure that makes it of any error.
    pub(super) fn backend<'k>(key: &'k str, what: &'static str) -> impl Fn(Cause) -> Self + Copy + use<'k> {
        move |source| Self::Backend { key: key.to_owned(), what, source }
    }
}

/// Any error of what keeps leases.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;
