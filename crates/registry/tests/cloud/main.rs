//! Short-lived credentials of clouds for identity tokens, against stand-ins that answer as the services' documentation says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod aws;
mod azure;
mod environment;
mod google;
mod identity;
#[path = "../mock/mod.rs"]
mod mock;
mod platform;
#[path = "../stand_in/mod.rs"]
mod stand_in;
