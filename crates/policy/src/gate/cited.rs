//! `Cited`: a document that a decision stands on, by its hash, so that it can be found again.

use lockage_registry::{Algorithm, Digest, digest_of};
use serde::{Deserialize, Serialize};

/// A document that a decision stands on: exceptions, VEX, a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cited {
    /// What it is called.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

impl Cited {
    /// A document with these bytes.
    ///
    /// # Errors
    /// None that can happen: SHA-256 is always there.
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> lockage_registry::Result<Self> {
        Ok(Self { name: name.into(), digest: digest_of(Algorithm::Sha256, bytes)? })
    }
}
