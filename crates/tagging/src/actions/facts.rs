//! What templates can name of a build.

use jiff::Timestamp;

use super::{context::Context, context::Resolved, error::ActionProblem, profile::Profile};

/// A build at the time of its evaluation.
pub(super) struct Facts<'e> {
    pub(super) context: &'e Context,
    pub(super) resolved: &'e Resolved,
    pub(super) now: Timestamp,
    pub(super) profile: Profile,
}

impl Facts<'_> {
    pub(super) fn short_sha(&self) -> Result<&str, ActionProblem> {
        self.context.settings.shorten(&self.resolved.sha, self.profile)
    }

    /// The branch that a tag or pull request is made from, if the event says so.
    pub(super) fn base_ref(&self) -> &str {
        let text = |pointer| self.context.payload.pointer(pointer).and_then(serde_json::Value::as_str);
        let base = if self.resolved.git_tag().is_some() {
            text("/base_ref").map(|base| base.strip_prefix("refs/heads/").unwrap_or(base))
        } else if self.resolved.pull().is_some() {
            text("/pull_request/base/ref")
        } else {
            None
        };
        base.unwrap_or_default()
    }

    pub(super) fn is_default_branch(&self) -> bool {
        /// The events that are about the last commit of the default branch.
        const ABOUT_DEFAULT_BRANCH: [&str; 4] = ["create", "discussion", "issues", "schedule"];
        let git_ref = self.resolved.git_ref.as_str();
        let name = git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref);
        if name.is_empty() {
            return false;
        }
        let default = self.context.payload.pointer("/repository/default_branch").and_then(serde_json::Value::as_str);
        default == Some(name) || ABOUT_DEFAULT_BRANCH.iter().any(|event| self.resolved.event_name.contains(event))
    }
}
