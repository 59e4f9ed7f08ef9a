//! Closures as schemes.

use std::{fmt, sync::Arc};

use crate::{BuildFacts, SchemeError, Tag, TagScheme, class::SchemeClass};

/// A scheme that is a closure, with the name that it prints as.
///
/// ```
/// use lockage_tagging::{BuildFacts, FromFn, GitRef, TagScheme};
///
/// let nightly = FromFn::new("nightly", |facts| match (&facts.git_ref, facts.commit_date) {
///     (GitRef::Branch(_), Some(at)) => Ok(vec![format!("nightly-{}", at.date()).parse()?]),
///     _ => Ok(Vec::new()),
/// });
/// let facts = BuildFacts::branch("main").commit_date("2024-03-09T16:41:09Z".parse()?);
/// assert_eq!(nightly.tags(&facts)?, ["nightly-2024-03-09"]);
/// assert_eq!(format!("{nightly:?}"), r#"FromFn("nightly")"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FromFn {
    name: String,
    function: Arc<Function>,
    classes: Vec<SchemeClass>,
}

type Function = dyn Fn(&BuildFacts) -> Result<Vec<Tag>, SchemeError> + Send + Sync;

impl FromFn {
    /// The scheme that is `function`, called `name`.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&BuildFacts) -> Result<Vec<Tag>, SchemeError> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Arc::new(function), classes: Vec::new() }
    }

    /// Declares a class of tags that the closure makes. Without any, it makes [any](SchemeClass::any).
    #[must_use]
    pub fn of_class(mut self, class: SchemeClass) -> Self {
        self.classes.push(class);
        self
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for FromFn {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        (self.function)(facts)
    }

    fn classes(&self) -> Vec<SchemeClass> {
        match self.classes.is_empty() {
            true => vec![SchemeClass::any()],
            false => self.classes.clone(),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for FromFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FromFn").field(&self.name).finish()
    }
}
