//! Why a rule gave its tag, or none.

use std::fmt;

use super::{rule::Rule, version::Role, warning::Warning};

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The rule.
    pub rule: Rule,
    /// What became of it.
    pub outcome: Outcome,
}

/// `RULE: what became of it`, in one line.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.outcome)
    }
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It gave a tag.
    Tag {
        /// The tag.
        tag: String,
        /// What the tag is among the others.
        role: Role,
        /// Whether it settled that there is a `latest`, or that there is none. The first tag does.
        latest: Option<bool>,
    },
    /// It gave none.
    None(Reason),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag { tag, role, latest } => {
                match role {
                    Role::Main => write!(f, "gives the main tag {tag}")?,
                    Role::Partial => write!(f, "gives the tag {tag}")?,
                    Role::Repeated => write!(f, "gives {tag}, which an earlier rule gave already")?,
                }
                match latest {
                    Some(true) => f.write_str(", and with it latest"),
                    Some(false) => f.write_str(", and settles that there is no latest"),
                    None => Ok(()),
                }
            }
            Self::None(reason) => write!(f, "gives no tag: {reason}"),
        }
    }
}

/// Why a rule gave no tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `enable` came to `false`.
    Disabled {
        /// The attribute as it was written.
        enable: String,
    },
    /// The event is not a schedule.
    NotScheduled {
        /// The event.
        event: String,
    },
    /// What is built is no git tag, and the rule has no value of its own.
    NoGitTag {
        /// What is built.
        git_ref: String,
    },
    /// What is built is no branch.
    NoBranch {
        /// What is built.
        git_ref: String,
    },
    /// What is built is no pull request.
    NoPullRequest {
        /// What is built.
        git_ref: String,
    },
    /// What is built is not the branch of the rule.
    OtherBranch {
        /// What is built.
        branch: String,
        /// The branch of the rule, if it is known.
        wanted: Option<String>,
    },
    /// The commit is not known.
    NoCommit,
    /// The value does not fit the rule, and there is a warning that says so.
    Unfit(Warning),
    /// It came to nothing.
    Empty,
    /// Something that it names is empty for this build, and would leave a gap.
    Gap {
        /// The template that names it.
        template: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled { enable } if enable == "false" => f.write_str("it is disabled"),
            Self::Disabled { enable } => write!(f, "it is disabled, {enable} is false here"),
            Self::NotScheduled { event } => write!(f, "the event is {}, not a schedule", shown(event)),
            Self::NoGitTag { git_ref } => write!(f, "{} is no git tag", shown(git_ref)),
            Self::NoBranch { git_ref } => write!(f, "{} is no branch", shown(git_ref)),
            Self::NoPullRequest { git_ref } => write!(f, "{} is no pull request", shown(git_ref)),
            Self::OtherBranch { branch, wanted: Some(wanted) } => write!(f, "branch {branch} is not {wanted}"),
            Self::OtherBranch { branch, wanted: None } => {
                write!(f, "whether {branch} is the default branch is not known")
            }
            Self::NoCommit => f.write_str("the commit is not known"),
            Self::Unfit(warning) => warning.fmt(f),
            Self::Empty => f.write_str("it comes to nothing"),
            Self::Gap { template } => write!(f, "{template} names something that is empty here"),
        }
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}
