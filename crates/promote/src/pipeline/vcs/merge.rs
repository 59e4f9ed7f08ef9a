//! The pull request that a commit of a branch came from: by the event, by its message, by the forge.

use lockage_tagging::merges::{self, MergeError};

use super::{PullRequest, Vcs, VcsError};

/// What is known of a commit that merged something.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct MergeFacts<'a> {
    /// The commit, for the forge.
    pub commit: Option<&'a str>,
    /// Its message.
    pub message: Option<&'a str>,
    /// The number that the event of the CI system has.
    pub event: Option<u64>,
}

/// Why it is not known which one it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergedFromError {
    /// Several are meant.
    #[error("several pull requests are meant: {}", told(.found))]
    Ambiguous {
        /// Each, and where it was found.
        found: Vec<(u64, &'static str)>,
    },
    /// The message cannot be read.
    #[error(transparent)]
    Message(#[from] MergeError),
    /// The forge did not say.
    #[error(transparent)]
    Vcs(#[from] VcsError),
}

impl MergedFromError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Ambiguous { .. } | Self::Message(_) => "Say which: --select pr:NUMBER.",
            Self::Vcs(error) => error.remedy(),
        }
    }
}

impl<'a> MergeFacts<'a> {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The commit.
    #[must_use]
    pub fn commit(self, commit: &'a str) -> Self {
        Self { commit: Some(commit), ..self }
    }

    /// Its message.
    #[must_use]
    pub fn message(self, message: &'a str) -> Self {
        Self { message: Some(message), ..self }
    }

    /// The number of the event.
    #[must_use]
    pub fn event(self, number: u64) -> Self {
        Self { event: Some(number), ..self }
    }
}

/// The pull request; `None` where none is named. Everything that is known is asked, and has to agree: an image is chosen by
/// it. One request, where a forge and a commit are given.
///
/// # Errors
/// [`MergedFromError`]: also where two of them do not agree.
pub async fn pull_request_of_merge(
    facts: MergeFacts<'_>,
    vcs: Option<&dyn Vcs>,
) -> Result<Option<u64>, MergedFromError> {
    let mut found: Vec<(u64, &'static str)> = facts.event.map(|number| (number, "the event")).into_iter().collect();
    if let Some(number) = facts.message.map(merges::pull_request_of).transpose()?.flatten() {
        found.push((number, "the message"));
    }
    if let (Some(vcs), Some(commit)) = (vcs, facts.commit) {
        let all = vcs.pull_requests_of(commit).await?;
        let became = |one: &&PullRequest| one.merged_as.iter().any(|sha| sha.eq_ignore_ascii_case(commit));
        let mut meant: Vec<&PullRequest> = all.iter().filter(became).collect();
        if meant.is_empty() {
            // A commit within a branch that was merged, not squashed.
            meant = all.iter().filter(|one| !one.merged_as.is_empty()).collect();
        }
        found.extend(meant.into_iter().map(|one| (one.number, "the forge")));
    }
    let first = found.first().map(|(number, _)| *number);
    match found.iter().all(|(number, _)| Some(*number) == first) {
        true => Ok(first),
        false => Err(MergedFromError::Ambiguous { found }),
    }
}

fn told(found: &[(u64, &'static str)]) -> String {
    found.iter().map(|(number, by)| format!("#{number} by {by}")).collect::<Vec<_>>().join(", ")
}
