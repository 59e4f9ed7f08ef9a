//! Tags for git tags, whatever they mean.

use std::fmt;

use super::legal::legal_tag;
use crate::{BuildFacts, GitRef, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The git tag as the image's tag, `v` and all: `v1.2.3` gives `v1.2.3`. Silent on everything else.
///
/// Illegal characters are dealt with as [`Branch`](crate::Branch) does, and so are the errors.
#[derive(Clone, Copy, Debug)]
pub struct GitTag;

#[deny(clippy::missing_trait_methods)]
impl TagScheme for GitTag {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match &facts.git_ref {
            GitRef::Tag(name) => Ok(vec![legal_tag(name)?]),
            GitRef::Branch(_) | GitRef::PullRequest(_) => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::any()]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("git tag")
    }
}
