//! What is wrong with another system's document, and where.

use std::fmt;

use super::System;

/// A document that its system would refuse, or read as something else than it says. Nothing is planned on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    system: System,
    place: String,
    flaw: Flaw,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is no JSON, or no text, or a member is there twice.
    Syntax(String),
    /// It has fewer or more characters than its system takes.
    Length {
        /// The fewest characters.
        least: usize,
        /// The most.
        most: usize,
        /// As many as there are.
        found: usize,
    },
    /// There are more of these than its system takes.
    TooMany {
        /// As many as it takes.
        most: usize,
        /// As many as there are.
        found: usize,
    },
    /// Something essential is not there.
    Missing,
    /// Its system knows no such member here.
    Unknown {
        /// Those that it knows.
        known: &'static [&'static str],
    },
    /// It is something else.
    Wrong {
        /// What it should be.
        expected: &'static str,
        /// The beginning of what is there.
        found: String,
    },
    /// It does not go together with something else.
    Contradiction(&'static str),
    /// The same is there already.
    Twice {
        /// Where.
        first: String,
    },
    /// A pattern that its system would not take, or that would mean something else there than here.
    Pattern(&'static str),
}

impl InvalidPolicy {
    pub(super) fn new(system: System, place: impl Into<String>, flaw: Flaw) -> Self {
        Self { system, place: place.into(), flaw }
    }

    /// The same of a document that is a text in another one, at this place.
    #[cfg_attr(not(feature = "import-ecr"), allow(dead_code, reason = "the others nest no documents"))]
    pub(super) fn within(mut self, outer: &str) -> Self {
        self.place = format!("{outer}{}", self.place.strip_prefix('$').unwrap_or(&self.place));
        self
    }

    /// The system whose document it should be.
    #[must_use]
    pub fn system(&self) -> System {
        self.system
    }

    /// The place in the document: `$.rules[2].selection.countNumber`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    #[must_use]
    pub fn flaw(&self) -> &Flaw {
        &self.flaw
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.flaw {
            Flaw::Syntax(_) => "correct the JSON",
            Flaw::Length { .. } | Flaw::TooMany { .. } => "the system has this limit too: make the document shorter",
            Flaw::Missing => "write it: nothing is taken by default where a default could delete",
            Flaw::Unknown { .. } => "correct its name, or take it out",
            Flaw::Wrong { .. } => "write it as it is expected",
            Flaw::Contradiction(_) | Flaw::Twice { .. } => "take one of them out",
            Flaw::Pattern(_) => "write the pattern another way",
        }
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.system.title(), self.place)?;
        match &self.flaw {
            Flaw::Syntax(why) => f.write_str(why),
            Flaw::Length { least, most, found } => {
                write!(f, "the document has {found} characters, and {least} to {most} are allowed")
            }
            Flaw::TooMany { most, found } => write!(f, "there are {found}, and {most} are allowed"),
            Flaw::Missing => f.write_str("it is missing"),
            Flaw::Unknown { known } => write!(f, "it is not known here, only {} are", known.join(", ")),
            Flaw::Wrong { expected, found } => write!(f, "{expected} is expected, not {found}"),
            Flaw::Contradiction(what) | Flaw::Pattern(what) => f.write_str(what),
            Flaw::Twice { first } => write!(f, "it is the same as {first}"),
        }
    }
}

impl std::error::Error for InvalidPolicy {}
