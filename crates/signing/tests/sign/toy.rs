//! `Toy`: a signer without cryptography, whose signatures differ each time, as those of ECDSA do.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use lockage_registry::{Algorithm, digest_of};
use lockage_signing::{PublicKey, Signer, SigningError, Verifier};

/// Its secret is its public key: good enough for everything but security.
#[derive(Debug)]
pub(crate) struct Toy {
    key: PublicKey,
    made: AtomicU64,
}

impl Toy {
    pub(crate) fn new(number: u64) -> Self {
        // Processes must not make the same signatures.
        let made = AtomicU64::new(u64::from(std::process::id()) << 32);
        Self { key: PublicKey::from_der([&[0x30, 8], number.to_be_bytes().as_slice()].concat()).unwrap(), made }
    }
}

fn signature(key: &PublicKey, number: &[u8], message: &[u8]) -> Vec<u8> {
    let bytes = [key.as_der(), number, message].concat();
    let hash = digest_of(Algorithm::Sha256, &bytes).unwrap();
    [number, hash.hex().as_bytes()].concat()
}

#[async_trait]
impl Verifier for Toy {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    async fn verify(&self, message: &[u8], given: &[u8]) -> Result<bool, SigningError> {
        Ok(given.get(..8).is_some_and(|number| signature(&self.key, number, message) == given))
    }
}

#[async_trait]
impl Signer for Toy {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        Ok(signature(&self.key, &number, message))
    }
}
