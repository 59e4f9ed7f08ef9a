//! `ReviewedGate`: the pull request was approved by others than its author.

use async_trait::async_trait;
use serde_json::json;

use super::{PullRequest, Reviewed, Vcs, VcsErrorKind};
use crate::pipeline::gates::{along, commit_of};
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Passes where the pull request that the image was built for, or that its commit came from, was approved by enough others
/// than its author, and nobody asks for changes. An approval of an earlier commit does not count, where the forge says of
/// which it was. Two to three requests.
#[derive(Clone, Debug)]
#[must_use]
pub struct ReviewedGate<V> {
    id: String,
    vcs: V,
    quorum: usize,
    stale: bool,
}

impl<V: Vcs> ReviewedGate<V> {
    /// Asks for one approval.
    pub fn new(vcs: V) -> Self {
        Self { id: "reviewed".to_owned(), vcs, quorum: 1, stale: false }
    }

    /// Gives the gate another name than `reviewed`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Asks for so many.
    pub fn quorum(self, quorum: usize) -> Self {
        Self { quorum, ..self }
    }

    /// Counts approvals of earlier commits of the pull request, too.
    pub fn stale_too(self) -> Self {
        Self { stale: true, ..self }
    }

    /// The number: what the image is known by, or what the forge says of its commit.
    async fn number(&self, context: &GateContext<'_>, commit: &str) -> Result<Result<u64, String>, GateError> {
        if let Some(number) = along(context)?.passage.pinned.facts.pull_request {
            return Ok(Ok(number));
        }
        let mut meant: Vec<PullRequest> = self.vcs.pull_requests_of(commit).await?;
        meant.retain(|one| one.is_of(commit));
        match meant.as_slice() {
            [] => Ok(Err(format!("{commit} came from no pull request"))),
            [one] => Ok(Ok(one.number)),
            several => {
                let numbers: Vec<_> = several.iter().map(|one| format!("#{}", one.number)).collect();
                Err(format!("{commit} is of several pull requests: {}", numbers.join(", ")).into())
            }
        }
    }
}

#[async_trait]
impl<V: Vcs> Gate for ReviewedGate<V> {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        if self.quorum == 0 {
            return Err("a quorum of none asks nobody".into());
        }
        let commit = commit_of(context)?;
        let number = match self.number(context, commit).await? {
            Ok(number) => number,
            Err(why) => return Ok(Verdict::fail(why)),
        };
        let Reviewed { pull_request, reviews } = match self.vcs.reviews(number).await {
            Ok(reviewed) => reviewed,
            Err(error) if error.kind == VcsErrorKind::NotFound => {
                return Err(format!("the pull request #{number} is not there: {error}").into());
            }
            Err(error) => return Err(error.into()),
        };
        if !pull_request.is_of(commit) {
            return Ok(Verdict::fail(format!("{commit} is neither the head of #{number} nor what it became")));
        }
        let mut asked: Vec<String> = Vec::new();
        let (mut approved, mut others): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
        for review in &reviews {
            let is_stale = review.commit.as_ref().is_some_and(|of| !of.eq_ignore_ascii_case(&pull_request.head));
            match review.approves {
                false => asked.push(format!("{} asks for changes in #{number}", review.by)),
                true if review.by.eq_ignore_ascii_case(&pull_request.author) => {
                    others.push(format!("{} is its author", review.by));
                }
                true if is_stale && !self.stale => others.push(format!("{} approved an earlier commit", review.by)),
                true if approved.iter().any(|one| one.eq_ignore_ascii_case(&review.by)) => {}
                true => approved.push(&review.by),
            }
        }
        if !asked.is_empty() {
            return Ok(Verdict::Fail { reasons: asked });
        }
        if approved.len() < self.quorum {
            let others = if others.is_empty() { String::new() } else { format!("; {}", others.join("; ")) };
            let there = format!("{} of {} approvals of #{number}", approved.len(), self.quorum);
            return Ok(Verdict::wait(format!("{there}{others}")));
        }
        let details = json!({ "pull-request": number, "author": pull_request.author, "approved-by": approved });
        let summary = format!("#{number} was approved by {}", approved.join(", "));
        Ok(Verdict::Pass(Evidence::new(summary).with_details(details)))
    }
}
