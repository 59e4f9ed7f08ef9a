//! A Sigstore of its own on loopback, for tests: Fulcio, Rekor v1 and v2, a timestamp authority, an identity provider.
//!
//! [`Mock`] serves it over HTTP to us and to cosign. [`Sigstore`] is the same without HTTP: each authority issues what a test asks
//! for, so that a test can make one field of a good signature wrong and leave the others right.
//!
//! Nobody else trusts it: all keys are made at the start and end with the process.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test's own authority has nothing to recover to; requests from outside are answered, never indexed"
)]

mod answer;
pub mod certificate;
mod der;
mod fault;
mod key;
mod log;
mod merkle;
mod seal;
mod server;
mod sigstore;
mod text;
pub mod timestamp;
pub mod token;

pub use fault::{Fault, Service};
pub use key::{Key, sha256};
pub use log::{Entry, Log};
pub use seal::{Sealed, pre_authentication};
pub use server::Mock;
pub use sigstore::{Services, Signed, Sigstore};
pub use timestamp::TimestampAuthority;
