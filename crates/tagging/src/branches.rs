//! Conventions for the names of branches: which role a branch has, and the version, the commit and the channel it names.

mod error;
mod pattern;
mod reading;
mod rule;
mod subject;
mod table;

pub use error::{BranchError, PatternError};
pub use pattern::BranchPattern;
pub use reading::BranchReading;
pub use rule::{BranchRole, BranchRule};
pub use subject::BranchSubject;
pub use table::BranchTable;
