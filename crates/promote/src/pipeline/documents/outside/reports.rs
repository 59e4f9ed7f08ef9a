//! What a tool said of a commit: a SARIF report, or an exit status.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::super::{GateFactory, GateProblem, Parameters, Surroundings};
use crate::pipeline::gates::{Bound, Level, StatusGate};
use crate::{Gate, GateContext, GateError, Verdict};

/// Makes gates of what a tool said of a commit. It is read when the gate is asked; what is not there is an error, and no
/// pass.
///
/// | kind | parameters |
/// |---|---|
/// | `sarif` | `report`: a file; `level`: `note`, `warning` (unless it is given) or `error`; the commit |
/// | `exit-status` | `tool`; `status-env`: the variable that has it; `findings`: the statuses that mean no; the commit |
///
/// The commit that the result is about is `commit-env`, the variable that has it: an image of another is refused.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reports {
    surroundings: Surroundings,
}

const KINDS: [&str; 2] = ["exit-status", "sarif"];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Sarif {
    report: PathBuf,
    level: Option<Level>,
    commit_env: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ExitStatus {
    tool: String,
    status_env: String,
    findings: Vec<i32>,
    commit_env: String,
}

#[derive(Debug)]
enum Said {
    Sarif { report: PathBuf, level: Level },
    Status { tool: String, variable: String, findings: Vec<i32> },
}

#[derive(Debug)]
struct ReportGate {
    id: String,
    surroundings: Surroundings,
    commit: String,
    result: Said,
}

impl Reports {
    /// Files and variables are those of `surroundings`.
    pub fn new(surroundings: Surroundings) -> Self {
        Self { surroundings }
    }
}

impl GateFactory for Reports {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem> {
        let (result, commit) = match kind {
            "sarif" => {
                let Sarif { report, level, commit_env } = parameters.read()?;
                let level = level.unwrap_or(Level::Warning);
                if level == Level::None {
                    return Err(GateProblem::parameters("level: every result would be a problem"));
                }
                (Said::Sarif { report: self.surroundings.path(report), level }, commit_env)
            }
            "exit-status" => {
                let ExitStatus { tool, status_env, findings, commit_env } = parameters.read()?;
                if findings.contains(&0) {
                    return Err(GateProblem::parameters("findings: a status of 0 means that there are none"));
                }
                (Said::Status { tool, variable: status_env, findings }, commit_env)
            }
            _ => return Err(GateProblem::unknown(kind, KINDS)),
        };
        let surroundings = self.surroundings.clone();
        Ok(Arc::new(ReportGate { id: name.to_owned(), surroundings, commit, result }))
    }
}

impl ReportGate {
    fn variable(&self, name: &str) -> Result<String, GateError> {
        let value = self.surroundings.variable(name);
        value.ok_or_else(|| format!("the environment variable {name} is not set").into())
    }

    fn bound(&self) -> Result<Bound, GateError> {
        let commit = self.variable(&self.commit)?;
        Ok(match &self.result {
            Said::Sarif { report, level } => {
                let bytes = std::fs::read(report).map_err(|error| format!("{}: {error}", report.display()))?;
                Bound::of_sarif(commit, &bytes, *level)?
            }
            Said::Status { tool, variable, findings } => {
                let status = self.variable(variable)?;
                let status = status.trim().parse().map_err(|_| format!("{variable}: {status:?} is no exit status"))?;
                Bound::of_status(commit, tool, status, findings)?
            }
        })
    }
}

#[async_trait]
impl Gate for ReportGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        StatusGate::new(&self.id, self.bound()?).evaluate(context).await
    }
}
