//! GitLab CI/CD: `CI_*`.
//!
//! <https://docs.gitlab.com/ci/variables/predefined_variables/>.

use super::reading::Reading;
use super::web_page::web_page;
use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_SHA: &str = "run in a job of a pipeline, or set it to the commit that is checked out";
const NO_REF: &str = "run in a pipeline of a branch, a tag or a merge request; a pipeline always sets one of them";
const MERGE_REQUEST: &str = "let GitLab set it: a merge request is numbered in its project";

/// The context of a job of GitLab CI.
///
/// A merge request is `refs/pull/IID/merge`. Only a merged-results pipeline or a merge train checks out a merge commit,
/// and only there does GitLab set `CI_MERGE_REQUEST_SOURCE_BRANCH_SHA`; elsewhere `CI_COMMIT_SHA` is the head commit.
pub(super) fn context(variables: &Variables) -> Result<CiContext, CiError> {
    let reading = Reading { provider: Provider::GitLab, variables };
    let sha = reading.commit("CI_COMMIT_SHA", NO_SHA)?;
    let source = reading.get("CI_PIPELINE_SOURCE").unwrap_or_default();

    let mut context = if let Some(number) = reading.number("CI_MERGE_REQUEST_IID", MERGE_REQUEST)? {
        reading.not_both("CI_MERGE_REQUEST_IID", "CI_COMMIT_TAG")?;
        merge_request(&reading, number, sha)?
    } else if source == "external_pull_request_event" {
        external_pull_request(&reading, sha)?
    } else {
        reading.not_both("CI_COMMIT_TAG", "CI_COMMIT_BRANCH")?;
        let git_ref = match (reading.owned("CI_COMMIT_TAG"), reading.owned("CI_COMMIT_BRANCH")) {
            (Some(tag), _) => GitRef::Tag(tag),
            (None, Some(branch)) => GitRef::Branch(branch),
            (None, None) => GitRef::Branch(reading.needed("CI_COMMIT_BRANCH", NO_REF)?.to_owned()),
        };
        reading.start(git_ref, sha)
    };
    context.event = match (reading.get("CI_MERGE_REQUEST_EVENT_TYPE"), source) {
        (Some("merge_train"), _) => CiEvent::MergeGroup,
        (_, "push") => CiEvent::Push,
        (_, "merge_request_event" | "external_pull_request_event") => CiEvent::PullRequest,
        (_, "schedule") => CiEvent::Schedule,
        (_, "web" | "chat" | "webide") => CiEvent::Manual,
        (_, "api" | "trigger" | "pipeline" | "parent_pipeline") => CiEvent::Triggered,
        (_, "") => CiEvent::Unknown,
        _ => CiEvent::Other,
    };
    source.clone_into(&mut context.event_name);
    context.default_branch = reading.owned("CI_DEFAULT_BRANCH");
    context.commit_date =
        reading.timestamp("CI_COMMIT_TIMESTAMP", "let GitLab set it: it is when the commit was made")?;
    context.commit_message = reading.owned("CI_COMMIT_MESSAGE");
    context.repository = CiRepository {
        name: reading.owned("CI_PROJECT_TITLE").or_else(|| reading.owned("CI_PROJECT_NAME")),
        description: reading.owned("CI_PROJECT_DESCRIPTION"),
        url: reading.get("CI_PROJECT_URL").and_then(web_page),
        license: None,
    };
    context.run_id = reading.owned("CI_PIPELINE_ID");
    context.run_number = reading.owned("CI_PIPELINE_IID");
    context.actor = reading.owned("GITLAB_USER_LOGIN");
    context.image = reading.owned("CI_REGISTRY_IMAGE");
    Ok(context)
}

fn merge_request(reading: &Reading<'_>, number: u64, sha: String) -> Result<CiContext, CiError> {
    let head = reading.commit_if_set("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", MERGE_REQUEST)?;
    let merged = matches!(reading.get("CI_MERGE_REQUEST_EVENT_TYPE"), Some("merged_result" | "merge_train"));
    let mut context = reading.start(GitRef::PullRequest(number), sha);
    context.head_sha = if merged { head } else { head.or_else(|| Some(context.sha.clone())) };
    context.head_ref = reading.owned("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME");
    context.base_ref = reading.owned("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
    let labels = reading.get("CI_MERGE_REQUEST_LABELS").unwrap_or_default().split(',').map(str::trim);
    context.labels = labels.filter(|label| !label.is_empty()).map(str::to_owned).collect();
    let source = reading.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
    context.fork = source.zip(reading.get("CI_MERGE_REQUEST_PROJECT_ID")).map(|(source, target)| source != target);
    Ok(context)
}

/// A pull request on GitHub, of a repository that GitLab only runs the pipelines of.
fn external_pull_request(reading: &Reading<'_>, sha: String) -> Result<CiContext, CiError> {
    const IID: &str = "CI_EXTERNAL_PULL_REQUEST_IID";
    reading.needed(IID, MERGE_REQUEST)?;
    let number = reading.number(IID, MERGE_REQUEST)?;
    let number = number.ok_or_else(|| reading.broken(IID, "the number of a pull request", MERGE_REQUEST))?;
    let head = reading.commit_if_set("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA", MERGE_REQUEST)?;
    let mut context = reading.start(GitRef::PullRequest(number), sha);
    context.head_sha = head;
    context.head_ref = reading.owned("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME");
    context.base_ref = reading.owned("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME");
    let source = reading.get("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY");
    let target = reading.get("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY");
    context.fork = source.zip(target).map(|(source, target)| source != target);
    Ok(context)
}
