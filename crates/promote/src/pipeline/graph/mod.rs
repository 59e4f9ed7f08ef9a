//! `Graph`: the environments, and the edges by which an image may pass between them.

mod builder;
mod check;
mod edge;
mod environment;
mod error;
mod trigger;

use std::collections::BTreeMap;
use std::fmt;

use lockage_registry::Repository;

use super::Name;

pub use builder::GraphBuilder;
pub use edge::{Edge, EdgeSpec, PlacedGate};
pub use environment::{Environment, EnvironmentSpec, TagPattern, Upstream};
pub use error::GraphError;
pub use trigger::{Occasion, Trigger};

/// Environments and edges that fit together: there is no cycle, no name twice, no template without its variable, and no
/// two environments that move one tag.
///
/// ```
/// use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph};
/// let graph = Graph::builder()
///     .environment(EnvironmentSpec::new("dev", "dev.example/{image}").pin("sha-{sha}").float("latest"))
///     .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
///     .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("{version}").float("prod"))
///     .edge(EdgeSpec::new("dev", "stage"))
///     .edge(EdgeSpec::new("stage", "prod"))
///     .edge(EdgeSpec::new("dev", "prod").hotfix("hotfix"))
///     .build()?;
/// assert_eq!(graph.leading_into(&"prod".parse()?).map(|edge| edge.name().as_str()).collect::<Vec<_>>(), ["stage-prod", "hotfix"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    /// Upstream before downstream.
    environments: Vec<Environment>,
    edges: Vec<Edge>,
    variables: BTreeMap<String, String>,
}

impl Graph {
    /// A graph to be written.
    pub fn builder() -> GraphBuilder {
        GraphBuilder::default()
    }

    /// The environments, upstream before downstream.
    pub fn environments(&self) -> impl ExactSizeIterator<Item = &Environment> {
        self.environments.iter()
    }

    /// The edges, in the order in which they were given.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = &Edge> {
        self.edges.iter()
    }

    /// The environment of this name.
    ///
    /// # Errors
    /// Where there is none; the error names those that there are.
    pub fn environment(&self, name: &Name) -> Result<&Environment, GraphError> {
        self.environments.iter().find(|environment| environment.name() == name).ok_or_else(|| {
            GraphError::UnknownEnvironment {
                name: name.clone(),
                known: self.environments.iter().map(|environment| environment.name().clone()).collect(),
                place: "what was asked for".to_owned(),
            }
        })
    }

    /// The edge of this name.
    ///
    /// # Errors
    /// Where there is none; the error names those that there are.
    pub fn edge(&self, name: &Name) -> Result<&Edge, GraphError> {
        self.edges.iter().find(|edge| edge.name() == name).ok_or_else(|| GraphError::UnknownEdge {
            name: name.clone(),
            known: self.edges.iter().map(|edge| edge.name().clone()).collect(),
        })
    }

    /// The edges that lead into `environment`.
    pub fn leading_into(&self, environment: &Name) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to() == environment)
    }

    /// The edges that lead out of `environment`.
    pub fn leading_out_of(&self, environment: &Name) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from() == environment)
    }

    /// Whether builds arrive here: no edge leads into it.
    #[must_use]
    pub fn is_source(&self, environment: &Name) -> bool {
        self.leading_into(environment).next().is_none()
    }

    /// Every environment that can be reached from `environment`, itself not among them.
    #[must_use]
    pub fn downstream(&self, environment: &Name) -> Vec<&Name> {
        // Environments are in order, so that one pass finds them all.
        let mut reached: Vec<&Name> = Vec::new();
        for one in &self.environments {
            let is_next = |edge: &Edge| edge.from() == environment || reached.contains(&edge.from());
            if self.leading_into(one.name()).any(is_next) {
                reached.push(one.name());
            }
        }
        reached
    }

    /// Where `image` is in `environment`.
    ///
    /// # Errors
    /// Where there is no such environment, and where its template gives no repository for this image.
    pub fn repository(&self, image: &Name, environment: &Name) -> Result<Repository, GraphError> {
        let environment = self.environment(environment)?;
        let rendered = environment.repository().render(image, environment.name(), &self.variables);
        rendered
            .map_err(|problem| GraphError::Template { place: format!("environment {}", environment.name()), problem })
    }
}

impl fmt::Display for Graph {
    /// A line an edge: `dev → stage (scan, signature)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, edge) in self.edges.iter().enumerate() {
            let lead = if n == 0 { "" } else { "\n" };
            write!(f, "{lead}{edge}")?;
        }
        Ok(())
    }
}
