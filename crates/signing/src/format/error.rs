//! `FormatError`: a document that is not what it has to be.

use std::error::Error;
use std::fmt::{self, Write as _};

/// A document that cannot be read, or should not be: which one, and why.
#[derive(Debug)]
pub struct FormatError {
    what: &'static str,
    why: String,
}

impl FormatError {
    /// How many characters of the reason are shown.
    const SHOWN: usize = 300;

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
        // What a stranger wrote stays on one line, and the line readable.
        let mut why = self.why.chars();
        let breaks = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let mut shown = why.by_ref().take(Self::SHOWN).map(|c| if breaks(&c) { ' ' } else { c });
        shown.try_for_each(|c| f.write_char(c))?;
        if why.next().is_some() { f.write_str("…") } else { Ok(()) }
    }
}

impl Error for FormatError {}
