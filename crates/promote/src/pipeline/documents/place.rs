//! Where in a document something is wrong with its graph.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Document, DocumentError, DocumentProblem};
use crate::pipeline::graph::GraphBuilder;
use crate::pipeline::step::{Step, StepContext, StepError};
use crate::pipeline::{Graph, GraphError, Name};
use crate::{Evidence, Gate, GateContext, GateError, OnRollback, Verdict};

/// A piece of a document, and its line.
#[derive(Clone, Debug)]
pub(super) struct Marked<T> {
    pub(super) line: Option<usize>,
    pub(super) value: T,
}

/// Each environment and each edge is judged alone first, which tells the line of what is wrong; then all together.
pub(super) fn graph(
    document: &Document,
    gates: &[Arc<dyn Gate>],
    steps: &[Arc<dyn Step>],
) -> Result<Graph, DocumentError> {
    let refused =
        |line: Option<usize>, key: &str, error: GraphError| document.error(line, key, DocumentProblem::Graph(error));
    let mut environments: Vec<(Name, Option<usize>)> = Vec::new();
    for marked in &document.environments {
        let alone = builder(document, &[], &[]).environment(marked.value.clone()).build();
        let alone = alone.map_err(|error| refused(marked.line, "environments", error))?;
        environments.extend(alone.environments().map(|environment| (environment.name().clone(), marked.line)));
    }
    let twice = first_twice(&environments);
    let with_environments = |gates: &[Arc<dyn Gate>], steps: &[Arc<dyn Step>]| {
        let all = document.environments.iter().map(|marked| marked.value.clone());
        all.fold(builder(document, gates, steps), GraphBuilder::environment)
    };
    let all = with_environments(&[], &[]).build();
    all.map_err(|error| {
        let line = match &error {
            GraphError::OneTagTwoDigests { other, .. } | GraphError::PinAndFloat { pins: other, .. } => {
                line_of(&environments, other)
            }
            GraphError::Twice { .. } => twice,
            _ => None,
        };
        refused(line, "environments", error)
    })?;
    let mut edges: Vec<(Name, Option<usize>)> = Vec::new();
    for marked in &document.edges {
        let alone = with_environments(gates, steps).edge(marked.value.clone()).build();
        let alone = alone.map_err(|error| refused(marked.line, "edges", error))?;
        edges.extend(alone.edges().map(|edge| (edge.name().clone(), marked.line)));
    }
    for (name, file) in &document.credentials {
        let known = || environments.iter().map(|(name, _)| name.clone()).collect();
        let wrong = |error| refused(file.line, "credentials", error);
        let name: Name =
            name.parse().map_err(|problem| wrong(GraphError::Name { place: "credentials".to_owned(), problem }))?;
        if line_of(&environments, &name).is_none() && !environments.iter().any(|(known, _)| *known == name) {
            let place = "credentials".to_owned();
            return Err(wrong(GraphError::UnknownEnvironment { place, name, known: known() }));
        }
    }
    let whole = document.edges.iter().map(|marked| marked.value.clone());
    whole.fold(with_environments(gates, steps), GraphBuilder::edge).build().map_err(|error| {
        let line = match &error {
            GraphError::Cycle { edges: circle } => circle.iter().filter_map(|name| line_of(&edges, name)).max(),
            GraphError::Parallel { other, .. } => line_of(&edges, other),
            GraphError::Twice { .. } => first_twice(&edges),
            _ => None,
        };
        refused(line, "edges", error)
    })
}

fn builder(document: &Document, gates: &[Arc<dyn Gate>], steps: &[Arc<dyn Step>]) -> GraphBuilder {
    let empty = document.variables.iter().fold(Graph::builder(), |graph, (name, value)| graph.variable(name, value));
    let gated = gates.iter().fold(empty, |graph, gate| graph.gate(Shared(gate.clone())));
    steps.iter().fold(gated, |graph, step| graph.step(Shared(step.clone())))
}

fn line_of(among: &[(Name, Option<usize>)], name: &Name) -> Option<usize> {
    among.iter().find(|(other, _)| other == name).and_then(|(_, line)| *line)
}

fn first_twice(among: &[(Name, Option<usize>)]) -> Option<usize> {
    let mut rest = among.iter().enumerate();
    rest.find(|(n, (name, _))| among.iter().take(*n).any(|(other, _)| other == name)).and_then(|(_, (_, line))| *line)
}

/// A gate or a step that several graphs have.
#[derive(Debug)]
struct Shared<T: ?Sized>(Arc<T>);

#[async_trait]
impl Step for Shared<dyn Step> {
    fn id(&self) -> &str {
        self.0.id()
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        self.0.run(context).await
    }
}

#[async_trait]
impl Gate for Shared<dyn Gate> {
    fn id(&self) -> &str {
        self.0.id()
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        self.0.evaluate(context).await
    }

    fn policy(&self) -> serde_json::Value {
        self.0.policy()
    }

    fn on_rollback(&self) -> OnRollback {
        self.0.on_rollback()
    }
}
