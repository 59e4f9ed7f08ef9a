//! Tags for branches.

use std::fmt;

use super::legal::legal_tag;
use crate::{BuildFacts, GitRef, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The name of the branch as a tag: `feature/x` gives `feature-x`. Silent on everything else.
///
/// Characters that cannot stand in a tag become `-`, a `.` or `-` at the start is left out, and
/// the rest is cut to 128 characters. Two branches can come to the same tag.
///
/// # Errors
///
/// [`SchemeError::Unmappable`] when nothing is left of the name, and [`SchemeError::Reserved`]
/// when it would become a [`DigestTag`](crate::DigestTag).
#[derive(Clone, Copy, Debug)]
pub struct Branch;

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Branch {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match &facts.git_ref {
            GitRef::Branch(name) => Ok(vec![legal_tag(name)?]),
            GitRef::Tag(_) | GitRef::PullRequest(_) => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::floating()]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("branch")
    }
}
