//! From a context to the facts that schemes look at.

use super::context::same_commit;
use super::{CiContext, CiEvent};
use crate::{BuildFacts, Event, GitRef};

/// The commit is the [lasting one](CiContext::lasting_commit): of a pull request whose head commit the system does not
/// say there is none, because the merge commit that is checked out is found nowhere after the build. The date is that
/// of this commit or none.
///
/// A pull request that was merged, and is built on the branch that it went into, is the
/// [merged pull request](BuildFacts::merged_pull_request).
impl From<&CiContext> for BuildFacts {
    fn from(context: &CiContext) -> Self {
        let mut facts = match &context.git_ref {
            GitRef::Tag(name) => Self::tag(name),
            GitRef::Branch(name) => Self::branch(name),
            GitRef::PullRequest(number) => Self::pull_request(*number),
        };
        let commit = context.lasting_commit();
        facts.commit = commit.map(str::to_owned);
        facts.commit_date =
            context.commit_date.filter(|_| commit.is_some_and(|commit| same_commit(commit, &context.sha)));
        facts.merge_commit = (context.is_merge_commit() == Some(true)).then(|| context.sha.clone());
        facts.default_branch.clone_from(&context.default_branch);
        facts.event = event(context);
        facts.base_branch.clone_from(&context.base_ref);
        facts.head_branch.clone_from(&context.head_ref);
        if let (GitRef::Branch(_), CiEvent::PullRequest) = (&context.git_ref, context.event) {
            facts.merged_pull_request = context.pull_request;
        }
        // Some systems number their runs in other ways, `20240308.4` for one; those are no numbers.
        facts.run_number = context.run_number.as_deref().and_then(|number| number.parse().ok());
        facts.labels.clone_from(&context.labels);
        facts
    }
}

fn event(context: &CiContext) -> Option<Event> {
    let name = &context.event_name;
    Some(match context.event {
        CiEvent::Push => Event::Push,
        CiEvent::PullRequest | CiEvent::PullRequestTarget => Event::PullRequest,
        CiEvent::MergeGroup => Event::Other("merge_group".to_owned()),
        CiEvent::Release => Event::Release,
        CiEvent::Schedule => Event::Schedule,
        CiEvent::Manual => Event::Manual,
        CiEvent::Triggered | CiEvent::Other => Event::Other(name.clone()),
        CiEvent::Unknown => return None,
    })
}
