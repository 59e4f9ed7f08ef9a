//! Environments, the edges between them, and how an image passes from one to the next.

mod name;
mod select;
mod template;

pub mod graph;

pub use graph::{Edge, EdgeSpec, Environment, EnvironmentSpec, Graph, GraphError, Upstream};
pub use name::{Name, NameProblem};
pub use select::{Select, SelectError};
pub use template::{RepositoryTemplate, TemplateError};
