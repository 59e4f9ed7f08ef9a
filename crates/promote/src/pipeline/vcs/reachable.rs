//! `ReachableGate`: the commit is on a protected branch.

use async_trait::async_trait;
use serde_json::json;

use super::Vcs;
use crate::pipeline::gates::commit_of;
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Passes where the image's commit is on one of some branches, and that branch is protected: what nobody can push to by
/// themselves was seen by somebody. Two requests a branch.
#[derive(Clone, Debug)]
#[must_use]
pub struct ReachableGate<V> {
    id: String,
    vcs: V,
    branches: Vec<String>,
}

impl<V: Vcs> ReachableGate<V> {
    /// The commit is on one of these branches.
    pub fn new<I: Into<String>>(vcs: V, branches: impl IntoIterator<Item = I>) -> Self {
        Self { id: "reachable".to_owned(), vcs, branches: branches.into_iter().map(Into::into).collect() }
    }

    /// Gives the gate another name than `reachable`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }
}

#[async_trait]
impl<V: Vcs> Gate for ReachableGate<V> {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        if self.branches.is_empty() {
            return Err("no branch is given on which the commit should be".into());
        }
        let commit = commit_of(context)?;
        let mut reasons = Vec::new();
        for branch in &self.branches {
            if !self.vcs.is_protected(branch).await? {
                reasons.push(format!("the branch {branch} is not protected"));
            } else if self.vcs.is_reachable(commit, branch).await? {
                let details = json!({ "commit": commit, "branch": branch });
                return Ok(Verdict::Pass(Evidence::new(format!("{commit} is on {branch}")).with_details(details)));
            } else {
                reasons.push(format!("{commit} is not on {branch}"));
            }
        }
        Ok(Verdict::Fail { reasons })
    }
}
