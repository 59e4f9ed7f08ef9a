//! Documents that name signers and ask for signatures, and promotions along edges that they gate.
#![cfg(feature = "documents")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod approved;
mod attested;
mod refused;
mod schema;
mod world;
