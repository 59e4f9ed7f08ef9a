//! Verifying images and attestations: what counts, what never does, and what is not known.
#![cfg(feature = "image")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod attestations;
mod buildkit;
mod danger;
mod documents;
mod faults;
mod hostile;
#[cfg(feature = "key")]
mod keys;
mod mixes;
mod places;
mod policies;
mod recursive;
mod reports;
mod toy;
mod trees;
mod world;
