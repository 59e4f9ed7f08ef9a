//! `GraphBuilder`: a graph that is being written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EdgeSpec, EnvironmentSpec, Graph, GraphError, check};
use crate::Gate;
use crate::pipeline::step::Step;

/// A graph that is being written. [`build`](Self::build) judges it.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct GraphBuilder {
    environments: Vec<EnvironmentSpec>,
    edges: Vec<EdgeSpec>,
    gates: Vec<Arc<dyn Gate>>,
    steps: Vec<Arc<dyn Step>>,
    variables: BTreeMap<String, String>,
}

impl GraphBuilder {
    /// Adds an environment.
    pub fn environment(mut self, environment: EnvironmentSpec) -> Self {
        self.environments.push(environment);
        self
    }

    /// Adds an edge.
    pub fn edge(mut self, edge: EdgeSpec) -> Self {
        self.edges.push(edge);
        self
    }

    /// Adds a gate that edges name ([`EdgeSpec::gate_named`]).
    pub fn gate(mut self, gate: impl Gate + 'static) -> Self {
        self.gates.push(Arc::new(gate));
        self
    }

    /// Adds a step that edges name ([`EdgeSpec::before_named`], [`EdgeSpec::after_named`]).
    pub fn step(mut self, step: impl Step + 'static) -> Self {
        self.steps.push(Arc::new(step));
        self
    }

    /// Gives a variable of repository templates.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The graph.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where.
    pub fn build(self) -> Result<Graph, GraphError> {
        check::distinct("gates", self.gates.iter().map(|gate| gate.id()))?;
        check::distinct("steps", self.steps.iter().map(|step| step.id()))?;
        let environments = self.environments.into_iter().map(EnvironmentSpec::build).collect::<Result<Vec<_>, _>>()?;
        let edges = self.edges.into_iter().map(|edge| edge.build(&self.gates, &self.steps));
        let edges = edges.collect::<Result<Vec<_>, _>>()?;
        check::graph(Graph { environments, edges, variables: self.variables })
    }
}
