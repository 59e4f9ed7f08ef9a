//! The checkout that rules of `docker/metadata-action` are evaluated for: `context: git`.

use std::cell::RefCell;

use super::{GitError, WorkTree};
use crate::actions::{ActionError, Checkout, GitAnswers, GitFailure, infer_ref};

/// Reference, commit and date of what is checked out.
///
/// On a detached head the reference is inferred from what points at the commit or contains it, as the action does. Up
/// to seven questions are asked.
///
/// # Errors
///
/// [`CheckoutError::Git`] when the checkout cannot be read, [`CheckoutError::Reference`] when it can and its reference
/// cannot be told.
pub fn checkout(tree: &dyn WorkTree) -> Result<Checkout, CheckoutError> {
    let sha = tree.head()?;
    let answers = Answers { tree, failed: RefCell::new(None) };
    let git_ref = match (infer_ref(&answers), answers.failed.into_inner()) {
        (Ok(git_ref), _) => git_ref,
        (Err(_), Some(failed)) => return Err(failed.into()),
        (Err(problem), None) => return Err(CheckoutError::Reference { problem, shallow: tree.is_shallow()? }),
    };
    let commit_date = tree.commit_date(&sha)?;
    Ok(Checkout { git_ref, sha, commit_date })
}

/// Why a checkout is none that tags can be computed for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// It cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),

    /// Its reference cannot be told.
    #[error("{problem}")]
    Reference {
        /// What is wrong, in the action's words.
        problem: ActionError,
        /// Whether history is cut off, so that the branch or tag may only be unknown.
        shallow: bool,
    },
}

impl CheckoutError {
    /// What to do about it, as a short imperative for people, where there is something to say.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.remedy(),
            Self::Reference { problem: _, shallow } => {
                GitError::Detached { commit: String::new(), shallow: *shallow }.remedy()
            }
        }
    }
}

/// Hands on the questions of the inference, which are git's arguments, and keeps the first that got no answer.
struct Answers<'t> {
    tree: &'t dyn WorkTree,
    failed: RefCell<Option<GitError>>,
}

impl GitAnswers for Answers<'_> {
    fn answer(&self, arguments: &[&str]) -> Result<String, GitFailure> {
        let answer = match arguments {
            ["branch", "--show-current"] => self.tree.branch().map(Option::unwrap_or_default),
            ["symbolic-ref", "HEAD"] => self.tree.symbolic_ref(),
            ["show", "-s", "--pretty=%D"] => self.tree.decoration(),
            ["for-each-ref", _, "--contains", "HEAD", _, scope] => {
                self.tree.references_containing_head(scope).map(|names| names.join("\n"))
            }
            ["for-each-ref", _, "--points-at", "HEAD", "refs/tags/"] => {
                self.tree.tags_at_head().map(|names| names.join("\n"))
            }
            ["tag", "--contains", "HEAD"] => self.tree.tags_containing_head().map(|names| names.join("\n")),
            other => return Err(GitFailure(format!("no such question: git {}", other.join(" ")))),
        };
        answer.map_err(|error| {
            let failure = GitFailure(error.to_string());
            self.failed.borrow_mut().get_or_insert(error);
            failure
        })
    }
}
