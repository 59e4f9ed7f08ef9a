//! GitHub Actions: `GITHUB_*` and the event document.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/variables> and, for what each event sets,
//! <https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows>.

use serde_json::Value;

use super::payload::Payload;
use super::reading::{self, Reading};
use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_EVENT: &str =
    "run in a step of a workflow, or set it to the event of the run that is being told, such as push";
const NO_REF: &str = "set it to refs/heads/…, refs/tags/… or refs/pull/…; a deployment of a bare commit has none";
const NO_SHA: &str = "set it to the commit that is checked out, as git rev-parse HEAD prints it";

/// The context of a run of GitHub Actions.
///
/// The reference is the one in `GITHUB_REF`, except for `pull_request_target`, where that names the branch which the
/// pull request is to be merged into.
pub(super) fn context(variables: &Variables, event: Option<&Value>) -> Result<CiContext, CiError> {
    compatible(Reading { provider: Provider::GitHub, variables }, event)
}

/// The same, for every system that speaks GitHub's variables.
pub(super) fn compatible(reading: Reading<'_>, event: Option<&Value>) -> Result<CiContext, CiError> {
    let payload = Payload { provider: reading.provider, event };
    let event_name = reading.needed("GITHUB_EVENT_NAME", NO_EVENT)?;
    let full_ref = reading.needed("GITHUB_REF", NO_REF)?;
    let sha = reading.commit("GITHUB_SHA", NO_SHA)?;

    let event = kind(event_name);
    let git_ref = match event {
        CiEvent::PullRequestTarget => GitRef::PullRequest(payload.needed_number()?),
        _ => git_ref(&reading, full_ref)?,
    };
    let mut context = reading.start(git_ref, sha);
    context.event = event;
    event_name.clone_into(&mut context.event_name);
    if event != CiEvent::PullRequestTarget {
        full_ref.clone_into(&mut context.full_ref);
    }
    if matches!(event, CiEvent::PullRequest | CiEvent::PullRequestTarget) {
        pull_request(&reading, payload, &mut context)?;
    }
    if event == CiEvent::MergeGroup {
        let group = |field: &str| payload.text(&["merge_group", field]).map(reading::branch);
        context.base_ref = group("base_ref");
        context.head_ref = group("head_ref");
    }
    context.default_branch = payload.owned(&["repository", "default_branch"]);
    context.commit_date = payload.commit_date(&context.sha)?;
    context.commit_message = payload.commit_message(&context.sha);
    context.repository = repository(&reading, payload);
    context.run_id = reading.owned("GITHUB_RUN_ID");
    context.run_number = reading.owned("GITHUB_RUN_NUMBER");
    context.actor = reading.owned("GITHUB_ACTOR");
    Ok(context)
}

fn kind(event_name: &str) -> CiEvent {
    match event_name {
        "push" => CiEvent::Push,
        "pull_request" => CiEvent::PullRequest,
        "pull_request_target" => CiEvent::PullRequestTarget,
        "merge_group" => CiEvent::MergeGroup,
        "release" => CiEvent::Release,
        "schedule" => CiEvent::Schedule,
        "workflow_dispatch" => CiEvent::Manual,
        "repository_dispatch" | "workflow_run" | "workflow_call" => CiEvent::Triggered,
        _ => CiEvent::Other,
    }
}

fn git_ref(reading: &Reading<'_>, full_ref: &str) -> Result<GitRef, CiError> {
    if let Some(name) = full_ref.strip_prefix("refs/heads/").filter(|name| !name.is_empty()) {
        return Ok(GitRef::Branch(name.to_owned()));
    }
    if let Some(name) = full_ref.strip_prefix("refs/tags/").filter(|name| !name.is_empty()) {
        return Ok(GitRef::Tag(name.to_owned()));
    }
    let wanted = "a reference to a branch, a tag or a pull request";
    reading::built_pull_request(full_ref)
        .map(GitRef::PullRequest)
        .ok_or_else(|| reading.broken("GITHUB_REF", wanted, NO_REF))
}

/// What is known about a pull request. A closed one that was merged is built on the branch it was merged into.
fn pull_request(reading: &Reading<'_>, payload: Payload<'_>, context: &mut CiContext) -> Result<(), CiError> {
    let number = payload.number()?;
    if let (GitRef::PullRequest(built), Some(number)) = (&context.git_ref, number)
        && *built != number
    {
        let (built, number) = (format!("pull request {built}"), number.to_string());
        return Err(reading.contradiction(("GITHUB_REF", &built), ("the event's pull_request.number", &number)));
    }
    context.pull_request = context.pull_request.or(number);
    context.head_sha = payload.commit(&["pull_request", "head", "sha"], "pull_request.head.sha")?;
    context.head_ref = reading.owned("GITHUB_HEAD_REF").or_else(|| payload.owned(&["pull_request", "head", "ref"]));
    context.base_ref = reading.owned("GITHUB_BASE_REF").or_else(|| payload.owned(&["pull_request", "base", "ref"]));
    context.fork = payload.is_fork();
    context.labels = payload.labels();
    Ok(())
}

fn repository(reading: &Reading<'_>, payload: Payload<'_>) -> CiRepository {
    let full_name = reading.get("GITHUB_REPOSITORY");
    let page = || Some(format!("{}/{}", reading.get("GITHUB_SERVER_URL")?.trim_end_matches('/'), full_name?));
    CiRepository {
        name: payload
            .owned(&["repository", "name"])
            .or_else(|| Some(full_name?.split_once('/')?.1.to_owned()).filter(|name| !name.is_empty())),
        description: payload.owned(&["repository", "description"]),
        url: payload.owned(&["repository", "html_url"]).or_else(page),
        license: payload.owned(&["repository", "license", "spdx_id"]),
    }
}
