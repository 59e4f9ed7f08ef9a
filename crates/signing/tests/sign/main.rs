//! Signing: the bytes that are written, twice is once, many writers, and every request that can fail.
#![cfg(feature = "image")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod again;
mod attest;
mod cosign;
mod faults;
mod index;
mod many;
mod refused;
mod shelf;
mod toy;
mod writers;

pub(crate) use toy::Toy;

use std::time::{Duration, SystemTime};

/// The time at which everything is signed.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}
