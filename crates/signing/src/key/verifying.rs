//! `VerifyingKey`: a public key that checks signatures.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};

use super::{Algorithm, KeyError, pem};
use crate::{PublicKey, SigningError, Verifier};

/// A public key that checks signatures. Whatever is wrong with a key is found when it is made of it, so that checking
/// cannot fail: it says yes or no.
///
/// ECDSA on P-384 and P-521 is checked over the hash that goes with the curve and over SHA-256, which cosign 2 takes for
/// every curve.
#[derive(Clone)]
pub struct VerifyingKey {
    public: PublicKey,
    algorithm: Algorithm,
    /// The key, once for each hash that it signs over.
    keys: Vec<ParsedPublicKey>,
}

impl VerifyingKey {
    /// The verifier of `public`.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for other kinds and sizes of key, [`KeyError::Malformed`] for one that is damaged, not on
    /// its curve, or written in another than its one encoding: a key that could be written in two ways would count as two
    /// signers.
    pub fn new(public: PublicKey) -> Result<Self, KeyError> {
        let algorithm = Algorithm::of_public(public.as_der())?;
        let hashes: &[&'static dyn VerificationAlgorithm] = match algorithm {
            Algorithm::P256 => &[&ECDSA_P256_SHA256_ASN1],
            Algorithm::P384 => &[&ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA256_ASN1],
            Algorithm::P521 => &[&ECDSA_P521_SHA512_ASN1, &ECDSA_P521_SHA256_ASN1],
            Algorithm::Ed25519 => &[&ED25519],
            Algorithm::Rsa { .. } => &[&RSA_PKCS1_2048_8192_SHA256],
        };
        let keys = hashes.iter().map(|hash| parse(*hash, &public)).collect::<Result<_, _>>()?;
        Ok(Self { public, algorithm, keys })
    }

    /// The verifier of a key in PEM: `-----BEGIN PUBLIC KEY-----`, at most 32 KiB.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`KeyError::Label`] for anything else in PEM, with a remedy for a certificate and for a
    /// private key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let (label, der) = pem::read("public key", pem.as_ref())?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::label(label, "PUBLIC KEY"));
        }
        let public = PublicKey::from_der(der.as_slice());
        Self::new(public.map_err(|_| malformed("it is not one DER sequence"))?)
    }

    /// What kind of key it is.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[async_trait]
impl Verifier for VerifyingKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Never fails.
    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        Ok(self.keys.iter().any(|key| key.verify_sig(message, signature).is_ok()))
    }
}

impl TryFrom<PublicKey> for VerifyingKey {
    type Error = KeyError;

    fn try_from(public: PublicKey) -> Result<Self, KeyError> {
        Self::new(public)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {:?})", self.algorithm, self.public)
    }
}

fn parse(hash: &'static dyn VerificationAlgorithm, public: &PublicKey) -> Result<ParsedPublicKey, KeyError> {
    let key = ParsedPublicKey::new(hash, public.as_der()).map_err(|why| malformed(&format!("it is refused: {why}")))?;
    let canonical: PublicKeyX509Der<'_> = key.as_der().map_err(|_| malformed("it cannot be written"))?;
    if canonical.as_ref() == public.as_der() { Ok(key) } else { Err(malformed("not the one encoding of this key")) }
}

fn malformed(why: &str) -> KeyError {
    KeyError::Malformed { what: "public key", why: why.to_owned() }
}
