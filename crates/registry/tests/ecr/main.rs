//! Amazon ECR through its own API, against a stand-in that behaves as its documentation says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod amazon;
mod archive;
mod delete;
mod list;
#[path = "../mock/mod.rs"]
mod mock;
mod refuse;
#[path = "../stand_in/mod.rs"]
mod stand_in;
