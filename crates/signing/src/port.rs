//! The ports by which keys plug in, wherever they are: a file, a KMS, an HSM, another process.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::PublicKey;

/// Any error of a signer or verifier. An error is never a verdict.
pub type SigningError = Box<dyn Error + Send + Sync>;

/// Checks signatures of one key.
#[async_trait]
pub trait Verifier: Debug + Send + Sync {
    /// The key, by which two verifiers are known to be one.
    fn public_key(&self) -> &PublicKey;

    /// True where `signature` is this key's over exactly these bytes.
    ///
    /// # Errors
    /// Whatever keeps it from deciding, which says nothing about the signature. A signature that is malformed is decided: it
    /// is false.
    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError>;
}

/// Signs with a key that it need not show.
///
/// It can check its own signatures: that is how signing twice adds nothing, and how a key service that signs with another
/// key than it says is noticed before anything is stored.
#[async_trait]
pub trait Signer: Verifier {
    /// The signature over exactly these bytes, in the encoding that X.509 uses for the key's algorithm: ASN.1 DER for
    /// ECDSA, PKCS#1 v1.5 for RSA, 64 bytes for Ed25519; over SHA-256 for P-256 and RSA, SHA-384 for P-384.
    ///
    /// # Errors
    /// Whatever keeps the key from being used.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}
