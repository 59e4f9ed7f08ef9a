//! `StandIns`: gates that say what they are told, and steps that do nothing, in place of those of a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::pipeline::documents::{GateFactory, Parameters, StepFactory, TableProblem};
use crate::pipeline::step::{Step, StepContext, StepError};
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Makes a gate of every kind, that passes unless it is told to say something else: images that are made up have no
/// scan reports and no signatures. As a factory of steps it makes some that do nothing, and say so; a step that is told to
/// fail fails.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StandIns(BTreeMap<String, Verdict>);

impl StandIns {
    /// Gates that pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another word of the gate `name`.
    pub fn saying(mut self, name: impl Into<String>, verdict: Verdict) -> Self {
        self.0.insert(name.into(), verdict);
        self
    }
}

impl GateFactory for StandIns {
    fn make(&self, name: &str, kind: &str, _: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        let verdict = self.0.get(name).cloned();
        let verdict = verdict.unwrap_or_else(|| Verdict::Pass(Evidence::new(format!("a stand-in for {kind}"))));
        Ok(Arc::new(StandIn { name: name.to_owned(), verdict }))
    }
}

impl StepFactory for StandIns {
    fn make(&self, name: &str, kind: &str, _: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
        let verdict = self.0.get(name).cloned();
        let verdict = verdict.unwrap_or_else(|| Verdict::Pass(Evidence::new(format!("a stand-in for {kind}"))));
        Ok(Arc::new(StandIn { name: name.to_owned(), verdict }))
    }
}

#[derive(Debug)]
struct StandIn {
    name: String,
    verdict: Verdict,
}

#[async_trait]
impl Gate for StandIn {
    fn id(&self) -> &str {
        &self.name
    }

    async fn evaluate(&self, _: &GateContext<'_>) -> Result<Verdict, GateError> {
        Ok(self.verdict.clone())
    }
}

#[async_trait]
impl Step for StandIn {
    fn id(&self) -> &str {
        &self.name
    }

    async fn run(&self, _: &StepContext<'_>) -> Result<Evidence, StepError> {
        match &self.verdict {
            Verdict::Pass(evidence) => Ok(evidence.clone()),
            Verdict::Fail { reasons } => Err(reasons.join("; ").into()),
            Verdict::Wait { reason, .. } => Err(reason.clone().into()),
        }
    }
}
