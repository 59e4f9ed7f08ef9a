//! Warnings and errors of `tags`: workflow commands where a runner reads them, plain lines elsewhere.

use std::error::Error;
use std::fmt;

/// A message, with a cause and what to do about it.
#[derive(Debug)]
pub(crate) struct Trouble {
    what: String,
    remedy: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Trouble {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), remedy: None, source: None }
    }

    pub(crate) fn remedy(self, remedy: impl fmt::Display) -> Self {
        Self { remedy: Some(remedy.to_string()), ..self }
    }

    pub(crate) fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(crate) fn remedy_line(&self) -> Option<String> {
        self.remedy.clone()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|error| error.as_ref() as _)
    }
}

/// Where warnings go.
#[derive(Clone, Copy)]
pub(crate) enum Warnings {
    /// To a runner, which shows them beside the step.
    Runner,
    /// To whoever reads.
    Plain,
}

impl Warnings {
    pub(crate) fn warn(self, warning: impl fmt::Display) {
        match self {
            Self::Runner => eprintln!("::warning::{}", escaped(&warning.to_string())),
            Self::Plain => eprintln!("warning: {warning}"),
        }
    }
}

/// The text of a workflow command, which ends at the end of the line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_warning_cannot_become_a_second_command() {
        assert_eq!(super::escaped("100%\r\n::stop-commands::x"), "100%25%0D%0A::stop-commands::x");
    }
}
