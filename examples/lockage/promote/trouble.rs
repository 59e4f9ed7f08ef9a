//! What keeps these commands from beginning, in one line.

use std::error::Error;
use std::fmt;
use std::path::Path;

/// An error of the program itself, such as an argument that makes no sense.
#[derive(Debug)]
pub(crate) struct Trouble {
    line: String,
    remedy: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Trouble {
    pub(crate) fn new(line: impl fmt::Display) -> Self {
        Self { line: line.to_string(), remedy: None, cause: None }
    }

    pub(crate) fn at(file: &Path, line: impl fmt::Display) -> Self {
        Self::new(format_args!("{}: {line}", file.display()))
    }

    pub(crate) fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    pub(crate) fn remedy_line(&self) -> Option<String> {
        self.remedy.clone()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as _)
    }
}
