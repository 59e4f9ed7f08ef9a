//! Facts of ledgers and clusters, and what the planner makes of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod cluster;
mod ledger;
mod own_four;
mod promoted;
mod world;
