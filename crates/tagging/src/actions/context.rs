//! What is known about a build, and what of it the rules see.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{ActionError, ActionProblem, Stage},
    instant,
    profile::Profile,
    settings::Settings,
    strict::StrictProblem,
};

/// What is known about a build: the event, the repository and the settings.
///
/// ```
/// use lockage_tagging::actions::Context;
///
/// let context = Context::push("refs/heads/main", "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081").default_branch("main");
/// assert_eq!(context.event_name, "push");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Where ref and commit are taken from.
    pub source: Source,
    /// `GITHUB_EVENT_NAME`: `push`, `pull_request`, …
    pub event_name: String,
    /// `GITHUB_REF`: `refs/heads/main`, `refs/tags/v1.2.3`, `refs/pull/42/merge`.
    pub git_ref: String,
    /// `GITHUB_SHA`: the commit that is built.
    pub sha: String,
    /// The document of the event.
    pub payload: Value,
    /// What the API says about the repository.
    pub repo: Repo,
    /// What the API says about when the commit was made. `None` when it cannot be asked: the date is that of the
    /// evaluation then, unless the event has one.
    pub api_commit_date: Option<String>,
    /// The variables `DOCKER_METADATA_*`.
    pub settings: Settings,
}

impl Context {
    /// The context of a push of a branch or tag.
    pub fn push(git_ref: impl Into<String>, sha: impl Into<String>) -> Self {
        Self { event_name: "push".to_owned(), git_ref: git_ref.into(), sha: sha.into(), ..Self::default() }
    }

    /// Names the default branch, for the event and for the API.
    #[must_use]
    pub fn default_branch(mut self, branch: impl Into<String>) -> Self {
        let branch = branch.into();
        if !self.payload.is_object() {
            self.payload = serde_json::json!({});
        }
        if let Some(payload) = self.payload.as_object_mut() {
            let repository = payload.entry("repository").or_insert_with(|| serde_json::json!({}));
            if let Some(repository) = repository.as_object_mut() {
                repository.insert("default_branch".to_owned(), Value::String(branch.clone()));
            }
        }
        self.repo.default_branch = Some(branch);
        self
    }

    /// What the rules see: ref, commit and date after the rules for pull requests have been applied.
    ///
    /// # Errors
    ///
    /// When there is no such source, and, with the profile [`Strict`](Profile::Strict), when the event is broken.
    pub fn resolve(&self, now: Timestamp, profile: Profile) -> Result<Resolved, ActionError> {
        self.resolved(now, profile).map_err(|problem| ActionError::new(Stage::Context, problem))
    }

    fn resolved(&self, now: Timestamp, profile: Profile) -> Result<Resolved, ActionProblem> {
        match &self.source {
            Source::Other(name) => Err(ActionProblem::InvalidContextSource(name.clone())),
            Source::Git(checkout) => Ok(Resolved {
                event_name: self.event_name.clone(),
                git_ref: checkout.git_ref.clone(),
                sha: checkout.sha.clone(),
                commit_date: instant::read(&checkout.commit_date),
            }),
            Source::Workflow => {
                let sha = self.workflow_sha(profile)?;
                Ok(Resolved {
                    event_name: self.event_name.clone(),
                    git_ref: self.workflow_ref(profile)?,
                    commit_date: self.workflow_date(&sha, now),
                    sha,
                })
            }
        }
    }

    /// A build for `pull_request_target` runs on the target branch, and means the pull request.
    fn workflow_ref(&self, profile: Profile) -> Result<String, StrictProblem> {
        if !self.event_name.contains("pull_request_target") {
            return Ok(self.git_ref.clone());
        }
        let number = match self.payload.get("number") {
            Some(Value::String(text)) => text.clone(),
            Some(number @ Value::Number(_)) => number.to_string(),
            _ if profile.is_strict() => return Err(StrictProblem::NoPullRequestNumber),
            Some(other) => other.to_string(),
            None => "undefined".to_owned(),
        };
        Ok(format!("refs/pull/{number}/merge"))
    }

    fn workflow_sha(&self, profile: Profile) -> Result<String, StrictProblem> {
        let head = self.payload.pointer("/pull_request/head/sha").and_then(Value::as_str);
        match head {
            Some(head) if self.event_name.contains("pull_request") && self.settings.wants_head(profile)? => {
                Ok(head.to_owned())
            }
            _ => Ok(self.sha.clone()),
        }
    }

    /// The date of the commit `sha`: from the event if that has it, else from the API, else `now`.
    fn workflow_date(&self, sha: &str, now: Timestamp) -> Option<Timestamp> {
        let names_commit = |commit: &&Value| commit.get("id").and_then(Value::as_str) == Some(sha);
        let commits = self.payload.get("commits").and_then(Value::as_array);
        if let Some(commit) = commits.and_then(|commits| commits.iter().find(names_commit)) {
            match commit.get("timestamp") {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() => {}
                timestamp => return instant::read_value(timestamp),
            }
        }
        if let Some(commit) = self.payload.get("head_commit").filter(names_commit) {
            return instant::read_value(commit.get("timestamp"));
        }
        match self.api_commit_date.as_deref().filter(|date| !date.is_empty()) {
            Some(date) => instant::read(date),
            None => Some(now),
        }
    }
}

/// Where ref and commit are taken from: the input `context`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// From the event: `workflow`.
    #[default]
    Workflow,
    /// From what is checked out: `git`.
    Git(Checkout),
    /// From something that does not exist, which is an error of the evaluation.
    Other(String),
}

/// What is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Checkout {
    /// The ref, as [`infer_ref`](super::infer_ref) finds it.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// The commit.
    pub sha: String,
    /// When the commit was made, as git writes it for `%ci`.
    pub commit_date: String,
}

/// What the API of the forge says about a repository. All of it can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Repo {
    /// The name, without the owner.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// The branch that `type=edge` takes.
    pub default_branch: Option<String>,
    /// Its license.
    pub license: Option<License>,
}

/// The license of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct License {
    /// The identifier of SPDX: `MIT`.
    pub spdx_id: Option<String>,
}

/// What the rules see of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The name of the event.
    pub event_name: String,
    /// The ref.
    pub git_ref: String,
    /// The commit.
    pub sha: String,
    /// When the commit was made. `None` is a date that cannot be read.
    pub commit_date: Option<Timestamp>,
}

impl Resolved {
    /// The name of the branch that is built.
    pub fn branch(&self) -> Option<&str> {
        self.git_ref.strip_prefix("refs/heads/")
    }

    /// The name of the git tag that is built.
    pub fn git_tag(&self) -> Option<&str> {
        self.git_ref.strip_prefix("refs/tags/")
    }

    /// What stands behind `refs/pull/` when a pull request is built: `42/merge`.
    pub fn pull(&self) -> Option<&str> {
        self.git_ref.strip_prefix("refs/pull/")
    }
}
