//! Several schemes as one.

use std::fmt;

use crate::{BuildFacts, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The tags of every scheme in the list, in the order of the list, each tag once.
///
/// The first error ends it: a build gets all of its tags or none.
///
/// ```
/// use lockage_tagging::{AllOf, Branch, BuildFacts, PullRequest, TagScheme};
///
/// let scheme = AllOf::new().with(Branch).with(PullRequest);
/// assert_eq!(scheme.tags(&BuildFacts::pull_request(42))?, ["pr-42"]);
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
#[derive(Debug, Default)]
pub struct AllOf {
    schemes: Vec<Box<dyn TagScheme>>,
}

impl AllOf {
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
impl TagScheme for AllOf {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let mut all = Vec::new();
        for scheme in &self.schemes {
            for tag in scheme.tags(facts)? {
                if !all.contains(&tag) {
                    all.push(tag);
                }
            }
        }
        Ok(all)
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let mut classes = Vec::new();
        for class in self.schemes.iter().flat_map(TagScheme::classes) {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        classes
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all of (")?;
        super::describe_list(f, &self.schemes, ", ")?;
        f.write_str(")")
    }
}
