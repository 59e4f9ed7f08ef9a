//! `RollbackTo`: where a rollback leads.

use std::fmt;
use std::str::FromStr;

use crate::pipeline::memory::{Wanted, WantedError};

/// Where a rollback leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RollbackTo {
    /// `previous`: what was there before what is there now, and is neither denied nor was found to be bad by a watch after its
    /// promotion. It is taken only where it is asked for. Asked twice, it goes back once: as long as what was rolled back is
    /// held, whoever wants to go further says where to.
    Previous,
    /// A commit, a digest, a version or a pull request that was there.
    Image(Wanted),
}

impl FromStr for RollbackTo {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        match text {
            "previous" => Ok(Self::Previous),
            other => other.parse().map(Self::Image),
        }
    }
}

impl fmt::Display for RollbackTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Previous => f.write_str("previous"),
            Self::Image(wanted) => wanted.fmt(f),
        }
    }
}
