//! Whether a ledger is what it has to be: what is found, and what is asked of all entries together.

mod finding;
mod report;
mod structure;

pub use finding::Finding;
pub use report::{LedgerReport, Signatures, Unread};
pub(super) use structure::Structure;
