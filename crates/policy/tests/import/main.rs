//! Policies of other systems: their documents, and what becomes of images by them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod documents;
mod ecr;
mod gar;
mod harbor;
mod mutated;
mod properties;
mod random;
mod vectors;
mod world;
mod zot;
