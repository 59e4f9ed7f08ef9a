//! The facts of a build: all that a scheme may look at.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(crate) mod date;
pub(crate) mod event;
pub(crate) mod timestamp;

use crate::{Event, Timestamp};

/// What a build knows about itself.
///
/// A plain value, filled in by whoever knows the build system. Schemes see nothing else: no
/// environment, no clock, no repository. The same facts therefore give the same tags, anywhere.
///
/// ```
/// use lockage_tagging::BuildFacts;
///
/// let facts = BuildFacts::branch("main").default_branch("main").commit("2b2e927");
/// assert_eq!(facts.commit.as_deref(), Some("2b2e927"));
/// ```
///
/// Only what is built has to be said. A scheme that needs another fact asks for it with an error, so start with few.
///
/// Through serde it reads `{"git_ref":{"branch":"main"},"commit":"2b2e927","default_branch":"main"}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BuildFacts {
    /// What is built.
    pub git_ref: GitRef,

    /// The commit that is built, as git prints it: 40 or 64 hexadecimal digits, or an abbreviation.
    ///
    /// For a pull request this is the head commit, the one its author pushed. The merge commit
    /// that some build systems check out exists for that one build and is found nowhere after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,

    /// The repository's default branch, such as `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,

    /// What made the build run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,

    /// The branch that a pull request is to be merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_branch: Option<String>,

    /// The branch that a pull request comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_branch: Option<String>,

    /// The commit that a build system made for this one build by merging a pull request into its base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,

    /// When the commit was made. Not when the build ran: a build that runs twice is to get the same tags twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_date: Option<Timestamp>,

    /// The pull request that brought the commit to the branch that is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_pull_request: Option<u64>,

    /// The build system's own number for this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_number: Option<u64>,

    /// The labels of the pull request.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub labels: BTreeSet<String>,
}

/// What a build was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GitRef {
    /// A git tag, by its name without `refs/tags/`.
    Tag(String),
    /// A branch, by its name without `refs/heads/`.
    Branch(String),
    /// A pull request, or merge request, by its number.
    PullRequest(u64),
}

impl BuildFacts {
    /// A build of the git tag `name`: `v1.2.3`.
    pub fn tag(name: impl Into<String>) -> Self {
        Self::new(GitRef::Tag(name.into()))
    }

    /// A build of the branch `name`: `main`.
    pub fn branch(name: impl Into<String>) -> Self {
        Self::new(GitRef::Branch(name.into()))
    }

    /// A build of the pull request `number`.
    pub fn pull_request(number: u64) -> Self {
        Self::new(GitRef::PullRequest(number))
    }

    /// Sets [the commit](Self#structfield.commit): for a pull request, the head commit.
    #[must_use]
    pub fn commit(self, commit: impl Into<String>) -> Self {
        Self { commit: Some(commit.into()), ..self }
    }

    /// Sets [the default branch](Self#structfield.default_branch).
    #[must_use]
    pub fn default_branch(self, name: impl Into<String>) -> Self {
        Self { default_branch: Some(name.into()), ..self }
    }

    /// Sets [what made the build run](Self#structfield.event).
    #[must_use]
    pub fn event(self, event: Event) -> Self {
        Self { event: Some(event), ..self }
    }

    /// Sets [the branch to merge into](Self#structfield.base_branch).
    #[must_use]
    pub fn base_branch(self, name: impl Into<String>) -> Self {
        Self { base_branch: Some(name.into()), ..self }
    }

    /// Sets [the branch that a pull request comes from](Self#structfield.head_branch).
    #[must_use]
    pub fn head_branch(self, name: impl Into<String>) -> Self {
        Self { head_branch: Some(name.into()), ..self }
    }

    /// Sets [the commit of the trial merge](Self#structfield.merge_commit).
    #[must_use]
    pub fn merge_commit(self, commit: impl Into<String>) -> Self {
        Self { merge_commit: Some(commit.into()), ..self }
    }

    /// Sets [when the commit was made](Self#structfield.commit_date).
    #[must_use]
    pub fn commit_date(self, date: Timestamp) -> Self {
        Self { commit_date: Some(date), ..self }
    }

    /// Sets [the pull request that brought the commit](Self#structfield.merged_pull_request).
    #[must_use]
    pub fn merged_pull_request(self, number: u64) -> Self {
        Self { merged_pull_request: Some(number), ..self }
    }

    /// Sets [the number of the run](Self#structfield.run_number).
    #[must_use]
    pub fn run_number(self, number: u64) -> Self {
        Self { run_number: Some(number), ..self }
    }

    /// Adds one of [the pull request's labels](Self#structfield.labels).
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.insert(label.into());
        self
    }

    fn new(git_ref: GitRef) -> Self {
        Self {
            git_ref,
            commit: None,
            default_branch: None,
            event: None,
            base_branch: None,
            head_branch: None,
            merge_commit: None,
            commit_date: None,
            merged_pull_request: None,
            run_number: None,
            labels: BTreeSet::new(),
        }
    }
}
