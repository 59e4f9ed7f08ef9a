//! What a registry keeps: snapshots, plans, documents, and the model that they are compared with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod snapshot;
