//! Trust: signatures and attestations of container images. The root of the crate, where every export has its one name.
#![cfg_attr(feature = "key", doc = include_str!("../README.md"))]

#[cfg(feature = "documents")]
pub mod documents;
#[cfg(feature = "image")]
mod error;
pub mod format;
#[cfg(feature = "image")]
mod found;
#[cfg(feature = "gate")]
pub mod gate;
#[cfg(feature = "key")]
pub mod key;
#[cfg(feature = "keyless")]
pub mod keyless;
#[cfg(feature = "image")]
pub mod policy;
mod port;
mod public_key;
#[cfg(feature = "image")]
pub mod sign;
#[cfg(feature = "image")]
pub mod tree;
#[cfg(feature = "bundle")]
pub mod trust;
#[cfg(feature = "image")]
pub mod verify;

#[cfg(feature = "image")]
pub use error::{Error, Result};
#[cfg(feature = "image")]
pub use found::{EmbeddedStatement, embedded_statements};
#[cfg(feature = "key")]
pub use key::{KeyPair, VerifyingKey};
#[cfg(feature = "image")]
pub use policy::Policy;
pub use port::{Signer, SigningError, Verifier};
pub use public_key::PublicKey;
