//! From what a CI system says to what the rules of `docker/metadata-action` look at.

use serde_json::{Map, Value, json};

use super::{CiContext, CiEvent, Provider, Variables};
use crate::GitRef;
use crate::actions::{Context, License, Repo, Settings};

/// The context as the rules want it: the event in GitHub's words, and a document with what templates can name.
///
/// On GitHub and Forgejo [`action_context`] keeps the whole event document, and is what the action itself would see.
impl From<&CiContext> for Context {
    fn from(context: &CiContext) -> Self {
        let mut converted = Self::push(&context.full_ref, &context.sha);
        event_name(context).clone_into(&mut converted.event_name);
        converted.payload = payload(context);
        converted.repo = repository(context);
        converted
    }
}

/// What the action sees in a run of GitHub or Forgejo Actions: variables and event document as they are, also where
/// they make little sense. What the document says about the repository stands in for the answer of the API.
pub fn action_context(variables: &Variables, event: Option<&Value>) -> Context {
    let text = |name: &str| variables.raw(name).unwrap_or_default();
    let mut context = Context::push(text("GITHUB_REF"), text("GITHUB_SHA"));
    text("GITHUB_EVENT_NAME").clone_into(&mut context.event_name);
    context.payload = event.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    context.settings = action_settings(variables);
    let repository = |pointer: &str| event?.pointer(pointer)?.as_str().map(str::to_owned);
    context.repo = Repo {
        name: repository("/repository/name"),
        description: repository("/repository/description"),
        html_url: repository("/repository/html_url"),
        default_branch: repository("/repository/default_branch"),
        license: repository("/repository/license/spdx_id").map(|spdx_id| License { spdx_id: Some(spdx_id) }),
    };
    context
}

/// The settings `DOCKER_METADATA_*` among `variables`.
pub fn action_settings(variables: &Variables) -> Settings {
    Settings::from_lookup(|name| variables.get(name).map(str::to_owned))
}

/// The event in GitHub's words. Rules ask whether it is a schedule, and templates whether it is about the default
/// branch, by parts of the name; a word of another system must not pass for one of those.
fn event_name(context: &CiContext) -> &str {
    let is_pull_request = matches!(context.git_ref, GitRef::PullRequest(_));
    match (context.provider, context.event) {
        (Provider::GitHub | Provider::Forgejo, _) => &context.event_name,
        (_, CiEvent::Schedule) => "schedule",
        _ if is_pull_request => "pull_request",
        (_, CiEvent::Manual) => "workflow_dispatch",
        (_, CiEvent::Triggered) => "repository_dispatch",
        (_, CiEvent::Release) => "release",
        _ => "push",
    }
}

fn payload(context: &CiContext) -> Value {
    let mut payload = Map::new();
    if let GitRef::PullRequest(number) = context.git_ref {
        payload.insert("number".to_owned(), json!(number));
        let head = json!({"sha": context.head_sha, "ref": context.head_ref});
        let base = json!({"ref": context.base_ref});
        payload.insert("pull_request".to_owned(), json!({"number": number, "head": head, "base": base}));
    }
    if let Some(branch) = &context.default_branch {
        payload.insert("repository".to_owned(), json!({"default_branch": branch}));
    }
    if let Some(date) = context.commit_date {
        payload.insert("head_commit".to_owned(), json!({"id": context.sha, "timestamp": date.to_string()}));
    }
    Value::Object(payload)
}

fn repository(context: &CiContext) -> Repo {
    let repository = &context.repository;
    Repo {
        name: repository.name.clone(),
        description: repository.description.clone(),
        html_url: repository.url.clone(),
        default_branch: context.default_branch.clone(),
        license: repository.license.clone().map(|spdx_id| License { spdx_id: Some(spdx_id) }),
    }
}
