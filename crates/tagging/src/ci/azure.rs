//! Azure Pipelines: `BUILD_*` and `SYSTEM_PULLREQUEST_*`.
//!
//! <https://learn.microsoft.com/azure/devops/pipelines/build/variables>.

use super::reading::{self, Reading};
use super::web_page::{self, web_page};
use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_SHA: &str = "run in a job whose sources are in git, or set it to the commit that is checked out";
const NO_REF: &str = "run in a job whose sources are in git: it is refs/heads/…, refs/tags/… or refs/pull/N/merge";
const NUMBER: &str = "let Azure Pipelines set it: it is the number of the pull request that is built";
const HEAD: &str = "let Azure Pipelines set it: it is the head commit of the pull request";

/// The context of a job of Azure Pipelines.
///
/// A pull request is checked out merged with its target. Its number is that of `SYSTEM_PULLREQUEST_PULLREQUESTNUMBER`
/// for sources on GitHub, where `SYSTEM_PULLREQUEST_PULLREQUESTID` is an identifier inside GitHub; it stands in the
/// reference in any case, and has to be the same.
pub(super) fn context(variables: &Variables) -> Result<CiContext, CiError> {
    let reading = Reading { provider: Provider::Azure, variables };
    let full_ref = reading.needed("BUILD_SOURCEBRANCH", NO_REF)?;
    let sha = reading.commit("BUILD_SOURCEVERSION", NO_SHA)?;

    let git_ref = git_ref(full_ref).ok_or_else(|| {
        reading.broken("BUILD_SOURCEBRANCH", "a reference to a branch, a tag or a pull request", NO_REF)
    })?;
    let mut context = reading.start(git_ref, sha);
    if let GitRef::PullRequest(built) = context.git_ref {
        pull_request(&reading, built, full_ref, &mut context)?;
    }
    let reason = reading.get("BUILD_REASON").unwrap_or_default();
    reason.clone_into(&mut context.event_name);
    context.event = match reason {
        "IndividualCI" | "BatchedCI" => CiEvent::Push,
        "PullRequest" => CiEvent::PullRequest,
        "Schedule" => CiEvent::Schedule,
        "Manual" => CiEvent::Manual,
        "ResourceTrigger" | "BuildCompletion" => CiEvent::Triggered,
        "" => CiEvent::Unknown,
        _ => CiEvent::Other,
    };
    context.commit_message = reading.owned("BUILD_SOURCEVERSIONMESSAGE");
    let page = reading.get("BUILD_REPOSITORY_URI").and_then(web_page);
    let name = reading.get("BUILD_REPOSITORY_NAME").and_then(web_page::name);
    context.repository = CiRepository {
        // For sources on GitHub the variable holds the owner too.
        name: name.or_else(|| page.as_deref().and_then(web_page::name)),
        url: page,
        ..CiRepository::default()
    };
    context.run_id = reading.owned("BUILD_BUILDID");
    context.run_number = reading.owned("BUILD_BUILDNUMBER");
    context.actor = reading.owned("BUILD_REQUESTEDFOR");
    Ok(context)
}

fn git_ref(full_ref: &str) -> Option<GitRef> {
    if let Some(name) = full_ref.strip_prefix("refs/heads/") {
        return Some(GitRef::Branch(name.to_owned())).filter(|_| !name.is_empty());
    }
    if let Some(name) = full_ref.strip_prefix("refs/tags/") {
        return Some(GitRef::Tag(name.to_owned())).filter(|_| !name.is_empty());
    }
    reading::built_pull_request(full_ref).map(GitRef::PullRequest)
}

fn pull_request(reading: &Reading<'_>, built: u64, full_ref: &str, context: &mut CiContext) -> Result<(), CiError> {
    const ON_GITHUB: &str = "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER";
    const ON_AZURE: &str = "SYSTEM_PULLREQUEST_PULLREQUESTID";
    let variable = if reading.get(ON_GITHUB).is_some() { ON_GITHUB } else { ON_AZURE };
    // On GitHub without the number, the identifier may differ from the number in the reference and says nothing.
    let comparable = variable == ON_GITHUB || reading.get("BUILD_REPOSITORY_PROVIDER").is_none_or(|p| p == "TfsGit");
    if let (true, Some(number)) = (comparable, reading.number(variable, NUMBER)?)
        && number != built
    {
        return Err(reading.contradiction(("BUILD_SOURCEBRANCH", full_ref), (variable, &number.to_string())));
    }
    full_ref.clone_into(&mut context.full_ref);
    context.head_sha = reading.commit_if_set("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD)?;
    context.head_ref = reading.get("SYSTEM_PULLREQUEST_SOURCEBRANCH").map(reading::branch);
    context.base_ref = reading.get("SYSTEM_PULLREQUEST_TARGETBRANCH").map(reading::branch);
    context.fork = reading.get("SYSTEM_PULLREQUEST_ISFORK").map(|fork| fork.eq_ignore_ascii_case("true"));
    Ok(())
}
