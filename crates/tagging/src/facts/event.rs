//! What made a build run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What made a build run.
///
/// Through serde it reads `"push"`, `"pull_request"`, …, and `{"other":"workflow_call"}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Commits or a tag were pushed.
    Push,
    /// A pull request, or merge request, was opened or changed.
    PullRequest,
    /// A timer.
    Schedule,
    /// A person pressed the button.
    Manual,
    /// A release was published on the forge.
    Release,
    /// Anything else, by the build system's own name for it.
    Other(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Push => "push",
            Self::PullRequest => "pull request",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Release => "release",
            Self::Other(name) => name,
        })
    }
}
