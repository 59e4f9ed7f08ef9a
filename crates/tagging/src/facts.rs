//! The facts of a build: all that a scheme may look at.

use serde::{Deserialize, Serialize};

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

    fn new(git_ref: GitRef) -> Self {
        Self { git_ref, commit: None, default_branch: None }
    }
}
