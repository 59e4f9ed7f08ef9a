//! Signatures and attestations both ways: what `lockage` has signed verifies with cosign 2, cosign 3 and skopeo, and what
//! they have signed verifies with `lockage`; with keys and without, on a registry with the referrers API and on one without.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "../real/mod.rs"]
mod real;

mod air_gap;
mod attestations;
mod bench;
mod beside;
mod failing;
mod keyless;
mod keys;
mod skopeo;
