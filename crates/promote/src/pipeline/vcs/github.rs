//! `GitHub`: its REST API, version 2022-11-28, of github.com or of a server of one's own.

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Check, CheckState, PullRequest, Review, Reviewed, Vcs, VcsError, VcsErrorKind};
use crate::pipeline::http::{Api, Token, read, segment};

/// A repository at GitHub.
///
/// The token needs to read the repository's metadata, contents, checks, commit statuses and pull requests. Requests are
/// counted in each method's documentation, a page of 100 each.
#[derive(Clone, Debug)]
pub struct GitHub {
    api: Api,
    owner: String,
    repository: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    name: String,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    /// Null for an account that was deleted.
    user: Option<User>,
    head: Side,
    base: Side,
    merged_at: Option<String>,
    /// Of one that is not merged, a merge commit that is only a test.
    merge_commit_sha: Option<String>,
}

#[derive(Deserialize)]
struct Branch {
    protected: bool,
}

#[derive(Deserialize)]
struct Comparison {
    status: String,
}

#[derive(Deserialize)]
struct CheckRuns {
    total_count: usize,
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    status: String,
    conclusion: Option<String>,
}

#[derive(Deserialize)]
struct Combined {
    total_count: usize,
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

#[derive(Deserialize)]
struct PullReview {
    user: Option<User>,
    state: String,
    commit_id: Option<String>,
}

impl GitHub {
    /// A repository at `base`: `https://api.github.com`, `https://github.example/api/v3`.
    ///
    /// # Errors
    /// As [`Api::new`], and a name that is none.
    pub fn new(
        base: &str,
        owner: impl Into<String>,
        repository: impl Into<String>,
        token: Option<Token>,
    ) -> Result<Self, VcsError> {
        let (owner, repository) = (owner.into(), repository.into());
        segment("use a repository", &owner)?;
        segment("use a repository", &repository)?;
        let api = Api::new(base, token)?.accepting("application/vnd.github+json");
        Ok(Self { api, owner, repository })
    }

    fn segments<'s>(&'s self, below: &[&'s str]) -> Vec<&'s str> {
        [&["repos", &self.owner, &self.repository], below].concat()
    }

    async fn one<T: DeserializeOwned>(
        &self,
        what: &str,
        below: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, VcsError> {
        read(what, &self.api.get(self.api.url(&self.segments(below), query)).await?)
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        what: &str,
        below: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, VcsError> {
        let query = [query, &[("per_page", "100")]].concat();
        let pages = self.api.pages(self.api.url(&self.segments(below), &query)).await?;
        pages.iter().map(|page| read(what, page)).collect()
    }
}

#[async_trait]
impl Vcs for GitHub {
    /// One request a page: `GET /repos/{owner}/{repo}/commits/{sha}/pulls`.
    async fn pull_requests_of(&self, commit: &str) -> Result<Vec<PullRequest>, VcsError> {
        let what = "list the pull requests of a commit";
        let pages: Vec<Vec<Pull>> = self.pages(what, &["commits", segment(what, commit)?, "pulls"], &[]).await?;
        Ok(pages.into_iter().flatten().map(PullRequest::from).collect())
    }

    /// One request: `GET /repos/{owner}/{repo}/branches/{branch}`.
    async fn is_protected(&self, branch: &str) -> Result<bool, VcsError> {
        let what = "read a branch";
        Ok(self.one::<Branch>(what, &["branches", segment(what, branch)?], &[]).await?.protected)
    }

    /// One request: `GET /repos/{owner}/{repo}/compare/{branch}...{sha}`.
    async fn is_reachable(&self, commit: &str, branch: &str) -> Result<bool, VcsError> {
        let what = "compare a commit and a branch";
        let both = format!("{}...{}", segment(what, branch)?, segment(what, commit)?);
        // All commits in between would be listed, and only the status is looked at.
        let compared: Comparison = self.one(what, &["compare", &both], &[("per_page", "1")]).await?;
        match compared.status.as_str() {
            "identical" | "behind" => Ok(true),
            "ahead" | "diverged" => Ok(false),
            other => Err(VcsError::new(VcsErrorKind::Unreadable, what).because(format!("the status {other:?}"))),
        }
    }

    /// One request a page of two lists: `GET …/commits/{sha}/check-runs` and `GET …/commits/{sha}/status`.
    async fn checks(&self, commit: &str) -> Result<Vec<Check>, VcsError> {
        let what = "list the checks of a commit";
        let commit = segment(what, commit)?;
        let runs: Vec<CheckRuns> =
            self.pages(what, &["commits", commit, "check-runs"], &[("filter", "latest")]).await?;
        let statuses: Vec<Combined> = self.pages(what, &["commits", commit, "status"], &[]).await?;
        let whole = |promised: Option<usize>, there: usize| match promised {
            Some(promised) if promised == there => Ok(()),
            promised => Err(VcsError::new(VcsErrorKind::Unreadable, what)
                .because(format!("{there} are listed of {}", promised.unwrap_or_default()))),
        };
        whole(runs.first().map(|page| page.total_count), runs.iter().map(|page| page.check_runs.len()).sum())?;
        whole(statuses.first().map(|page| page.total_count), statuses.iter().map(|page| page.statuses.len()).sum())?;
        let runs = runs.into_iter().flat_map(|page| page.check_runs).map(Check::from);
        Ok(runs.chain(statuses.into_iter().flat_map(|page| page.statuses).map(Check::from)).collect())
    }

    /// Two requests, and one a page: `GET …/pulls/{number}` and `GET …/pulls/{number}/reviews`.
    async fn reviews(&self, number: u64) -> Result<Reviewed, VcsError> {
        let (what, number) = ("read the reviews of a pull request", number.to_string());
        let pull: Pull = self.one(what, &["pulls", &number], &[]).await?;
        let pages: Vec<Vec<PullReview>> = self.pages(what, &["pulls", &number, "reviews"], &[]).await?;
        let mut last: Vec<Review> = Vec::new();
        // In the order in which they were written; a comment changes nothing.
        for PullReview { user, state, commit_id } in pages.into_iter().flatten() {
            let by = user.map_or_else(|| "ghost".to_owned(), |user| user.login);
            let approves = match state.as_str() {
                "APPROVED" => Some(true),
                "CHANGES_REQUESTED" => Some(false),
                "DISMISSED" => None,
                "COMMENTED" | "PENDING" => continue,
                other => {
                    return Err(VcsError::new(VcsErrorKind::Unreadable, what).because(format!("the state {other:?}")));
                }
            };
            last.retain(|review| review.by != by);
            last.extend(approves.map(|approves| Review::new(by, approves, commit_id)));
        }
        Ok(Reviewed::new(pull.into(), last))
    }
}

impl From<Pull> for PullRequest {
    fn from(Pull { number, user, head, base, merged_at, merge_commit_sha }: Pull) -> Self {
        let author = user.map_or_else(|| "ghost".to_owned(), |user| user.login);
        let merged = merge_commit_sha.filter(|_| merged_at.is_some());
        merged.into_iter().fold(Self::new(number, author, head.sha, base.name), Self::merged_as)
    }
}

impl From<CheckRun> for Check {
    fn from(CheckRun { name, status, conclusion }: CheckRun) -> Self {
        let state = match (status.as_str(), conclusion.as_deref()) {
            ("completed", Some("success")) => CheckState::Passed,
            ("completed", Some("neutral" | "skipped")) => CheckState::Skipped,
            // What ended in any other way, known or not, did not go well.
            ("completed", _) => CheckState::Failed,
            _ => CheckState::Pending,
        };
        Self::new(name, state, conclusion.unwrap_or(status))
    }
}

impl From<Status> for Check {
    fn from(Status { context, state: said }: Status) -> Self {
        let state = match said.as_str() {
            "success" => CheckState::Passed,
            "pending" => CheckState::Pending,
            _ => CheckState::Failed,
        };
        Self::new(context, state, said)
    }
}
