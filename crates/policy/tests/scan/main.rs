//! Scan reports: what each format says, what none of them shows, and what is decided.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod acceptance;
mod coverage;
mod csaf;
mod documents;
mod grype;
mod osv;
mod properties;
mod sarif;
mod suppression;
mod traps;
mod trivy;
mod world;
