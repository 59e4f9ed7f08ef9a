//! A scheme for some builds only.

use std::fmt;

use crate::{BuildFacts, SchemeError, Tag, TagScheme, When, class::SchemeClass};

/// The tags of a scheme for the builds that a condition picks. Made by [`only_if`](crate::TagSchemeExt::only_if).
///
/// # Errors
///
/// Those of the condition, then those of the scheme. The scheme is not asked about a build that is not picked.
#[derive(Clone, Debug)]
pub struct OnlyIf<S> {
    when: When,
    scheme: S,
}

impl<S> OnlyIf<S> {
    pub(super) fn new(when: When, scheme: S) -> Self {
        Self { when, scheme }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: TagScheme> TagScheme for OnlyIf<S> {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match self.when.holds(facts)? {
            true => self.scheme.tags(facts),
            false => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        self.scheme.classes()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scheme.describe(f)?;
        write!(f, " if {}", self.when)
    }
}
