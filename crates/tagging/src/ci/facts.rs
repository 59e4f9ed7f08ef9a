//! From a context to the facts that schemes look at.

use super::CiContext;
use crate::{BuildFacts, GitRef};

/// The commit is the [lasting one](CiContext::lasting_commit): of a pull request whose head commit the system does not
/// say there is none, because the merge commit that is checked out is found nowhere after the build.
impl From<&CiContext> for BuildFacts {
    fn from(context: &CiContext) -> Self {
        let mut facts = match &context.git_ref {
            GitRef::Tag(name) => Self::tag(name),
            GitRef::Branch(name) => Self::branch(name),
            GitRef::PullRequest(number) => Self::pull_request(*number),
        };
        facts.commit = context.lasting_commit().map(str::to_owned);
        facts.default_branch.clone_from(&context.default_branch);
        facts
    }
}
