//! The questions that are asked of a checkout.

use std::fmt::Debug;

use super::GitError;

/// A checkout that can be asked what it holds.
///
/// The questions are those that tell the reference of a checkout, also of one that is on no branch. An implementation
/// answers each as git does, in git's order; it never answers "nothing" when it could not look.
pub trait WorkTree: Debug {
    /// The commit that is checked out, in full.
    ///
    /// # Errors
    ///
    /// When there is none yet, and when the checkout cannot be read; so have all questions.
    fn head(&self) -> Result<String, GitError>;

    /// The branch that is checked out, without `refs/heads/`; `None` when the head is detached.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn branch(&self) -> Result<Option<String>, GitError>;

    /// The full reference that `HEAD` points at.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head), and when the head is detached.
    fn symbolic_ref(&self) -> Result<String, GitError>;

    /// The names that point at the commit, as git's `%D` lists them: `HEAD, tag: v1.2.3, origin/main`.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn decoration(&self) -> Result<String, GitError>;

    /// The full references below `scope`, `refs/heads/` for one, that contain the commit, those with the latest commit
    /// first.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn references_containing_head(&self, scope: &str) -> Result<Vec<String>, GitError>;

    /// The tags that contain the commit, without `refs/tags/`.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn tags_containing_head(&self) -> Result<Vec<String>, GitError>;

    /// The full references of the tags that point at the commit.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn tags_at_head(&self) -> Result<Vec<String>, GitError>;

    /// When `commit` was committed, as git's `%ci` writes it: `2024-03-08 23:45:12 -0500`.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head), and when there is no such commit.
    fn commit_date(&self, commit: &str) -> Result<String, GitError>;

    /// The nearest tag, the commits since, and the commit: `v1.2.3-4-g2b2e927`. `None` when no tag is in its history.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn describe(&self) -> Result<Option<String>, GitError>;

    /// Whether history is cut off, so that tags and branches that contain the commit may be unknown.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    fn is_shallow(&self) -> Result<bool, GitError>;
}
