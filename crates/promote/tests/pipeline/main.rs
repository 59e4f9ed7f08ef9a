//! Promotions through environments.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod approvals;
mod chronicle;
mod graph;
mod looks;
mod notary;
mod overrides;
mod passages;
mod selection;
mod steps;
mod world;
