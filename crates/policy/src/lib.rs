//! Decisions, made purely: the root of the crate, where every feature has its one module.
#![doc = include_str!("../README.md")]

#[cfg(feature = "apply")]
pub mod apply;
#[cfg(any(feature = "ledger", feature = "kubernetes"))]
pub mod facts;
#[cfg(feature = "gate")]
pub mod gate;
#[cfg(any(feature = "import-ecr", feature = "import-gar", feature = "import-harbor", feature = "import-zot"))]
pub mod import;
#[cfg(any(
    feature = "import-ecr",
    feature = "import-gar",
    feature = "import-harbor",
    feature = "import-zot",
    feature = "scan"
))]
mod json;
pub mod retain;
#[cfg(feature = "scan")]
pub mod scan;
#[cfg(feature = "window")]
pub mod window;
#[cfg(feature = "documents")]
mod yaml;

/// The crate of the instants that this crate's functions take and give.
pub use jiff;
