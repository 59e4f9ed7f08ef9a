//! What a CI system says about the build it runs: from its variables to one [`CiContext`], whichever system it is.
//!
//! Every reader here is a pure function of [`Variables`] and an event document. None looks at the environment of the
//! process; whoever calls decides where the variables come from:
//!
//! ```
//! use lockage_tagging::{BuildFacts, Semver, TagScheme, ci::{self, Variables}};
//!
//! let variables = Variables::from_iter([
//!     ("GITLAB_CI", "true"),
//!     ("CI_PIPELINE_SOURCE", "push"),
//!     ("CI_COMMIT_TAG", "v1.2.3"),
//!     ("CI_COMMIT_SHA", "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081"),
//! ]);
//! let context = ci::read(&variables, None)?;
//! assert_eq!(context.full_ref, "refs/tags/v1.2.3");
//! assert_eq!(Semver::cascade().tags(&BuildFacts::from(&context))?, ["1.2.3", "1.2", "1"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In a program, `Variables::from_iter(std::env::vars())` are the variables of the process, and on GitHub and Forgejo
//! the event document is the JSON in the file that `GITHUB_EVENT_PATH` names.
//!
//! Three rules hold for every system:
//!
//! * What a system does not say stays `None`. Nothing is guessed.
//! * Variables that contradict each other are an error that names both, and so are the marks of two systems at once.
//! * An empty variable counts as one that is not set, since several systems set what does not apply to an empty text.

#[cfg(feature = "actions")]
mod action_context;
mod azure;
mod bitbucket;
mod circle;
mod context;
mod error;
mod facts;
mod forgejo;
mod github;
mod gitlab;
mod jenkins;
mod payload;
mod provider;
mod reading;
mod slug;
mod variables;
mod web_page;

#[cfg(feature = "actions")]
pub use action_context::{action_context, action_settings};
pub use context::{CiContext, CiEvent, CiRepository};
pub use error::CiError;
pub use provider::{Provider, detect};
pub use slug::{gitlab_ref_slug, tag_slug};
pub use variables::Variables;

/// The context of the one system whose marks `variables` carry.
///
/// `event` is the event document, where the system has one (GitHub and Forgejo); the others do not look at it.
///
/// # Errors
///
/// Those of [`detect`], and those of [`Provider::context`].
pub fn read(variables: &Variables, event: Option<&serde_json::Value>) -> Result<CiContext, CiError> {
    detect(variables)?.context(variables, event)
}
