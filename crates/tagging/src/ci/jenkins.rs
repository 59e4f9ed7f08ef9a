//! Jenkins: the variables of the git plugin and of multibranch projects.
//!
//! <https://plugins.jenkins.io/git/> ("Environment Variables") and the page `/env-vars.html` of any Jenkins.

use super::reading::{self, Reading};
use super::web_page::{self, web_page};
use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_SHA: &str = "pass on what the checkout returned: withEnv([\"GIT_COMMIT=${checkout(scm).GIT_COMMIT}\"])";
const NO_REF: &str = "use a multibranch project, or set it to the branch that is built";
const CHANGE: &str = "set it to the number of the pull request";

/// The context of a build of Jenkins.
///
/// A change request is checked out at its head where the branch is called `PR-42-head`, and merged with its target
/// where it is called `PR-42-merge`; for a mere `PR-42` the variables do not say it, and the head commit is unknown.
///
/// What set the build off is said only by builds of the older kind, in `BUILD_CAUSE`.
pub(super) fn context(variables: &Variables) -> Result<CiContext, CiError> {
    let reading = Reading { provider: Provider::Jenkins, variables };
    let sha = reading.commit("GIT_COMMIT", NO_SHA)?;
    reading.not_both("CHANGE_ID", "TAG_NAME")?;

    let change = reading.number("CHANGE_ID", CHANGE)?;
    let git_ref = match (change, reading.owned("TAG_NAME")) {
        (Some(number), _) => GitRef::PullRequest(number),
        (None, Some(tag)) => GitRef::Tag(tag),
        (None, None) => branch(&reading)?,
    };
    let mut context = reading.start(git_ref, sha);
    if change.is_some() {
        let at_head = reading.get("BRANCH_NAME").is_some_and(|name| name.ends_with("-head"));
        context.head_sha = at_head.then(|| context.sha.clone());
        context.head_ref = reading.owned("CHANGE_BRANCH");
        context.base_ref = reading.owned("CHANGE_TARGET");
        context.fork = Some(reading.get("CHANGE_FORK").is_some());
    }
    let cause = reading.get("BUILD_CAUSE").unwrap_or_default();
    cause.clone_into(&mut context.event_name);
    context.event = match cause {
        "TIMERTRIGGER" => CiEvent::Schedule,
        "MANUALTRIGGER" => CiEvent::Manual,
        "UPSTREAMTRIGGER" | "REMOTETRIGGER" => CiEvent::Triggered,
        "SCMTRIGGER" => CiEvent::Push,
        "" if change.is_some() => CiEvent::PullRequest,
        "" => CiEvent::Unknown,
        _ => CiEvent::Other,
    };
    if let (true, GitRef::Branch(name)) = (reading.variables.is_true("BRANCH_IS_PRIMARY"), &context.git_ref) {
        context.default_branch = Some(name.clone());
    }
    let page = reading.get("GIT_URL").and_then(web_page);
    context.repository =
        CiRepository { name: page.as_deref().and_then(web_page::name), url: page, ..CiRepository::default() };
    context.run_id = reading.owned("BUILD_TAG").or_else(|| reading.owned("BUILD_ID"));
    context.run_number = reading.owned("BUILD_NUMBER");
    context.actor = reading.owned("BUILD_USER_ID");
    Ok(context)
}

/// The branch. A multibranch project names it; the git plugin names what it checked out, with the remote before it.
fn branch(reading: &Reading<'_>) -> Result<GitRef, CiError> {
    if let Some(name) = reading.get("BRANCH_NAME").or_else(|| reading.get("GIT_LOCAL_BRANCH")) {
        return Ok(GitRef::Branch(reading::branch(name)));
    }
    let text = match reading.get("GIT_BRANCH") {
        Some(text) => text,
        None => reading.needed("BRANCH_NAME", NO_REF)?,
    };
    if let Some(tag) = text.strip_prefix("refs/tags/").or_else(|| text.strip_prefix("tags/")) {
        return Ok(GitRef::Tag(tag.to_owned()));
    }
    let name = text.strip_prefix("refs/remotes/").unwrap_or(text);
    let name = name.strip_prefix("origin/").unwrap_or(name);
    match name {
        "detached" | "HEAD" => Err(reading.broken("GIT_BRANCH", "the name of a branch", NO_REF)),
        name => Ok(GitRef::Branch(reading::branch(name))),
    }
}
