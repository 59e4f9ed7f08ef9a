//! Reading variables with errors that name them.

use std::collections::BTreeSet;

use super::{CiContext, CiError, CiEvent, CiRepository, Provider, Variables};
use crate::excerpt::quoted;
use crate::{GitRef, Timestamp};

/// The variables of one system.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) provider: Provider,
    pub(super) variables: &'a Variables,
}

/// What a commit has to be.
const COMMIT: &str = "the identifier of a commit, 7 to 64 hexadecimal digits";

impl<'a> Reading<'a> {
    /// The variable, if it is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.variables.get(name)
    }

    /// The same, owned.
    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// A variable without which nothing can be said.
    pub(super) fn needed(&self, variable: &'static str, remedy: &'static str) -> Result<&'a str, CiError> {
        self.get(variable).ok_or(CiError::Missing { provider: self.provider, variable, remedy })
    }

    /// The commit in a variable that has to be there.
    pub(super) fn commit(&self, variable: &'static str, remedy: &'static str) -> Result<String, CiError> {
        self.needed(variable, remedy)?;
        self.commit_if_set(variable, remedy)?.ok_or(CiError::Missing { provider: self.provider, variable, remedy })
    }

    /// The commit in a variable, if it is set.
    pub(super) fn commit_if_set(
        &self,
        variable: &'static str,
        remedy: &'static str,
    ) -> Result<Option<String>, CiError> {
        let Some(text) = self.get(variable) else { return Ok(None) };
        if is_commit(text) { Ok(Some(text.to_owned())) } else { Err(self.broken(variable, COMMIT, remedy)) }
    }

    /// The number in a variable, if it is set.
    pub(super) fn number(&self, variable: &'static str, remedy: &'static str) -> Result<Option<u64>, CiError> {
        let Some(text) = self.get(variable) else { return Ok(None) };
        let broken = || self.broken(variable, "the number of a pull request", remedy);
        pull_request_number(text).map(Some).ok_or_else(broken)
    }

    /// The point in time in a variable, if it is set.
    pub(super) fn timestamp(&self, variable: &'static str, remedy: &'static str) -> Result<Option<Timestamp>, CiError> {
        let Some(text) = self.get(variable) else { return Ok(None) };
        let wanted = "a date and time such as 2024-03-09T16:41:09Z";
        text.parse().map(Some).map_err(|_| self.broken(variable, wanted, remedy))
    }

    /// The complaint that the value of `variable` is not `wanted`.
    pub(super) fn broken(&self, variable: &'static str, wanted: &'static str, remedy: &'static str) -> CiError {
        let value = quoted(self.variables.raw(variable).unwrap_or_default());
        CiError::Broken { provider: self.provider, variable, value, wanted, remedy }
    }

    /// Refuses two variables of which the system sets at most one.
    pub(super) fn not_both(&self, one: &'static str, other: &'static str) -> Result<(), CiError> {
        match (self.get(one), self.get(other)) {
            (Some(value), Some(other_value)) => Err(self.contradiction((one, value), (other, other_value))),
            _ => Ok(()),
        }
    }

    /// The complaint that `one` and `other`, names with values, cannot both be right.
    pub(super) fn contradiction(&self, one: (&'static str, &str), other: (&'static str, &str)) -> CiError {
        let (one, value) = (one.0, quoted(one.1));
        CiError::Contradiction { provider: self.provider, one, value, other: other.0, other_value: quoted(other.1) }
    }

    /// A context that says only what every build has.
    pub(super) fn start(&self, git_ref: GitRef, sha: String) -> CiContext {
        let full_ref = match &git_ref {
            GitRef::Branch(name) => format!("refs/heads/{name}"),
            GitRef::Tag(name) => format!("refs/tags/{name}"),
            GitRef::PullRequest(number) => format!("refs/pull/{number}/merge"),
        };
        let pull_request = match git_ref {
            GitRef::PullRequest(number) => Some(number),
            _ => None,
        };
        CiContext {
            provider: self.provider,
            event: CiEvent::Unknown,
            event_name: String::new(),
            git_ref,
            full_ref,
            sha,
            pull_request,
            head_sha: None,
            head_ref: None,
            base_ref: None,
            fork: None,
            default_branch: None,
            commit_date: None,
            commit_message: None,
            labels: BTreeSet::new(),
            repository: CiRepository::default(),
            run_id: None,
            run_number: None,
            actor: None,
            image: None,
        }
    }
}

/// Whether `text` can be a commit. A name of zeros alone stands for none: the ref was deleted.
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0')
}

/// The number of a pull request: digits alone, and not 0.
pub(super) fn pull_request_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

/// The number in `refs/pull/42/merge`, or what else begins so.
pub(super) fn built_pull_request(full_ref: &str) -> Option<u64> {
    pull_request_number(full_ref.strip_prefix("refs/pull/")?.split('/').next()?)
}

/// The name of a branch, with or without `refs/heads/` before it.
pub(super) fn branch(text: &str) -> String {
    text.strip_prefix("refs/heads/").unwrap_or(text).to_owned()
}
