//! Tags for pull requests.

use std::fmt;

use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind},
};

/// The number of the pull request: `pr-42`. Silent on everything else.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest;

#[deny(clippy::missing_trait_methods)]
impl TagScheme for PullRequest {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match &facts.git_ref {
            GitRef::PullRequest(number) => Ok(vec![format!("pr-{number}").parse()?]),
            GitRef::Tag(_) | GitRef::Branch(_) => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::floating().of_kind(TagKind::PullRequest)]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pull request")
    }
}
