//! What is wrong with a document, and where.

use std::fmt;

use super::Format;

/// A document that could not be read. It is never an empty report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    format: Option<Format>,
    place: String,
    problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is nothing, as a scanner leaves it that ended before it could scan.
    Empty,
    /// More than this many bytes.
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// It is no JSON, or no text.
    Syntax(String),
    /// It is JSON of no format that is known here.
    UnknownFormat,
    /// It is a known format in a version that is not.
    UnknownVersion(String),
    /// Something essential is not there.
    Missing,
    /// It is something else.
    Wrong {
        /// What it should be.
        expected: &'static str,
        /// The beginning of what is there.
        found: String,
    },
    /// Parts of the document contradict each other.
    Contradiction(&'static str),
}

impl ReadError {
    pub(super) fn new(place: impl Into<String>, problem: Problem) -> Self {
        Self { format: None, place: place.into(), problem }
    }

    pub(super) fn of(mut self, format: Format) -> Self {
        self.format = self.format.or(Some(format));
        self
    }

    /// The format, as far as it was recognised.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// The place in the document: `$.Results[3].Vulnerabilities[0].Severity`, or a line.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self.problem {
            Problem::Empty => Some("the scanner failed before it wrote anything: see what it said, and scan again"),
            Problem::UnknownFormat => Some("use a format that is listed in the documentation, or an exit status"),
            Problem::UnknownVersion(_) => Some("write the report in a version that is listed in the documentation"),
            _ => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(format) = self.format {
            write!(f, "{format}: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        match &self.problem {
            Problem::Empty => f.write_str("the document is empty"),
            Problem::TooLarge { limit } => write!(f, "the document has more than {limit} bytes"),
            Problem::Syntax(why) => f.write_str(why),
            Problem::UnknownFormat => f.write_str("the document is of no known format"),
            Problem::UnknownVersion(version) => write!(f, "version {version:?} of the format is not known"),
            Problem::Missing => f.write_str("it is missing"),
            Problem::Wrong { expected, found } => write!(f, "{expected} is expected, not {found}"),
            Problem::Contradiction(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ReadError {}
