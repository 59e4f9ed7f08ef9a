//! `SignersError`: signers of whom one could be taken for another.

use crate::policy::PolicyError;

/// Why somebody cannot be added to those who are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignersError {
    /// A name that is none.
    #[error("{name:?} is no name of a signer")]
    Name {
        /// The name.
        name: String,
    },
    /// Two signers of one name; upper and lower case are not told apart.
    #[error("there is a signer {other} already")]
    Twice {
        /// Who is there.
        other: String,
    },
    /// One signer of two names, who could approve twice.
    #[error("{name} has the same key or identity as {other}, who would count twice")]
    Same {
        /// Who would be added.
        name: String,
        /// Who is there.
        other: String,
    },
    /// Nobody of that name.
    #[error("there is no signer {name}")]
    Unknown {
        /// Who was asked for.
        name: String,
        /// Who is there.
        known: Vec<String>,
    },
    /// A key that no policy takes.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl SignersError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Name { .. } => "Name signers by up to 128 characters, without spaces at the ends.".to_owned(),
            Self::Twice { .. } => "Give each signer a name of their own.".to_owned(),
            Self::Same { .. } => {
                "Give everybody a key of their own; to replace a key, end the old one where the new one begins."
                    .to_owned()
            }
            Self::Unknown { known, .. } if known.is_empty() => "Name who may sign in [signers].".to_owned(),
            Self::Policy(error) => error.remedy().to_owned(),
            Self::Unknown { known, .. } => format!("There are: {}.", known.join(", ")),
        }
    }
}
