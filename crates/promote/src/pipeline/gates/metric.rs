//! `MetricGate`: what a probe says.

use async_trait::async_trait;

use crate::pipeline::step::{Probe, ProbeContext};
use crate::{Gate, GateContext, GateError, Verdict};

/// Passes, fails or waits as a probe does.
#[derive(Clone, Debug)]
#[must_use]
pub struct MetricGate<P> {
    id: String,
    probe: P,
}

impl<P: Probe> MetricGate<P> {
    /// Asks `probe`.
    pub fn new(id: impl Into<String>, probe: P) -> Self {
        Self { id: id.into(), probe }
    }
}

#[async_trait]
impl<P: Probe> Gate for MetricGate<P> {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        self.probe.look(&ProbeContext::new(context.now, context.passage.map(|promoted| promoted.passage))).await
    }
}
