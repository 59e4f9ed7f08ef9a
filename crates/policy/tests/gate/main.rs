//! The gates of this crate, on images in memory registries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod attested;
mod baseline;
mod checks;
mod files;
mod properties;
mod rows;
mod scan;
mod scanners;
mod window;
mod world;
