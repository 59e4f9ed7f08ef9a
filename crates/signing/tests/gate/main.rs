//! Gates of a promotion, and what a promotion does to signatures. No cryptography: the key is a toy.
#![cfg(feature = "gate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod attestations;
mod faults;
mod promoted;
mod signatures;
mod toy;
mod world;
