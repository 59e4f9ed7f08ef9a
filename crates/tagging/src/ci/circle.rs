//! CircleCI: `CIRCLE_*`.
//!
//! <https://circleci.com/docs/variables/>.

use super::reading::{Reading, pull_request_number};
use super::web_page::{self, web_page};
use super::{CiContext, CiError, CiRepository, Provider, Variables};
use crate::GitRef;

const NO_SHA: &str = "run in a job, or set it to the commit that is checked out";
const NO_REF: &str = "run in a job of a branch or a tag; a pipeline sets one of CIRCLE_BRANCH and CIRCLE_TAG";
const NUMBER: &str = "let CircleCI set it: it is the number of a pull request from a fork";

/// The context of a job of CircleCI.
///
/// CircleCI builds branches. Only a pull request from a fork has no branch of its own and is built as `pull/42`. For a
/// branch in the repository itself `CIRCLE_PULL_REQUEST` says which pull request it has, if it had one at that time;
/// it is set for the branch that a pull request was merged into, too. So such a build stays one of its branch, and
/// [`CiContext::pull_request`] has the number.
///
/// What set the build off, a schedule for one, is no variable of a job.
pub(super) fn context(variables: &Variables) -> Result<CiContext, CiError> {
    let reading = Reading { provider: Provider::Circle, variables };
    let sha = reading.commit("CIRCLE_SHA1", NO_SHA)?;
    reading.not_both("CIRCLE_TAG", "CIRCLE_BRANCH")?;

    let forked = forked(&reading)?;
    let git_ref = match (reading.owned("CIRCLE_TAG"), forked) {
        (Some(tag), _) => GitRef::Tag(tag),
        (None, Some(number)) => GitRef::PullRequest(number),
        (None, None) => GitRef::Branch(reading.needed("CIRCLE_BRANCH", NO_REF)?.to_owned()),
    };
    let mut context = reading.start(git_ref, sha);
    match context.git_ref.clone() {
        GitRef::PullRequest(_) => {
            context.head_sha = Some(context.sha.clone());
            context.fork = Some(true);
        }
        GitRef::Branch(name) => {
            context.pull_request = associated(&reading);
            if context.pull_request.is_some() {
                context.head_sha = Some(context.sha.clone());
                context.head_ref = Some(name);
                context.fork = Some(false);
            }
        }
        GitRef::Tag(_) => {}
    }
    let page = reading.get("CIRCLE_REPOSITORY_URL").and_then(web_page);
    context.repository = CiRepository {
        name: reading.owned("CIRCLE_PROJECT_REPONAME").or_else(|| page.as_deref().and_then(web_page::name)),
        url: page,
        ..CiRepository::default()
    };
    context.run_id = reading.owned("CIRCLE_WORKFLOW_ID");
    context.run_number = reading.owned("CIRCLE_BUILD_NUM");
    context.actor = reading.owned("CIRCLE_USERNAME");
    Ok(context)
}

/// The number of a pull request from a fork, which stands in one variable and in the name of the branch.
fn forked(reading: &Reading<'_>) -> Result<Option<u64>, CiError> {
    let Some(branch) = reading.get("CIRCLE_BRANCH") else { return Ok(None) };
    let Some(built) = branch.strip_prefix("pull/").and_then(|rest| pull_request_number(rest.split('/').next()?)) else {
        return Ok(None);
    };
    match reading.number("CIRCLE_PR_NUMBER", NUMBER)? {
        Some(number) if number != built => {
            let number = number.to_string();
            Err(reading.contradiction(("CIRCLE_BRANCH", branch), ("CIRCLE_PR_NUMBER", &number)))
        }
        _ => Ok(Some(built)),
    }
}

/// The pull request of a branch, when it has exactly one.
fn associated(reading: &Reading<'_>) -> Option<u64> {
    let pages = reading.get("CIRCLE_PULL_REQUESTS").or_else(|| reading.get("CIRCLE_PULL_REQUEST"))?;
    let mut pages = pages.split(',').map(str::trim).filter(|page| !page.is_empty());
    match (pages.next(), pages.next()) {
        (Some(page), None) => pull_request_number(page.rsplit('/').next()?),
        _ => None,
    }
}
