//! Tags for pull requests.

use crate::{BuildFacts, GitRef, SchemeError, Tag, TagScheme};

/// The number of the pull request: `pr-42`. Silent on everything else.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest;

impl TagScheme for PullRequest {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match &facts.git_ref {
            GitRef::PullRequest(number) => Ok(vec![format!("pr-{number}").parse()?]),
            GitRef::Tag(_) | GitRef::Branch(_) => Ok(Vec::new()),
        }
    }
}
