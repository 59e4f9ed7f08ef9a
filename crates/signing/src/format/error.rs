//! `FormatError`: a document that is not what it has to be.

use std::error::Error;
use std::fmt;

/// A document that cannot be read, or should not be: which one, and why.
#[derive(Debug)]
pub struct FormatError {
    what: &'static str,
    why: String,
}

impl FormatError {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }

    /// Which document: "public key", "bundle", "statement".
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what)?;
        // What a stranger wrote stays on one line.
        self.why.chars().try_for_each(|c| write!(f, "{}", if c.is_control() { ' ' } else { c }))
    }
}

impl Error for FormatError {}
