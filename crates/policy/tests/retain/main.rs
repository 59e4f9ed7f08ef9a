//! What a registry keeps: snapshots, plans, documents, and the model that they are compared with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod case;
mod generate;
mod model;
mod oracle;
mod properties;
mod snapshot;
