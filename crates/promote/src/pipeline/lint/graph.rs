//! What a graph allows that few people mean.

use std::fmt;

use crate::pipeline::graph::Environment;
use crate::pipeline::step::Moment;
use crate::pipeline::{Edge, Graph, GraphError, Name};

/// Something that a graph allows, and that is seldom meant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "problem")]
#[non_exhaustive]
pub enum Concern {
    /// An edge into an environment behind which there is none, or that is called `prod` or `live`, without a gate that
    /// blocks.
    NoGate {
        /// The edge.
        edge: Name,
        /// Where it leads.
        environment: Name,
    },
    /// A gate that does not block.
    Advisory {
        /// The edge.
        edge: Name,
        /// The gate.
        gate: String,
        /// Why it need not.
        reason: String,
    },
    /// A tag that two environments move in one repository: each takes it from the other.
    SharedFloat {
        /// One environment.
        one: Name,
        /// The other.
        other: Name,
        /// The tag.
        tag: String,
    },
    /// An environment all of whose tags move: what was there yesterday has no name today.
    NoPin {
        /// The environment.
        environment: Name,
    },
    /// A gate that is described, and that no edge asks.
    UnusedGate {
        /// The gate.
        gate: String,
    },
    /// A step that is described, and that no edge has.
    UnusedStep {
        /// The step.
        step: String,
    },
}

/// Everything of the kind, edges first.
///
/// # Errors
/// Where the templates of the graph give no repositories.
pub fn concerns(graph: &Graph) -> Result<Vec<Concern>, GraphError> {
    let mut found = Vec::new();
    for edge in graph.edges() {
        if is_last(graph, edge.to()) && edge.gates().iter().all(|placed| placed.advisory.is_some()) {
            found.push(Concern::NoGate { edge: edge.name().clone(), environment: edge.to().clone() });
        }
        found.extend(edge.gates().iter().filter_map(|placed| {
            let (gate, reason) = (placed.gate.id().to_owned(), placed.advisory.clone()?);
            Some(Concern::Advisory { edge: edge.name().clone(), gate, reason })
        }));
    }
    let environments: Vec<&Environment> = graph.environments().collect();
    for (n, other) in environments.iter().enumerate() {
        for one in environments.iter().take(n) {
            found.extend(shared(graph, one, other)?);
        }
    }
    let without_pin = environments.iter().filter(|one| !one.floats().is_empty() && one.pins().is_empty());
    found.extend(without_pin.map(|one| Concern::NoPin { environment: one.name().clone() }));
    Ok(found)
}

/// The gates and steps of these names that no edge has.
pub fn unused<'n>(
    graph: &Graph,
    gates: impl IntoIterator<Item = &'n str>,
    steps: impl IntoIterator<Item = &'n str>,
) -> Vec<Concern> {
    let asks = |edge: &Edge, gate: &str| edge.gates().iter().any(|placed| placed.gate.id() == gate);
    let does = |edge: &Edge, step: &str| {
        [Moment::Before, Moment::After].iter().any(|at| edge.steps(*at).any(|one| one.id() == step))
    };
    let gates = gates.into_iter().filter(|gate| !graph.edges().any(|edge| asks(edge, gate)));
    let steps = steps.into_iter().filter(|step| !graph.edges().any(|edge| does(edge, step)));
    let gates = gates.map(|gate| Concern::UnusedGate { gate: gate.to_owned() });
    gates.chain(steps.map(|step| Concern::UnusedStep { step: step.to_owned() })).collect()
}

/// Where images end, or what people call the place where it counts.
fn is_last(graph: &Graph, environment: &Name) -> bool {
    let name = environment.as_str();
    graph.leading_out_of(environment).next().is_none() || name.starts_with("prod") || name.starts_with("live")
}

/// Templates that differ may make one repository, by their variables.
fn shared(graph: &Graph, one: &Environment, other: &Environment) -> Result<Option<Concern>, GraphError> {
    let image: Name = "app"
        .parse()
        .map_err(|problem| GraphError::Name { place: "a name to try templates by".to_owned(), problem })?;
    if graph.repository(&image, one.name())? != graph.repository(&image, other.name())? {
        return Ok(None);
    }
    let filled = |environment: &Environment| -> Vec<String> {
        environment.floats().iter().map(|tag| tag.text().replace("{env}", environment.name().as_str())).collect()
    };
    let of_one = filled(one);
    let tag = filled(other).into_iter().find(|tag| of_one.contains(tag));
    Ok(tag.map(|tag| Concern::SharedFloat { one: one.name().clone(), other: other.name().clone(), tag }))
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGate { edge, environment } => {
                write!(f, "edge {edge}: nothing has to hold to get into {environment}: no gate of it blocks")
            }
            Self::Advisory { edge, gate, reason } => write!(f, "edge {edge}: {gate} does not block: {reason}"),
            Self::SharedFloat { one, other, tag } => {
                write!(f, "environments {one} and {other} both move {tag:?} of one repository")
            }
            Self::NoPin { environment } => {
                write!(f, "environment {environment}: all its tags move, so that nothing there has a name that stays")
            }
            Self::UnusedGate { gate } => write!(f, "gates.{gate}: no edge asks it"),
            Self::UnusedStep { step } => write!(f, "steps.{step}: no edge has it"),
        }
    }
}
