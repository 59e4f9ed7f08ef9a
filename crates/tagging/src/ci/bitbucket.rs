//! Bitbucket Pipelines: `BITBUCKET_*`.
//!
//! <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>.

use super::reading::Reading;
use super::web_page::web_page;
use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_SHA: &str = "run in a step of a pipeline, or set it to the commit that is checked out";
const NO_REF: &str =
    "run the pipeline on a branch, a tag or a pull request; one that is started from a commit has none";
const NUMBER: &str = "let Bitbucket set it: it is the number of the pull request that is built";

/// The context of a step of Bitbucket Pipelines.
///
/// For a pull request the step merges its target into the checkout, while `BITBUCKET_COMMIT` stays the head commit,
/// which is often abbreviated to twelve digits. Whether a schedule or a person set the pipeline off is not said.
pub(super) fn context(variables: &Variables) -> Result<CiContext, CiError> {
    let reading = Reading { provider: Provider::Bitbucket, variables };
    let sha = reading.commit("BITBUCKET_COMMIT", NO_SHA)?;
    reading.not_both("BITBUCKET_TAG", "BITBUCKET_BRANCH")?;
    reading.not_both("BITBUCKET_TAG", "BITBUCKET_PR_ID")?;

    let number = reading.number("BITBUCKET_PR_ID", NUMBER)?;
    let git_ref = match (number, reading.owned("BITBUCKET_TAG")) {
        (Some(number), _) => GitRef::PullRequest(number),
        (None, Some(tag)) => GitRef::Tag(tag),
        (None, None) => GitRef::Branch(reading.needed("BITBUCKET_BRANCH", NO_REF)?.to_owned()),
    };
    let mut context = reading.start(git_ref, sha);
    if number.is_some() {
        context.event = CiEvent::PullRequest;
        context.head_sha = Some(context.sha.clone());
        context.head_ref = reading.owned("BITBUCKET_BRANCH");
        context.base_ref = reading.owned("BITBUCKET_PR_DESTINATION_BRANCH");
    }
    context.repository = CiRepository {
        name: reading.owned("BITBUCKET_REPO_SLUG"),
        url: reading.get("BITBUCKET_GIT_HTTP_ORIGIN").and_then(web_page),
        ..CiRepository::default()
    };
    context.run_id = reading.owned("BITBUCKET_PIPELINE_UUID");
    context.run_number = reading.owned("BITBUCKET_BUILD_NUMBER");
    context.actor = reading.owned("BITBUCKET_STEP_TRIGGERER_UUID");
    Ok(context)
}
