//! The facts of a build from its checkout alone.

use super::{GitError, WorkTree};
use crate::BuildFacts;
use crate::excerpt::quoted;

/// What is checked out: the branch, or on a detached head the one tag that points at it, and the commit.
///
/// A checkout knows no pull request and no default branch. Up to four questions are asked.
///
/// # Errors
///
/// [`GitError::Detached`] and [`GitError::SeveralTags`] when neither branch nor tag can be told, and whatever keeps the
/// checkout from being read.
pub fn facts(checkout: &dyn WorkTree) -> Result<BuildFacts, GitError> {
    let commit = checkout.head()?;
    if let Some(branch) = checkout.branch()? {
        return Ok(BuildFacts::branch(branch).commit(commit));
    }
    let tags = checkout.tags_at_head()?;
    match tags.as_slice() {
        [tag] => Ok(BuildFacts::tag(tag.strip_prefix("refs/tags/").unwrap_or(tag)).commit(commit)),
        [] => Err(GitError::Detached { shallow: checkout.is_shallow()?, commit }),
        _ => Err(GitError::SeveralTags { commit, tags: tags.iter().map(|tag| quoted(tag)).collect() }),
    }
}
