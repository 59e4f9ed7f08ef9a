//! The client against a registry that fails, breaks off and asks to be left alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod cut;
mod delete;
mod download;
mod empty;
mod place;
mod rate;
mod retry;
mod upload;
