//! What makes environments and edges a graph.

use std::collections::BTreeSet;

use super::{Edge, Environment, Graph, GraphError};
use crate::pipeline::{Name, TemplateError};

/// The graph with its environments in order, upstream first, and as they were given where that is open.
pub(super) fn graph(mut graph: Graph) -> Result<Graph, GraphError> {
    distinct("environments", graph.environments.iter().map(|environment| environment.name().as_str()))?;
    distinct("edges", graph.edges.iter().map(|edge| edge.name().as_str()))?;
    for edge in &graph.edges {
        for name in [edge.from(), edge.to()] {
            if !graph.environments.iter().any(|environment| environment.name() == name) {
                return Err(GraphError::UnknownEnvironment {
                    place: format!("edge {}", edge.name()),
                    name: name.clone(),
                    known: graph.environments.iter().map(|environment| environment.name().clone()).collect(),
                });
            }
        }
    }
    parallel(&graph.edges)?;
    variables(&graph)?;
    floats(&graph)?;
    graph.environments = sorted(std::mem::take(&mut graph.environments), &graph.edges)?;
    Ok(graph)
}

pub(super) fn distinct<'n>(what: &'static str, names: impl Iterator<Item = &'n str>) -> Result<(), GraphError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(GraphError::Twice { what, name: name.to_owned() });
        }
    }
    Ok(())
}

fn parallel(edges: &[Edge]) -> Result<(), GraphError> {
    let usual: Vec<_> = edges.iter().filter(|edge| !edge.is_hotfix()).collect();
    for (n, edge) in usual.iter().enumerate() {
        let same = |other: &&&Edge| (other.from(), other.to()) == (edge.from(), edge.to());
        if let Some(one) = usual.iter().take(n).find(same) {
            return Err(GraphError::Parallel { one: one.name().clone(), other: edge.name().clone() });
        }
    }
    Ok(())
}

fn variables(graph: &Graph) -> Result<(), GraphError> {
    for environment in &graph.environments {
        let mut unknown = environment.repository().variables().filter(|name| !graph.variables.contains_key(*name));
        if let Some(variable) = unknown.next() {
            let template = environment.repository().to_string();
            return Err(GraphError::Template {
                place: format!("environment {}", environment.name()),
                problem: TemplateError::Variable { template, variable: variable.to_owned() },
            });
        }
        tried(graph, environment)?;
    }
    Ok(())
}

/// A template that no image could make good is told with its place. Where the image makes the host, nothing is known yet.
fn tried(graph: &Graph, environment: &Environment) -> Result<(), GraphError> {
    let place = || format!("environment {}", environment.name());
    let text = environment.repository().to_string();
    if text.split('/').next().is_some_and(|host| host.contains("{image}")) {
        return Ok(());
    }
    let image = "app".parse().map_err(|problem| GraphError::Name { place: place(), problem })?;
    graph.repository(&image, environment.name()).map(drop)
}

/// A floating tag belongs to one environment, and nobody pins it. Two repositories are one where their templates are, with
/// `{env}` and the variables filled in.
fn floats(graph: &Graph) -> Result<(), GraphError> {
    let filled = |text: &str, environment: &Environment| {
        let text = text.replace("{env}", environment.name().as_str());
        graph.variables.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    };
    let mut seen: Vec<(String, String, &Environment)> = Vec::new();
    for environment in &graph.environments {
        let repository = filled(&environment.repository().to_string(), environment);
        for float in environment.floats() {
            let tag = filled(float.text(), environment);
            if let Some((.., one)) = seen.iter().find(|(r, t, _)| (r, t) == (&repository, &tag)) {
                return Err(GraphError::OneTagTwoDigests {
                    one: one.name().clone(),
                    other: environment.name().clone(),
                    tag,
                    repository,
                });
            }
            seen.push((repository.clone(), tag, environment));
        }
    }
    for environment in &graph.environments {
        let repository = filled(&environment.repository().to_string(), environment);
        for pin in environment.pins() {
            let tag = filled(pin.text(), environment);
            if let Some((.., moves)) = seen.iter().find(|(r, t, _)| (r, t) == (&repository, &tag)) {
                return Err(GraphError::PinAndFloat {
                    pins: environment.name().clone(),
                    moves: moves.name().clone(),
                    tag,
                    repository,
                });
            }
        }
    }
    Ok(())
}

fn sorted(mut waiting: Vec<Environment>, edges: &[Edge]) -> Result<Vec<Environment>, GraphError> {
    let mut sorted: Vec<Environment> = Vec::new();
    while !waiting.is_empty() {
        let is_free = |environment: &Environment| {
            let mut into = edges.iter().filter(|edge| edge.to() == environment.name());
            into.all(|edge| sorted.iter().any(|before| before.name() == edge.from()))
        };
        match waiting.iter().position(is_free) {
            Some(next) => sorted.push(waiting.remove(next)),
            None => return Err(GraphError::Cycle { edges: circle(&waiting, edges) }),
        }
    }
    Ok(sorted)
}

/// The edges of one circle. Every one of `waiting` has an edge from another of them.
fn circle(waiting: &[Environment], edges: &[Edge]) -> Vec<Name> {
    let is_waiting = |name: &Name| waiting.iter().any(|environment| environment.name() == name);
    let mut walked: Vec<&Edge> = Vec::new();
    let mut here = waiting.first().map(Environment::name);
    while let Some(name) = here {
        if let Some(at) = walked.iter().position(|edge| edge.to() == name) {
            let mut circle: Vec<_> = walked.iter().skip(at + 1).map(|edge| edge.name().clone()).collect();
            circle.extend(
                edges.iter().find(|edge| edge.to() == name && is_waiting(edge.from())).map(|e| e.name().clone()),
            );
            circle.sort();
            circle.dedup();
            return circle;
        }
        let Some(back) = edges.iter().find(|edge| edge.to() == name && is_waiting(edge.from())) else { break };
        walked.push(back);
        here = Some(back.from());
    }
    walked.iter().map(|edge| edge.name().clone()).collect()
}
