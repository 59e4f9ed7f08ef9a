//! Policies of other systems: their documents, and what becomes of images by them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod documents;
mod ecr;
mod forms;
mod gar;
mod harbor;
mod mutated;
mod properties;
mod random;
mod timeline;
mod vectors;
mod world;
mod zot;
