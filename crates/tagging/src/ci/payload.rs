//! The event document of GitHub's kind.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reading::is_commit;
use super::{CiError, Provider};
use crate::Timestamp;
use crate::excerpt::quoted;

/// The event document, or none.
#[derive(Clone, Copy)]
pub(super) struct Payload<'a> {
    pub(super) provider: Provider,
    pub(super) event: Option<&'a Value>,
}

impl<'a> Payload<'a> {
    /// The value at `path`; `None` also for null.
    fn at(self, path: &[&str]) -> Option<&'a Value> {
        path.iter().try_fold(self.event?, |value, name| value.get(name)).filter(|value| !value.is_null())
    }

    /// The text at `path`; `None` also when it is empty.
    pub(super) fn text(self, path: &[&str]) -> Option<&'a str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// The same, owned.
    pub(super) fn owned(self, path: &[&str]) -> Option<String> {
        self.text(path).map(str::to_owned)
    }

    /// The commit at `path`, which is called `field`.
    pub(super) fn commit(self, path: &[&str], field: &'static str) -> Result<Option<String>, CiError> {
        match self.at(path) {
            None => Ok(None),
            Some(Value::String(text)) if is_commit(text) => Ok(Some(text.clone())),
            Some(other) => Err(self.broken(field, other)),
        }
    }

    /// The number of the pull request, which stands in the document once or twice.
    pub(super) fn number(self) -> Result<Option<u64>, CiError> {
        let read = |path: &[&str], field| match self.at(path) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) if number > 0 => Ok(Some(number)),
                _ => Err(self.broken(field, value)),
            },
        };
        let (outer, inner) = (read(&["number"], "number")?, read(&["pull_request", "number"], "pull_request.number")?);
        match (outer, inner) {
            (Some(one), Some(other)) if one != other => Err(CiError::Contradiction {
                provider: self.provider,
                one: "the event's number",
                value: quoted(&one.to_string()),
                other: "the event's pull_request.number",
                other_value: quoted(&other.to_string()),
            }),
            _ => Ok(outer.or(inner)),
        }
    }

    /// The number of the pull request, without which nothing can be said.
    pub(super) fn needed_number(self) -> Result<u64, CiError> {
        let missing = CiError::Event { provider: self.provider, field: "pull_request.number", found: None };
        self.number()?.ok_or(missing)
    }

    /// Whether the head of the pull request is in another repository than its base. That of a deleted fork is null.
    pub(super) fn is_fork(self) -> Option<bool> {
        let base = self.text(&["pull_request", "base", "repo", "full_name"])?;
        self.at(&["pull_request", "head"])?;
        Some(self.text(&["pull_request", "head", "repo", "full_name"]).is_none_or(|head| head != base))
    }

    /// The labels of the pull request.
    pub(super) fn labels(self) -> BTreeSet<String> {
        let labels = self.at(&["pull_request", "labels"]).and_then(Value::as_array).into_iter().flatten();
        labels.filter_map(|label| label.get("name")?.as_str()).map(str::to_owned).collect()
    }

    /// When `sha` was committed, if it is one of the commits that the event is about.
    pub(super) fn commit_date(self, sha: &str) -> Result<Option<Timestamp>, CiError> {
        let mut found = self.commits(sha).filter_map(|commit| commit.get("timestamp")).filter(|date| !date.is_null());
        let Some(date) = found.next() else { return Ok(None) };
        let read = date.as_str().and_then(|text| text.parse().ok());
        read.map(Some).ok_or_else(|| self.broken("head_commit.timestamp", date))
    }

    /// The message of `sha`, if it is one of the commits that the event is about.
    pub(super) fn commit_message(self, sha: &str) -> Option<String> {
        self.commits(sha).find_map(|commit| commit.get("message")?.as_str()).map(str::to_owned)
    }

    fn commits(self, sha: &str) -> impl Iterator<Item = &'a Value> {
        let pushed = self.at(&["commits"]).and_then(Value::as_array).into_iter().flatten();
        let queued = self.at(&["merge_group", "head_commit"]);
        let all = pushed.chain(self.at(&["head_commit"])).chain(queued);
        all.filter(move |commit| commit.get("id").and_then(Value::as_str) == Some(sha))
    }

    fn broken(self, field: &'static str, found: &Value) -> CiError {
        CiError::Event { provider: self.provider, field, found: Some(quoted(&found.to_string())) }
    }
}
