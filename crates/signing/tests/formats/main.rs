//! The documents of cosign, Sigstore, DSSE and in-toto: as real writers write them, and as strangers might.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod golden;
mod predicates;
mod properties;
mod verdicts;
