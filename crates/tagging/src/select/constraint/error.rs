//! Why a text is no constraint, and where.

use crate::excerpt::quoted;

/// A text that is no [`Constraint`](super::Constraint).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version constraint {input}: {}", .problem.at(*.position))]
pub struct ConstraintError {
    input: String,
    position: usize,
    problem: ConstraintProblem,
}

impl ConstraintError {
    pub(super) fn new(input: &str, position: usize, problem: ConstraintProblem) -> Self {
        Self { input: quoted(input), position, problem }
    }

    /// Where in the text the problem is, in bytes from 0.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What is wrong there.
    pub fn problem(&self) -> &ConstraintProblem {
        &self.problem
    }

    /// What to do about it, as a short imperative for people.
    pub fn remedy(&self) -> &'static str {
        match &self.problem {
            ConstraintProblem::Version { found: None } => {
                "write a version such as 1.2, >=1.2 or *; an empty constraint is not *"
            }
            ConstraintProblem::Version { .. } => "write a version such as 1.2, v1.2.3 or 1.x",
            ConstraintProblem::Separator { .. } => "put a blank, a comma or || between two terms",
            ConstraintProblem::Range => "put a comma or || before the range, or write it as >=1.2 <=1.4.5",
            ConstraintProblem::Number { .. } => "write a number below 2^64 or a single x, X or *",
            ConstraintProblem::Prerelease { .. } => "leave out leading zeros: -beta.1, not -beta.01",
            ConstraintProblem::TooLong { .. } => "write a shorter constraint",
        }
    }
}

/// What is wrong with a constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConstraintProblem {
    /// Something else stands where a version must stand, or nothing.
    Version {
        /// What stands there; `None` at the end of the text or of an alternative.
        found: Option<char>,
    },
    /// Something follows a version without a blank or comma between them: a fourth number, an operator.
    Separator {
        /// What follows.
        found: char,
    },
    /// A hyphen range with an operator or another term directly before it.
    Range,
    /// A part of a version that is neither a number nor a single wildcard.
    Number {
        /// The part, quoted and shortened.
        text: String,
    },
    /// A pre-release with a leading zero in one of its numbers.
    Prerelease {
        /// The pre-release, quoted and shortened.
        text: String,
    },
    /// More text than is read.
    TooLong {
        /// Bytes in the input.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

impl ConstraintProblem {
    pub(super) fn number(text: &str) -> Self {
        Self::Number { text: quoted(text) }
    }

    pub(super) fn prerelease(text: &str) -> Self {
        Self::Prerelease { text: quoted(text) }
    }

    fn at(&self, position: usize) -> String {
        match self {
            Self::Version { found: Some(found) } => {
                format!("a version is expected at byte {position}, found {found:?}")
            }
            Self::Version { found: None } => format!("a version is expected at byte {position}, nothing is there"),
            Self::Separator { found } => format!("{found:?} at byte {position} directly follows a version"),
            Self::Range => format!("the hyphen range at byte {position} has something before it that does not fit"),
            Self::Number { text } => format!("{text} in the version at byte {position} is neither a number nor x"),
            Self::Prerelease { text } => format!("{text} in the version at byte {position} is no pre-release"),
            Self::TooLong { length, limit } => format!("it is {length} bytes long, the limit is {limit}"),
        }
    }
}
