//! Why a scheme could not say which tags a build gets.

use crate::NameError;

/// A fact that a scheme needs is missing or broken.
///
/// The texts inside are quoted, escaped and shortened, ready for a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemeError {
    /// A tag was to be made from the commit, and the facts name none.
    #[error("the facts of the build name no commit")]
    MissingCommit,

    /// The commit is not a commit's identifier.
    #[error("commit {commit} is not 7 to 64 hexadecimal digits")]
    BrokenCommit {
        /// The commit in the facts.
        commit: String,
    },

    /// The whole commit was asked for, and the facts hold an abbreviation.
    #[error("commit {commit} is abbreviated, a whole one has 40 or 64 digits")]
    AbbreviatedCommit {
        /// The commit in the facts.
        commit: String,
    },

    /// A branch is built, and whether it is the default branch cannot be told.
    #[error("the facts of the build of branch {branch} do not name the default branch")]
    MissingDefaultBranch {
        /// The branch that is built.
        branch: String,
    },

    /// A git tag had to be a semantic version.
    #[error("git tag {git_tag} is not a semantic version: {reason}")]
    NotSemver {
        /// The git tag that is built.
        git_tag: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A name in git of which nothing is left that could stand in a tag.
    #[error("nothing of the name {name} can stand in a tag")]
    Unmappable {
        /// The branch or git tag.
        name: String,
    },

    /// A name in git that would become a [`DigestTag`](crate::DigestTag), a tag that is not for people to set.
    #[error("the name {name} would become a tag that speaks about a digest")]
    Reserved {
        /// The branch or git tag.
        name: String,
    },

    /// A fact that a scheme needs is missing.
    #[error("the facts of the build do not name {fact}")]
    MissingFact {
        /// The fact, such as `the date of the commit`.
        fact: &'static str,
    },

    /// A part of a tag that is empty, or nothing but separators, as an unset variable leaves it.
    #[error("the {piece} of the tag has neither a letter nor a digit")]
    EmptyPiece {
        /// Which part: `prefix`, `suffix`, `variant`.
        piece: &'static str,
    },

    /// A name in git that would become a tag with a meaning of its own.
    #[error("the name {name} would become {reads_as}")]
    Misleading {
        /// The name in git.
        name: String,
        /// What the tag means.
        reads_as: &'static str,
    },

    /// The name of a branch carries a commit that cannot be right.
    #[cfg(feature = "conventions")]
    #[error("the branch cannot be read")]
    Branch(#[from] crate::branches::BranchError),

    /// A scheme of your own refuses the build.
    #[error("{reason}")]
    Refused {
        /// Why, in one line.
        reason: String,
    },

    /// The tag that a scheme came to is not a legal one.
    #[error("the computed tag is not legal")]
    Illegal(#[from] NameError),
}

impl SchemeError {
    /// The error of a scheme of your own that applies to a build and cannot tell its tags, and why.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}
