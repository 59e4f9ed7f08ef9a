//! `StatusGate`: a result from outside that is about a commit: a linter's, a test's, an exit status.

use async_trait::async_trait;
use serde_json::json;

use super::along;
use super::sarif::{self, Level};
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// A result, and the commit that it is about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bound {
    /// The commit.
    pub commit: String,
    /// The result.
    pub verdict: Verdict,
}

/// Why a result cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundError {
    /// What is no SARIF, or says less than it has to.
    #[error("the SARIF cannot be used: {why}")]
    Sarif {
        /// Why.
        why: String,
    },
    /// The report says that it is about another commit.
    #[error("the report is about commit {said}, and not about {asked}")]
    OtherCommit {
        /// What it says.
        said: String,
        /// What was asked for.
        asked: String,
    },
    /// A status that means that the tool itself failed.
    #[error("{tool} exited with {status}, which is no result")]
    Status {
        /// The tool.
        tool: String,
        /// The status.
        status: i32,
    },
}

impl Bound {
    /// A result about a commit.
    pub fn new(commit: impl Into<String>, verdict: Verdict) -> Self {
        Self { commit: commit.into(), verdict }
    }

    /// The exit status of a tool: 0 is a pass, one of `findings` a fail, and all others say that the tool itself failed.
    ///
    /// # Errors
    /// [`BoundError::Status`] for those others.
    pub fn of_status(
        commit: impl Into<String>,
        tool: impl Into<String>,
        status: i32,
        findings: &[i32],
    ) -> Result<Self, BoundError> {
        let tool = tool.into();
        let verdict = match status {
            0 => Verdict::Pass(Evidence::new(format!("{tool} exited with 0"))),
            _ if findings.contains(&status) => Verdict::fail(format!("{tool} exited with {status}")),
            _ => return Err(BoundError::Status { tool, status }),
        };
        Ok(Self::new(commit, verdict))
    }

    /// A SARIF report of any tool: it fails with a result of `level` or above that nobody has suppressed.
    ///
    /// Where it says which revision it looked at (`versionControlProvenance`), that has to be `commit`.
    ///
    /// # Errors
    /// What is no SARIF 2.1.0, a run without results, and one that says that it did not succeed: they are no clean report.
    pub fn of_sarif(commit: impl Into<String>, report: &[u8], level: Level) -> Result<Self, BoundError> {
        let commit = commit.into();
        let verdict = sarif::judge(report, &commit, level)?;
        Ok(Self { commit, verdict })
    }
}

/// Says what a result from outside says, for the image that was built from its commit, and for no other.
#[derive(Clone, Debug)]
#[must_use]
pub struct StatusGate {
    id: String,
    bound: Bound,
}

impl StatusGate {
    /// Says what `bound` says.
    pub fn new(id: impl Into<String>, bound: Bound) -> Self {
        Self { id: id.into(), bound }
    }
}

#[async_trait]
impl Gate for StatusGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let commit = commit_of(context)?;
        let said = &self.bound.commit;
        if !is_whole(said) {
            return Err(format!("the result is about {said:?}, which is no whole commit").into());
        }
        if !said.eq_ignore_ascii_case(commit) {
            return Ok(Verdict::fail(format!("the result is about commit {said}, and the image is of {commit}")));
        }
        Ok(match self.bound.verdict.clone() {
            Verdict::Pass(evidence) => {
                let details = json!({ "commit": commit, "result": evidence.details });
                Verdict::Pass(Evidence::new(evidence.summary).with_details(details))
            }
            other => other,
        })
    }
}

/// The whole commit that the image was built from.
pub(crate) fn commit_of<'a>(context: &GateContext<'a>) -> Result<&'a str, GateError> {
    let pinned = &along(context)?.passage.pinned;
    match pinned.facts.commit.as_deref() {
        Some(commit) if is_whole(commit) => Ok(commit),
        Some(commit) => Err(format!("the commit {commit:?} of the image is not a whole one").into()),
        None => Err(format!("nobody says what commit {} was built from", pinned.digest()).into()),
    }
}

/// SHA-1 or SHA-256, in hex.
fn is_whole(commit: &str) -> bool {
    matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}
