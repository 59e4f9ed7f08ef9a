//! Promotions through environments.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod approvals;
mod chronicle;
mod clock;
#[cfg(feature = "kubernetes")]
mod cluster;
mod fleets;
#[cfg(feature = "http")]
mod forges;
mod graph;
mod leases;
mod looks;
mod memories;
mod notary;
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
mod world;
