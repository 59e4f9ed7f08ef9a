//! What a registry keeps: snapshots, plans, documents, and the model that they are compared with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod case;
#[cfg(feature = "documents")]
mod documents;
mod faithful;
mod generate;
mod large;
mod last_tag;
#[cfg(feature = "documents")]
mod lines;
mod model;
mod oracle;
#[cfg(feature = "documents")]
mod others;
#[cfg(feature = "documents")]
mod policies;
mod properties;
mod snapshot;
mod speed;
