//! Why a checkout could not answer, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// A question to a checkout that got no answer.
///
/// The message is one line; what git wrote is quoted, escaped and shortened. What to do about it is in
/// [`remedy`](Self::remedy).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no program of that name.
    #[error("there is no program {}", .program.display())]
    NotInstalled {
        /// The program.
        program: PathBuf,
    },

    /// The program could not be started, or not be read from.
    #[error("{} cannot be run: {reason}", .program.display())]
    Unusable {
        /// The program.
        program: PathBuf,
        /// What the operating system says.
        reason: String,
    },

    /// It did not answer in time, and was stopped.
    #[error("git {question} gave no answer within {} s", .limit.as_secs_f64())]
    TimedOut {
        /// The arguments.
        question: String,
        /// How long it had.
        limit: Duration,
    },

    /// The directory is not in a git repository.
    #[error("{} is in no git repository", .directory.display())]
    NoRepository {
        /// The directory.
        directory: PathBuf,
    },

    /// The repository belongs to another user, and git refuses to read it.
    #[error("git refuses {}, which belongs to another user", .directory.display())]
    DubiousOwnership {
        /// The directory.
        directory: PathBuf,
    },

    /// Nothing has been committed yet.
    #[error("{} has no commit", .directory.display())]
    NoCommit {
        /// The directory.
        directory: PathBuf,
    },

    /// git failed for another reason.
    #[error("git {question} failed{}: {reason}", match .status { Some(status) => format!(" with status {status}"), None => String::new() })]
    Failed {
        /// The arguments.
        question: String,
        /// The exit status; `None` when a signal ended it.
        status: Option<i32>,
        /// The first line that it wrote to standard error, quoted.
        reason: String,
    },

    /// The answer is not UTF-8, or longer than any answer should be.
    #[error("the answer to git {question} {problem}")]
    Unreadable {
        /// The arguments.
        question: String,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// The head is detached, and no tag points at it.
    #[error("commit {commit} is checked out on no branch, and no tag points at it")]
    Detached {
        /// The commit.
        commit: String,
        /// Whether history is cut off, so that there may be a tag that is not known.
        shallow: bool,
    },

    /// The head is detached, and several tags point at it.
    #[error("commit {commit} is checked out on no branch, and several tags point at it: {}", .tags.join(", "))]
    SeveralTags {
        /// The commit.
        commit: String,
        /// The tags, quoted.
        tags: Vec<String>,
    },
}

impl GitError {
    /// What to do about it, as a short imperative for people, where there is something to say.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotInstalled { .. } => "install git, or take the facts from the CI system's variables".to_owned(),
            Self::NoRepository { .. } => "name the directory of the checkout".to_owned(),
            Self::DubiousOwnership { directory } => format!(
                "trust it: git config --global --add safe.directory {}; a container often runs as another user than \
                 the step that checked out",
                directory.display()
            ),
            Self::NoCommit { .. } => "commit something, or name the checkout that was built".to_owned(),
            Self::TimedOut { .. } => "look for a network file system or a lock, or allow more time".to_owned(),
            Self::Detached { shallow: true, .. } => {
                "the checkout is shallow: fetch the history and the tags (actions/checkout: fetch-depth: 0), or check \
                 out a branch or a tag by its name"
                    .to_owned()
            }
            Self::Detached { shallow: false, .. } => "check out a branch or a tag by its name".to_owned(),
            Self::SeveralTags { .. } => "say which of them is built".to_owned(),
            Self::Unusable { .. } | Self::Failed { .. } | Self::Unreadable { .. } => return None,
        })
    }
}
