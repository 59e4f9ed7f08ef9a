//! GitLab's registry through GitLab's API, against a stand-in that behaves as its documentation says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod delete;
mod gitlab;
mod list;
#[path = "../mock/mod.rs"]
mod mock;
mod refuse;
#[path = "../stand_in/mod.rs"]
mod stand_in;
