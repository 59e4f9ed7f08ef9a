//! Why the name of a branch could not be read, and why a pattern is none.

use crate::TemplateError;

/// The name of a branch carries a commit that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BranchError {
    /// What follows `-sha-` behind a version is no commit.
    #[error("the branch {branch} carries {commit}, which is not 7 to 64 hexadecimal digits")]
    BrokenCommit {
        /// The branch.
        branch: String,
        /// What it carries.
        commit: String,
    },

    /// The carried commit is not the one that is built: the branch went on after it was named, or was named wrongly.
    #[error("the branch {branch} carries the commit {commit}, and {head} is built")]
    CommitMismatch {
        /// The branch.
        branch: String,
        /// The commit that it carries.
        commit: String,
        /// The commit that is built.
        head: String,
    },

    /// Digits behind a version that may be a commit or a prerelease, where the commit that is built is not known.
    #[error("the branch {branch} carries {digits}, which may be a commit or a prerelease")]
    AmbiguousCommit {
        /// The branch.
        branch: String,
        /// The digits.
        digits: String,
    },
}

/// A text that is no pattern for branches, or a rule with a tag that no branch can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// More than one `*` or `#`.
    #[error("the pattern {pattern} has more than one '*' or '#'")]
    Wildcards {
        /// The pattern.
        pattern: String,
    },
    /// A brace without its partner, or one inside of another.
    #[error("the braces of the pattern {pattern} do not match")]
    Braces {
        /// The pattern.
        pattern: String,
    },
    /// So many alternatives that nobody meant them.
    #[error("the pattern {pattern} stands for more than 256 patterns")]
    Alternatives {
        /// The pattern.
        pattern: String,
    },
    /// The tag of a rule is no tag and no template.
    #[error("the tag {tag} of the rule cannot be made")]
    Tag {
        /// The tag as the rule has it.
        tag: String,
        /// Why.
        #[source]
        source: TemplateError,
    },
}
