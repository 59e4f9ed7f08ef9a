//! A ledger in a registry: nothing is lost, nothing is believed, and whatever is wrong is found.
#![cfg(feature = "ledger")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

#[path = "../pipeline/notary.rs"]
mod notary;

mod appends;
mod checkpoints;
mod damaged;
mod exports;
mod places;
mod readers;
mod size;
mod tampered;
mod world;
