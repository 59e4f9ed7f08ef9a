//! Several schemes, of which the first with an answer counts.

use std::fmt;

use crate::{BuildFacts, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The tags of the first scheme in the list that gives any.
///
/// An error ends it, too: a scheme that applies and lacks a fact is no reason to ask the next.
///
/// ```
/// use lockage_tagging::{Branch, BuildFacts, FirstOf, GitTag, Semver, TagScheme};
///
/// let scheme = FirstOf::new().with(Semver::full()).with(GitTag).with(Branch);
/// assert_eq!(scheme.tags(&BuildFacts::tag("v1.2.3"))?, ["1.2.3"]);
/// assert_eq!(scheme.tags(&BuildFacts::tag("demo-7"))?, ["demo-7"]);
/// assert_eq!(scheme.to_string(), "first of (semver, git tag, branch)");
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
#[derive(Debug, Default)]
pub struct FirstOf {
    schemes: Vec<Box<dyn TagScheme>>,
}

impl FirstOf {
    /// An empty list, which gives no tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `scheme` at the end.
    #[must_use]
    pub fn with(mut self, scheme: impl TagScheme + 'static) -> Self {
        self.schemes.push(Box::new(scheme));
        self
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for FirstOf {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        for scheme in &self.schemes {
            let tags = scheme.tags(facts)?;
            if !tags.is_empty() {
                return Ok(tags);
            }
        }
        Ok(Vec::new())
    }

    fn classes(&self) -> Vec<SchemeClass> {
        self.schemes.iter().flat_map(TagScheme::classes).collect()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("first of (")?;
        super::describe_list(f, &self.schemes, ", ")?;
        f.write_str(")")
    }
}
