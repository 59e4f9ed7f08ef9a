//! A signer that is no cryptography: whoever knows its byte can sign, and the tests are honest.

use std::time::SystemTime;

use async_trait::async_trait;
use lockage_registry::{Algorithm, digest_of};
use lockage_signing::{Policy, PublicKey, SigningError, Verifier};

#[derive(Clone, Debug)]
pub(crate) struct Toy {
    secret: u8,
    public: PublicKey,
}

impl Toy {
    pub(crate) fn new(secret: u8) -> Self {
        Self { secret, public: PublicKey::from_der(vec![0x30, 0x01, secret]).unwrap() }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let keyed = [&[self.secret], message].concat();
        digest_of(Algorithm::Sha512, &keyed).unwrap().hex().as_bytes().to_vec()
    }

    /// One signature of this key.
    pub(crate) fn policy(&self) -> Policy {
        Policy::of_key(self.clone()).unwrap()
    }
}

#[async_trait]
impl Verifier for Toy {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        Ok(self.sign(message) == signature)
    }
}

/// A key service that is down.
#[derive(Debug)]
pub(crate) struct Down(pub(crate) Toy);

#[async_trait]
impl Verifier for Down {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    async fn verify(&self, _: &[u8], _: &[u8]) -> Result<bool, SigningError> {
        Err("the key service is down".into())
    }
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000)
}
