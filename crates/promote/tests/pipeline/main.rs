//! Promotions through environments.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod approvals;
mod canaries;
mod chronicle;
mod claims;
mod clock;
#[cfg(feature = "kubernetes")]
mod cluster;
mod fleets;
#[cfg(feature = "http")]
mod forges;
mod graph;
mod leases;
mod looks;
mod meanwhile;
mod memories;
mod names;
mod notary;
mod order;
mod overrides;
mod passages;
mod proofs;
mod reviews;
mod rollbacks;
mod rows;
mod selection;
mod sequences;
#[cfg(feature = "http")]
mod service;
mod sets;
#[cfg(feature = "http")]
mod stand_in;
mod steps;
mod told;
mod triggers;
mod words;
mod world;
