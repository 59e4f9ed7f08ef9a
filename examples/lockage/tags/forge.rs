//! What the forge says about the repository and the commit: from a file, or from its API with a token.

use std::path::Path;
use std::time::Duration;

use lockage_tagging::actions::{Context, Profile, Repo, Source};
use lockage_tagging::ci::Variables;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use serde_json::Value;

use super::inputs::input;
use super::report::Warnings;
use super::surroundings::json_file;
use crate::promote::Trouble;
use crate::report::Failure;

/// No answer about a repository is longer.
const LONGEST: usize = 4 * 1024 * 1024;

/// The answer of the API in `file`.
pub(crate) fn from_file(file: &Path) -> Result<Repo, Failure> {
    repository(json_file(file)?).map_err(|error| {
        Failure::usage(&Trouble::new(format_args!("{}: no repository", file.display())).because(error))
    })
}

/// Asks the API, when there is a token: about the repository, and about the commit, whose date the event may not have.
///
/// Without a token, what the event says about the repository stays.
pub(crate) async fn ask(variables: &Variables, context: &mut Context, warnings: Warnings) -> Result<(), Trouble> {
    let token = [input(variables, "github-token"), variables.get("GITHUB_TOKEN").unwrap_or_default()];
    let token = token.into_iter().find(|token| !token.is_empty());
    let (Some(token), Some(name)) = (token, variables.get("GITHUB_REPOSITORY")) else { return Ok(()) };
    let api = Api::new(variables.get("GITHUB_API_URL").unwrap_or("https://api.github.com"), token)?;

    let answer = api.get(&format!("/repos/{name}")).await?;
    let unfit = |error: serde_json::Error| {
        Trouble::new(format_args!("the API's answer is no repository {name}")).because(error)
    };
    context.repo = repository(answer).map_err(unfit)?;

    // What cannot be resolved the evaluation complains of; a checkout knows the date itself.
    let Ok(resolved) = context.resolve(jiff::Timestamp::UNIX_EPOCH, Profile::Compatible) else { return Ok(()) };
    if context.source != Source::Workflow || resolved.sha.is_empty() || is_dated(context, &resolved.sha) {
        return Ok(());
    }
    match api.get(&format!("/repos/{name}/commits/{}", resolved.sha)).await {
        Ok(commit) => {
            let date = commit.pointer("/commit/committer/date").and_then(Value::as_str);
            context.api_commit_date = date.map(str::to_owned);
        }
        // As the action has it, a commit that cannot be asked about is one of now.
        Err(error) => warnings.warn(format_args!("{error}; {{{{commit_date}}}} is the current time")),
    }
    Ok(())
}

fn repository(answer: Value) -> Result<Repo, serde_json::Error> {
    serde_json::from_value(answer)
}

/// Whether the event has the date of the commit that is built.
fn is_dated(context: &Context, sha: &str) -> bool {
    let commits = context.payload.get("commits").and_then(Value::as_array).into_iter().flatten();
    let mut commits = commits.chain(context.payload.get("head_commit"));
    commits.any(|commit| commit.get("id").and_then(Value::as_str) == Some(sha))
}

/// The API of GitHub, or of a forge that has the same.
struct Api {
    client: reqwest::Client,
    base: String,
    authorization: HeaderValue,
}

impl Api {
    fn new(base: &str, token: &str) -> Result<Self, Trouble> {
        let unfit = || Trouble::new("the token has characters that no token has").remedy("set INPUT_GITHUB-TOKEN anew");
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| unfit())?;
        authorization.set_sensitive(true);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build();
        let client = client.map_err(|error| Trouble::new("the API cannot be asked").because(error.without_url()))?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), authorization })
    }

    async fn get(&self, path: &str) -> Result<Value, Trouble> {
        let what = || format!("ask the API for {path}");
        let trouble = |error: reqwest::Error| {
            Trouble::new(what()).because(error.without_url()).remedy("give the answer in a file, with --repo")
        };
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/vnd.github+json")
            .header(USER_AGENT, concat!("lockage/", env!("CARGO_PKG_VERSION")));
        let mut response = request.send().await.map_err(trouble)?;
        let status = response.status();
        if !status.is_success() {
            let remedy = match status.as_u16() {
                401 | 403 | 404 => "give a token that may read the repository, or the answer in a file, with --repo",
                _ => "try again, or give the answer in a file, with --repo",
            };
            return Err(Trouble::new(format_args!("{}: it answered {}", what(), status.as_u16())).remedy(remedy));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(trouble)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST {
                return Err(Trouble::new(format_args!("{}: the answer is too long", what())));
            }
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| Trouble::new(format_args!("{}: the answer is no JSON", what())).because(error))
    }
}
