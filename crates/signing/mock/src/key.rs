//! `Key`: the keys of the authorities, and those that tests sign with.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    UnparsedPublicKey,
};

use crate::der;

/// What precedes the point of a P-256 key in its `SubjectPublicKeyInfo`.
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The same of an Ed25519 key.
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A pair of keys that lives as long as this value.
#[derive(Debug)]
pub struct Key(Kind);

#[derive(Debug)]
enum Kind {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// A new P-256 key, which signs with SHA-256 in ASN.1.
    #[must_use]
    pub fn p256() -> Self {
        Self(Kind::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a new key")))
    }

    /// A new Ed25519 key.
    #[must_use]
    pub fn ed25519() -> Self {
        Self(Kind::Ed25519(Ed25519KeyPair::generate().expect("a new key")))
    }

    /// The signature over these bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Kind::P256(key) => key.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec(),
            Kind::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// The public key by itself: a point, or 32 bytes.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        match &self.0 {
            Kind::P256(key) => key.public_key().as_ref().to_vec(),
            Kind::Ed25519(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// The public key as `SubjectPublicKeyInfo`, in DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        match &self.0 {
            Kind::P256(_) => [P256_HEAD.as_slice(), &self.raw()].concat(),
            Kind::Ed25519(_) => [ED25519_HEAD.as_slice(), &self.raw()].concat(),
        }
    }

    /// The public key in PEM.
    #[must_use]
    pub fn public_pem(&self) -> String {
        der::pem("PUBLIC KEY", &self.spki())
    }

    /// The SHA-256 of [`spki`](Self::spki): how a log is called by its key.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        sha256(&self.spki())
    }
}

/// The SHA-256 of these bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("32 bytes")
}

/// Whether a P-256 key made this signature.
pub(crate) fn verifies(spki: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let point = spki.strip_prefix(P256_HEAD.as_slice());
    point.is_some_and(|point| UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok())
}
