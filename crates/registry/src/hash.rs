//! Hashing: the running digest of bytes as they pass.

use lockage_tagging::{Algorithm, Digest};
use sha2::Digest as _;

use crate::{Error, ErrorKind, Result};

/// A digest in the making.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Begins a digest of this algorithm.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an algorithm that this crate cannot compute.
    pub fn new(algorithm: Algorithm) -> Result<Self> {
        match algorithm {
            Algorithm::Sha256 => Ok(Self(State::Sha256(sha2::Sha256::new()))),
            Algorithm::Sha512 => Ok(Self(State::Sha512(sha2::Sha512::new()))),
            other => Err(Error::new(ErrorKind::Unsupported, "hash with", other)),
        }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of all bytes so far.
    ///
    /// # Errors
    /// None that can happen: the length of a hash fits its algorithm.
    pub fn finish(self) -> Result<Digest> {
        let digest = match self.0 {
            State::Sha256(state) => Digest::from_bytes(Algorithm::Sha256, &state.finalize()),
            State::Sha512(state) => Digest::from_bytes(Algorithm::Sha512, &state.finalize()),
        };
        digest.map_err(|e| Error::new(ErrorKind::Invalid, "hash", "bytes").with_source(e))
    }
}

/// The digest of `bytes`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for an algorithm that this crate cannot compute.
pub fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Result<Digest> {
    let mut hasher = Hasher::new(algorithm)?;
    hasher.update(bytes);
    hasher.finish()
}
