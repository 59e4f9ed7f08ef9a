//! The executor: against a registry with every preset's quirks, faults at every call and somebody who pushes between any two;
//! and through the real ports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod again;
#[cfg(feature = "import-ecr")]
mod archive;
mod campaign;
mod case;
mod dry;
mod guards;
mod journal;
#[cfg(feature = "ledger")]
mod ledger;
mod ports;
mod rules;
mod runs;
mod shelf;
mod sim;
mod undo;
