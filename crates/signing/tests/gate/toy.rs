//! `Toy`: a key without cryptography, whose secret is what is public of it.

use async_trait::async_trait;
use lockage_registry::{Algorithm, digest_of};
use lockage_signing::{PublicKey, Signer, SigningError, Verifier};

#[derive(Clone, Debug)]
pub(crate) struct Toy(PublicKey);

impl Toy {
    pub(crate) fn new(number: u8) -> Self {
        Self(PublicKey::from_der([0x30, 1, number]).unwrap())
    }

    fn seal(&self, message: &[u8]) -> Vec<u8> {
        let bytes = [self.0.as_der(), message].concat();
        digest_of(Algorithm::Sha256, &bytes).unwrap().hex().as_bytes().to_vec()
    }
}

#[async_trait]
impl Verifier for Toy {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        Ok(self.seal(message) == signature)
    }
}

#[async_trait]
impl Signer for Toy {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        Ok(self.seal(message))
    }
}
