//! Tags for what a pull request has become.

use std::fmt;

use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind},
};

/// The number of the pull request whose merge is built: `pr-42`, on branches.
///
/// It is the tag that [`PullRequest`](crate::PullRequest) gave while the request was open, so it moves once more, from
/// the proposal to the merge. Silent on tags and open requests, and on commits that came without a pull request.
#[derive(Clone, Copy, Debug)]
pub struct MergedPullRequest;

#[deny(clippy::missing_trait_methods)]
impl TagScheme for MergedPullRequest {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match (&facts.git_ref, facts.merged_pull_request) {
            (GitRef::Branch(_), Some(number)) => Ok(vec![format!("pr-{number}").parse()?]),
            _ => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::floating().of_kind(TagKind::PullRequest)]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("merged pull request")
    }
}
