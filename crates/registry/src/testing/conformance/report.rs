//! `Report` and `Failures`: what a run of the suite found.

use std::collections::BTreeSet;
use std::fmt;

use super::Capability;

/// A run in which every check passed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The names of the checks, in the order in which they ran.
    pub checks: Vec<String>,
    /// What is declared absent, and was seen to be.
    pub shortfalls: BTreeSet<Capability>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} checks passed", self.checks.len())?;
        for (n, shortfall) in self.shortfalls.iter().enumerate() {
            write!(f, "{}{shortfall}", if n == 0 { "; falls short, as declared, in " } else { ", " })?;
        }
        Ok(())
    }
}

/// A run in which some checks failed.
///
/// Its `Debug` is its `Display`, one line a failure, so that `?` and `unwrap` in a test say what is wrong.
#[derive(Clone)]
#[non_exhaustive]
pub struct Failures {
    /// The checks that failed.
    pub failures: Vec<Failure>,
    /// How many checks ran.
    pub checks: usize,
}

/// A check that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the check.
    pub check: String,
    /// What a backend must do.
    pub expected: String,
    /// What this one did.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, saw {}", self.check, self.expected, self.seen)
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} checks failed", self.failures.len(), self.checks)?;
        for failure in &self.failures {
            write!(f, "\n  {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {}
