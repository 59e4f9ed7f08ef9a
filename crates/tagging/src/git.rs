//! What a checkout says about itself: the questions, and the git program that answers them.
//!
//! [`WorkTree`] is the port, a few questions with typed answers. [`GitProcess`] asks the `git` program; a team that
//! links a git library implements the port over that.
//!
//! ```no_run
//! use lockage_tagging::{AllOf, Branch, Commit, GitTag, TagScheme, git::{self, GitProcess}};
//!
//! let facts = git::facts(&GitProcess::in_directory("."))?;
//! let tags = AllOf::new().with(GitTag).with(Branch).with(Commit::short()).tags(&facts)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "actions")]
mod action_checkout;
mod checked_out;
mod error;
mod failure;
mod process;
mod work_tree;

#[cfg(feature = "actions")]
pub use action_checkout::{CheckoutError, checkout};
pub use checked_out::facts;
pub use error::GitError;
pub use process::GitProcess;
pub use work_tree::WorkTree;
