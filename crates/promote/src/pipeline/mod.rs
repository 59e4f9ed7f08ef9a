//! Environments, the edges between them, and how an image passes from one to the next.

mod name;
mod passage;
mod pinned;
mod promoter;
mod resolve;
mod select;
mod template;

pub mod approval;
#[cfg(feature = "documents")]
pub mod documents;
pub mod events;
pub mod evidence;
pub mod fleet;
pub mod gates;
pub mod graph;
#[cfg(feature = "http")]
pub mod http;
pub mod lease;
pub mod lint;
pub mod memory;
pub mod output;
pub mod set;
pub mod simulate;
pub mod step;
pub mod vcs;

pub use graph::{Edge, EdgeSpec, Environment, EnvironmentSpec, Graph, GraphError, Occasion, Trigger, Upstream};
pub use name::{Name, NameProblem};
pub use passage::{Passage, PlannedTag};
pub use pinned::{Pinned, PinnedPlatform};
pub use promoter::{
    Canary, LeftTag, MovedTag, OrderProblem, Ordered, Override, OverrideProblem, PassageReceipt, PromoteError,
    Promoter, RollbackPlan, RollbackReceipt, RollbackTo, Trouble, WrittenTag,
};
pub use resolve::{Conventions, Place, Rebuilds, ResolveError, resolve};
pub use select::{Select, SelectError};
pub use template::{RepositoryTemplate, TemplateError};
