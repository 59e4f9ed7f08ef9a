//! `Vcs`: what a forge says of a commit: its pull requests, branches, checks and reviews.

mod checks;
mod error;
#[cfg(feature = "http")]
mod github;
#[cfg(feature = "http")]
mod gitlab;
mod merge;
mod reachable;
mod reviewed;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

pub use checks::ChecksGate;
pub use error::{VcsError, VcsErrorKind};
#[cfg(feature = "http")]
pub use github::GitHub;
#[cfg(feature = "http")]
pub use gitlab::GitLab;
pub use merge::{MergeFacts, MergedFromError, pull_request_of_merge};
pub use reachable::ReachableGate;
pub use reviewed::ReviewedGate;

/// Asks a forge about one of its repositories. Reads only.
///
/// An answer that is not whole is an error, and so is every failure: an empty list means that the forge said so.
#[async_trait]
pub trait Vcs: Debug + Send + Sync {
    /// The pull requests that a commit belongs to.
    async fn pull_requests_of(&self, commit: &str) -> Result<Vec<PullRequest>, VcsError>;

    /// Whether a branch is protected.
    async fn is_protected(&self, branch: &str) -> Result<bool, VcsError>;

    /// Whether a commit is on a branch: its head, or behind it.
    async fn is_reachable(&self, commit: &str, branch: &str) -> Result<bool, VcsError>;

    /// Whatever has been run, or is to be, for a commit; the last run of each.
    async fn checks(&self, commit: &str) -> Result<Vec<Check>, VcsError>;

    /// A pull request, and what its reviewers last said.
    async fn reviews(&self, number: u64) -> Result<Reviewed, VcsError>;
}

/// A pull request, or a merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullRequest {
    /// Its number, as people say it.
    pub number: u64,
    /// Who opened it.
    pub author: String,
    /// Its last commit.
    pub head: String,
    /// The branch that it is for.
    pub base: String,
    /// The commits that it became, where it is merged: a merge commit, a squashed one.
    pub merged_as: Vec<String>,
}

/// Something that was run for a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// The same in the forge's own word.
    pub said: String,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "good, bad, not yet, and left out")]
pub enum CheckState {
    /// Well.
    Passed,
    /// Not well; also what was cancelled, or waits for a person who has to act.
    Failed,
    /// It has not ended.
    Pending,
    /// It was skipped, or has no opinion.
    Skipped,
}

/// A pull request, and what its reviewers last said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reviewed {
    /// The pull request.
    pub pull_request: PullRequest,
    /// The last word of each.
    pub reviews: Vec<Review>,
}

/// The last word of a reviewer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Review {
    /// Who.
    pub by: String,
    /// True for an approval, false for a change that is asked for.
    pub approves: bool,
    /// The commit that was looked at, where the forge says it.
    pub commit: Option<String>,
}

impl PullRequest {
    /// A pull request that is not merged.
    #[must_use]
    pub fn new(number: u64, author: impl Into<String>, head: impl Into<String>, base: impl Into<String>) -> Self {
        Self { number, author: author.into(), head: head.into(), base: base.into(), merged_as: Vec::new() }
    }

    /// The same, merged as this commit.
    #[must_use]
    pub fn merged_as(mut self, commit: impl Into<String>) -> Self {
        self.merged_as.push(commit.into());
        self
    }

    /// Whether an image of `commit` is one of this pull request: of its head, or of what it became.
    #[must_use]
    pub fn is_of(&self, commit: &str) -> bool {
        std::iter::once(&self.head).chain(&self.merged_as).any(|one| one.eq_ignore_ascii_case(commit))
    }
}

impl Check {
    /// Something that was run.
    #[must_use]
    pub fn new(name: impl Into<String>, state: CheckState, said: impl Into<String>) -> Self {
        Self { name: name.into(), state, said: said.into() }
    }
}

impl Reviewed {
    /// What was said of a pull request.
    #[must_use]
    pub fn new(pull_request: PullRequest, reviews: Vec<Review>) -> Self {
        Self { pull_request, reviews }
    }
}

impl Review {
    /// An approval, or a change that is asked for.
    #[must_use]
    pub fn new(by: impl Into<String>, approves: bool, commit: Option<String>) -> Self {
        Self { by: by.into(), approves, commit }
    }
}

#[async_trait]
impl<V: Vcs + ?Sized> Vcs for Arc<V> {
    async fn pull_requests_of(&self, commit: &str) -> Result<Vec<PullRequest>, VcsError> {
        (**self).pull_requests_of(commit).await
    }
    async fn is_protected(&self, branch: &str) -> Result<bool, VcsError> {
        (**self).is_protected(branch).await
    }
    async fn is_reachable(&self, commit: &str, branch: &str) -> Result<bool, VcsError> {
        (**self).is_reachable(commit, branch).await
    }
    async fn checks(&self, commit: &str) -> Result<Vec<Check>, VcsError> {
        (**self).checks(commit).await
    }
    async fn reviews(&self, number: u64) -> Result<Reviewed, VcsError> {
        (**self).reviews(number).await
    }
}
