//! `ChecksGate`: what was run for the commit went well.

use async_trait::async_trait;
use serde_json::json;

use super::{Check, CheckState, Vcs};
use crate::pipeline::gates::commit_of;
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Passes where the checks of the image's commit went well: those that are named, or all, of which there has to be one.
///
/// It waits for those that have not ended, and for a named one that is not there yet. What was skipped is no success.
#[derive(Clone, Debug)]
#[must_use]
pub struct ChecksGate<V> {
    id: String,
    vcs: V,
    required: Vec<String>,
    ignored: Vec<String>,
}

impl<V: Vcs> ChecksGate<V> {
    /// All checks, but for those that were skipped; at least one went well.
    pub fn new(vcs: V) -> Self {
        Self { id: "checks".to_owned(), vcs, required: Vec::new(), ignored: Vec::new() }
    }

    /// Gives the gate another name than `checks`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Asks for this one, and others that are asked for, and looks at no other.
    pub fn require(mut self, name: impl Into<String>) -> Self {
        self.required.push(name.into());
        self
    }

    /// Does not look at this one, such as the job that promotes.
    pub fn ignore(mut self, name: impl Into<String>) -> Self {
        self.ignored.push(name.into());
        self
    }
}

#[async_trait]
impl<V: Vcs> Gate for ChecksGate<V> {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let commit = commit_of(context)?;
        let mut checks = self.vcs.checks(commit).await?;
        checks.retain(|check| !self.ignored.contains(&check.name));
        if !self.required.is_empty() {
            checks.retain(|check| self.required.contains(&check.name));
        }
        let told = |check: &Check| format!("{}: {}", check.name, check.said);
        let of = |state: CheckState| checks.iter().filter(move |check| check.state == state);
        let mut failed: Vec<String> = of(CheckState::Failed).map(told).collect();
        if !self.required.is_empty() {
            failed.extend(of(CheckState::Skipped).map(told));
        }
        if !failed.is_empty() {
            return Ok(Verdict::Fail { reasons: failed });
        }
        let mut waiting: Vec<String> = of(CheckState::Pending).map(told).collect();
        let is_there = |name: &&String| !checks.iter().any(|check| check.name == **name);
        waiting.extend(self.required.iter().filter(is_there).map(|name| format!("{name}: not there yet")));
        let passed: Vec<_> = of(CheckState::Passed).map(|check| check.name.as_str()).collect();
        if waiting.is_empty() && passed.is_empty() {
            waiting.push(format!("no check of {commit} went well yet"));
        }
        if !waiting.is_empty() {
            return Ok(Verdict::wait(waiting.join("; ")));
        }
        let details = json!({ "commit": commit, "passed": passed });
        let summary = format!("{} went well", crate::human::Many(passed.len(), "check"));
        Ok(Verdict::Pass(Evidence::new(summary).with_details(details)))
    }
}
