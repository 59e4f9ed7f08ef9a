#![doc = include_str!("../README.md")]

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

/// Any error of a signer or verifier. An error is never a verdict.
pub type SigningError = Box<dyn Error + Send + Sync>;

/// Signs with a key that it need not show: a file, a KMS, an HSM, a process.
#[async_trait]
pub trait Signer: Debug + Send + Sync {
    /// The signature over exactly these bytes.
    ///
    /// # Errors
    /// Whatever keeps the key from being used.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}

/// Checks signatures of one key.
#[async_trait]
pub trait Verifier: Debug + Send + Sync {
    /// True where `signature` is this key's over exactly these bytes.
    ///
    /// # Errors
    /// Whatever keeps it from deciding, which says nothing about the signature.
    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError>;
}
