//! `GitLab`: its REST API, version 4, of gitlab.com or of a server of one's own.

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Check, CheckState, PullRequest, Review, Reviewed, Vcs, VcsError, VcsErrorKind};
use crate::pipeline::http::{Api, Token, read, segment};

/// A project at GitLab. The token needs `read_api`.
///
/// GitLab does not say of which commit an approval is; a project that removes approvals when commits are added ("Remove all
/// approvals when commits are added") keeps none of an earlier one.
#[derive(Clone, Debug)]
pub struct GitLab {
    api: Api,
    project: String,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    author: User,
    sha: String,
    target_branch: String,
    state: String,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
}

#[derive(Deserialize)]
struct Branch {
    protected: bool,
}

#[derive(Deserialize)]
struct Ref {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

#[derive(Deserialize)]
struct Status {
    name: String,
    status: String,
    #[serde(default)]
    allow_failure: bool,
}

#[derive(Deserialize)]
struct Approvals {
    approved_by: Vec<ApprovedBy>,
}

#[derive(Deserialize)]
struct ApprovedBy {
    user: User,
}

#[derive(Deserialize)]
struct Reviewer {
    user: User,
    state: String,
}

impl GitLab {
    /// A project, by its path or number, at `base`: `https://gitlab.com/api/v4`.
    ///
    /// # Errors
    /// As [`Api::new`], and a path that is none.
    pub fn new(base: &str, project: impl Into<String>, token: Option<Token>) -> Result<Self, VcsError> {
        let project = project.into();
        segment("use a project", &project)?;
        Ok(Self { api: Api::new(base, token)?, project })
    }

    fn segments<'s>(&'s self, below: &[&'s str]) -> Vec<&'s str> {
        [&["projects", &self.project], below].concat()
    }

    async fn one<T: DeserializeOwned>(&self, what: &str, below: &[&str]) -> Result<T, VcsError> {
        read(what, &self.api.get(self.api.url(&self.segments(below), &[])).await?)
    }

    async fn list<T: DeserializeOwned>(
        &self,
        what: &str,
        below: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, VcsError> {
        let query = [query, &[("per_page", "100")]].concat();
        let pages = self.api.pages(self.api.url(&self.segments(below), &query)).await?;
        let pages = pages.iter().map(|page| read::<Vec<T>>(what, page)).collect::<Result<Vec<_>, _>>()?;
        Ok(pages.into_iter().flatten().collect())
    }
}

#[async_trait]
impl Vcs for GitLab {
    /// One request a page: `GET /projects/:id/repository/commits/:sha/merge_requests`.
    async fn pull_requests_of(&self, commit: &str) -> Result<Vec<PullRequest>, VcsError> {
        let what = "list the merge requests of a commit";
        let below = ["repository", "commits", segment(what, commit)?, "merge_requests"];
        let found: Vec<MergeRequest> = self.list(what, &below, &[]).await?;
        Ok(found.into_iter().map(PullRequest::from).collect())
    }

    /// One request: `GET /projects/:id/repository/branches/:branch`.
    async fn is_protected(&self, branch: &str) -> Result<bool, VcsError> {
        let what = "read a branch";
        Ok(self.one::<Branch>(what, &["repository", "branches", segment(what, branch)?]).await?.protected)
    }

    /// One request a page: `GET /projects/:id/repository/commits/:sha/refs?type=branch`.
    async fn is_reachable(&self, commit: &str, branch: &str) -> Result<bool, VcsError> {
        let what = "list the branches that have a commit";
        let below = ["repository", "commits", segment(what, commit)?, "refs"];
        let refs: Vec<Ref> = self.list(what, &below, &[("type", "branch")]).await?;
        Ok(refs.iter().any(|one| one.kind == "branch" && one.name == branch))
    }

    /// One request a page: `GET /projects/:id/repository/commits/:sha/statuses`.
    async fn checks(&self, commit: &str) -> Result<Vec<Check>, VcsError> {
        let what = "list the statuses of a commit";
        let below = ["repository", "commits", segment(what, commit)?, "statuses"];
        let found: Vec<Status> = self.list(what, &below, &[]).await?;
        Ok(found.into_iter().map(Check::from).collect())
    }

    /// Three requests: `GET /projects/:id/merge_requests/:iid`, `…/approvals` and `…/reviewers`.
    async fn reviews(&self, number: u64) -> Result<Reviewed, VcsError> {
        let (what, number) = ("read the approvals of a merge request", number.to_string());
        let request: MergeRequest = self.one(what, &["merge_requests", &number]).await?;
        let approvals: Approvals = self.one(what, &["merge_requests", &number, "approvals"]).await?;
        let reviewers: Vec<Reviewer> = self.list(what, &["merge_requests", &number, "reviewers"], &[]).await?;
        let approved = approvals.approved_by.into_iter().map(|one| Review::new(one.user.username, true, None));
        let asked = reviewers.into_iter().filter(|one| one.state == "requested_changes");
        let asked = asked.map(|one| Review::new(one.user.username, false, None));
        if !matches!(request.state.as_str(), "opened" | "merged" | "closed" | "locked") {
            return Err(VcsError::new(VcsErrorKind::Unreadable, what).because(format!("the state {:?}", request.state)));
        }
        Ok(Reviewed::new(request.into(), approved.chain(asked).collect()))
    }
}

impl From<MergeRequest> for PullRequest {
    fn from(request: MergeRequest) -> Self {
        let MergeRequest { iid, author, sha, target_branch, state, merge_commit_sha, squash_commit_sha } = request;
        let is_merged = state == "merged";
        let pull = Self::new(iid, author.username, sha.clone(), target_branch);
        let became: Vec<_> = merge_commit_sha.into_iter().chain(squash_commit_sha).filter(|_| is_merged).collect();
        match (is_merged, became.is_empty()) {
            // A fast-forward makes no commit: it became its own head.
            (true, true) => pull.merged_as(sha),
            _ => became.into_iter().fold(pull, Self::merged_as),
        }
    }
}

impl From<Status> for Check {
    fn from(Status { name, status: said, allow_failure }: Status) -> Self {
        let state = match said.as_str() {
            "success" => CheckState::Passed,
            "failed" | "canceled" if allow_failure => CheckState::Skipped,
            "failed" | "canceled" => CheckState::Failed,
            "skipped" => CheckState::Skipped,
            // A job that a person starts, and need not.
            "manual" if allow_failure => CheckState::Skipped,
            "created"
            | "waiting_for_resource"
            | "waiting_for_callback"
            | "preparing"
            | "pending"
            | "running"
            | "canceling"
            | "manual"
            | "scheduled" => CheckState::Pending,
            _ => CheckState::Failed,
        };
        Self::new(name, state, said)
    }
}
