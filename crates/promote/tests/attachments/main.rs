//! What is attached to an image goes with it: found on all ways, compared, merged, brought before the tag, and told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "../stock/mod.rs"]
mod stock;
#[path = "../world/mod.rs"]
mod world;

mod carried;
mod faults;
mod http;
mod listings;
mod pieces;
