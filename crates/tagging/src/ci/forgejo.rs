//! Forgejo Actions and Gitea Actions: GitHub's variables, with the head of a pull request where GitHub has the merge.
//!
//! <https://forgejo.org/docs/latest/user/actions/reference/>, <https://docs.gitea.com/usage/actions/faq>.

use serde_json::Value;

use super::reading::Reading;
use super::{CiContext, CiError, CiEvent, Provider, Variables, github};
use crate::GitRef;

/// The context of a run of Forgejo Actions.
///
/// A pull request is checked out at its head: the reference is `refs/pull/N/head`, and `GITHUB_SHA` is the head commit.
pub(super) fn context(variables: &Variables, event: Option<&Value>) -> Result<CiContext, CiError> {
    let mut context = github::compatible(Reading { provider: Provider::Forgejo, variables }, event)?;
    let at_head = context.event == CiEvent::PullRequest && context.full_ref.ends_with("/head");
    if at_head && matches!(context.git_ref, GitRef::PullRequest(_)) && context.head_sha.is_none() {
        context.head_sha = Some(context.sha.clone());
    }
    Ok(context)
}
