//! Exports: a ledger as lines of JSON, each an entry, its digest and its seal, to be verified anywhere with no more than a
//! public key.

mod line;
mod read;

pub(super) use line::Line;
pub use read::{ExportedLedger, verify_export};
