//! `CannotDecide`: what kept a gate from a verdict.

use std::error::Error as StdError;
use std::fmt;

use crate::verify::Undecided;

/// Why a gate could not decide: everything that could not be read or checked, and what was read and does not count.
#[derive(Debug)]
pub struct CannotDecide(pub Undecided);

impl fmt::Display for CannotDecide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(undecided) = self;
        f.write_str("it cannot be verified")?;
        for (nth, error) in undecided.errors.iter().enumerate() {
            write!(f, "{}{error}", if nth == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl StdError for CannotDecide {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.errors.first().map(|error| error as _)
    }
}
