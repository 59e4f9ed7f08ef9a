//! What certificates, logs and timestamps have to be, one field made wrong at a time; by a Sigstore of our own, no network.
#![cfg(all(feature = "bundle", feature = "key"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod authorities;
mod bundles;
mod good;
mod identities;
mod keys;
mod legacy;
mod made;
mod spoilt;
mod times;
