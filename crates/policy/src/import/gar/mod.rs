//! Cleanup policies of Google's Artifact Registry.
//!
//! Deleted is what any delete policy matches and no keep policy does; the order means nothing. In a condition every field
//! has to match, and in a list of prefixes any of them. Without a delete policy nothing is deleted.
//!
//! The registry refuses to delete what is still named: a version that an index names, and a version that another one speaks
//! about. So those stay as long as what names them stays.

mod document;
mod duration;
mod evaluate;
mod rule;

pub use self::duration::Age;
pub use self::rule::{Action, CleanupPolicies, CleanupPolicy, Condition, Criteria, MostRecentVersions, TagState};
