//! The context of a build: what all CI systems say, in one shape.

use std::collections::BTreeSet;

use super::Provider;
use crate::{GitRef, Timestamp};

/// What a CI system said about the build that it runs.
///
/// A pull request is written `refs/pull/N/merge` for every system but GitHub's own kind, whose reference is kept as it
/// is: rules of `docker/metadata-action` look at that form, and strip nothing but `/merge`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CiContext {
    /// Which system it is.
    pub provider: Provider,
    /// What set the build off.
    pub event: CiEvent,
    /// The same in the system's own word, such as `merge_request_event`; empty where it has none.
    pub event_name: String,
    /// What is built. For a merge queue of GitHub this is the queue's own branch.
    pub git_ref: GitRef,
    /// What is built, as a full reference: `refs/heads/main`, `refs/tags/v1.2.3`, `refs/pull/42/merge`.
    pub full_ref: String,
    /// The commit that is checked out. For a pull request this can be a merge commit that exists for this build alone.
    pub sha: String,
    /// The number of the pull or merge request. A branch that is built can have one too: `CircleCI` builds branches, and
    /// says which pull request they belong to.
    pub pull_request: Option<u64>,
    /// The commit that the author of the pull request pushed, where the system says it.
    pub head_sha: Option<String>,
    /// The branch of a pull request, without `refs/heads/`.
    pub head_ref: Option<String>,
    /// The branch that a pull request or a merge queue is to be merged into, without `refs/heads/`.
    pub base_ref: Option<String>,
    /// Whether the pull request comes from a fork; `None` for other builds, and where the system does not say it.
    pub fork: Option<bool>,
    /// The default branch of the repository.
    pub default_branch: Option<String>,
    /// When the commit [`sha`](Self::sha) was made.
    pub commit_date: Option<Timestamp>,
    /// The message of that commit. The feature `conventions` reads from it which pull request it brought.
    pub commit_message: Option<String>,
    /// The labels of the pull request.
    pub labels: BTreeSet<String>,
    /// What the system says about the repository.
    pub repository: CiRepository,
    /// The identifier of the run, unique in the system.
    pub run_id: Option<String>,
    /// The number of the run, which counts up in the repository or job.
    pub run_number: Option<String>,
    /// Who set the build off.
    pub actor: Option<String>,
    /// The image that the system proposes for the repository, such as `registry.example/group/app`.
    pub image: Option<String>,
}

impl CiContext {
    /// Whether [`sha`](Self::sha) is a merge commit that was made for this build, and found nowhere after it.
    ///
    /// `None` where the system does not say it.
    pub fn is_merge_commit(&self) -> Option<bool> {
        match (&self.git_ref, self.event, &self.head_sha) {
            // The branch that it is to be merged into is checked out, unless the workflow does otherwise.
            (_, CiEvent::PullRequestTarget, _) => Some(false),
            (GitRef::PullRequest(_), _, Some(head)) => Some(!same_commit(head, &self.sha)),
            (GitRef::PullRequest(_), _, None) => None,
            _ => Some(false),
        }
    }

    /// The commit that an image should be named after: for a pull request the head commit, `None` where it is not known;
    /// else the one that is checked out.
    pub fn lasting_commit(&self) -> Option<&str> {
        match self.git_ref {
            GitRef::PullRequest(_) => self.head_sha.as_deref(),
            _ => Some(&self.sha),
        }
    }
}

/// Whether two identifiers, of which one may be abbreviated, are of one commit.
pub(super) fn same_commit(one: &str, other: &str) -> bool {
    let length = one.len().min(other.len());
    one.get(..length).zip(other.get(..length)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// What set a build off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CiEvent {
    /// Somebody pushed a branch or a tag.
    Push,
    /// A pull or merge request was opened or changed.
    PullRequest,
    /// The same, run with the trust of the branch that it is to be merged into (GitHub, Forgejo).
    PullRequestTarget,
    /// A merge queue or merge train tries what is about to be merged.
    MergeGroup,
    /// A release was published.
    Release,
    /// A timer.
    Schedule,
    /// Somebody started it by hand.
    Manual,
    /// Another program asked for it, or another pipeline.
    Triggered,
    /// Something that has no name here; [`CiContext::event_name`] says what.
    Other,
    /// The system does not say it (Jenkins, `CircleCI`, Bitbucket).
    Unknown,
}

/// What a CI system says about the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CiRepository {
    /// The name, without the owner.
    pub name: Option<String>,
    /// The description that people read.
    pub description: Option<String>,
    /// The web page, without credentials.
    pub url: Option<String>,
    /// The licence, as an SPDX identifier.
    pub license: Option<String>,
}
