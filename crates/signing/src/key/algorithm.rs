//! `Algorithm`: what kind of key it is, read from the documents that say so.

use std::fmt;

use sigstore::crypto::SigningScheme;

use super::KeyError;
use super::der::{self, BIT_STRING, FIRST, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// The kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 over SHA-256: what cosign makes, and what all its versions check.
    P256,
    /// ECDSA on P-384 over SHA-384.
    P384,
    /// ECDSA on P-521 over SHA-512.
    P521,
    /// Ed25519 over the message itself (RFC 8032, section 5.1).
    Ed25519,
    /// RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, section 8.2).
    Rsa {
        /// The size of the modulus, 2048 to 8192.
        bits: usize,
    },
}

/// id-ecPublicKey (RFC 5480, section 2.1.1).
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// rsaEncryption (RFC 3279, section 2.3.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-Ed25519 (RFC 8410, section 3).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

impl Algorithm {
    /// Of a SubjectPublicKeyInfo (RFC 5280, section 4.1).
    pub(super) fn of_public(spki: &[u8]) -> Result<Self, KeyError> {
        let parts = der::only(SEQUENCE, spki).and_then(|body| {
            let (identifier, rest) = der::value(SEQUENCE, body)?;
            der::only(BIT_STRING, rest).map(|key| (identifier, key))
        });
        let (identifier, key) = parts.ok_or_else(|| malformed("public key", "no SubjectPublicKeyInfo"))?;
        // The first byte says how many bits of the last are unused: none.
        let modulus = || der::value(INTEGER, der::only(SEQUENCE, key.strip_prefix(&[0])?)?).map(|(modulus, _)| modulus);
        Self::of("public key", identifier, modulus)
    }

    /// Of a PrivateKeyInfo (RFC 5208, section 5; RFC 5958, section 2).
    pub(super) fn of_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let parts = der::only(SEQUENCE, pkcs8).and_then(|body| {
            let (_version, rest) = der::value(INTEGER, body)?;
            let (identifier, rest) = der::value(SEQUENCE, rest)?;
            der::value(OCTET_STRING, rest).map(|(key, _)| (identifier, key))
        });
        let (identifier, key) = parts.ok_or_else(|| malformed("private key", "no PKCS#8"))?;
        Self::of("private key", identifier, || modulus_of_pkcs1(key))
    }

    /// Of an ECPrivateKey (RFC 5915, section 3).
    pub(super) fn of_sec1(sec1: &[u8]) -> Result<Self, KeyError> {
        let parameters = der::only(SEQUENCE, sec1).and_then(|body| {
            let (_version, rest) = der::value(INTEGER, body)?;
            let (_key, rest) = der::value(OCTET_STRING, rest)?;
            der::value(FIRST, rest).map(|(parameters, _)| parameters)
        });
        on_curve("private key", parameters.ok_or_else(|| malformed("private key", "no SEC1 key that names its curve"))?)
    }

    /// Of an RSAPrivateKey (RFC 8017, appendix A.1.2).
    pub(super) fn of_pkcs1(pkcs1: &[u8]) -> Result<Self, KeyError> {
        modulus_of_pkcs1(pkcs1).ok_or_else(|| malformed("private key", "no PKCS#1")).and_then(of_modulus)
    }

    /// By an AlgorithmIdentifier, and for RSA by the modulus.
    fn of<'a>(
        what: &'static str,
        identifier: &[u8],
        modulus: impl FnOnce() -> Option<&'a [u8]>,
    ) -> Result<Self, KeyError> {
        let (name, parameters) =
            der::value(OBJECT_IDENTIFIER, identifier).ok_or_else(|| malformed(what, "it names no algorithm"))?;
        match name {
            EC => on_curve(what, parameters),
            RSA => modulus().ok_or_else(|| malformed(what, "no RSA key")).and_then(of_modulus),
            ED25519 => Ok(Self::Ed25519),
            other => Err(KeyError::Unsupported { what: format!("a key of algorithm {}", dotted(other)) }),
        }
    }

    /// The same in the words of the library that signs; `None` where it does not sign with all such keys.
    pub(super) fn scheme(self) -> Option<SigningScheme> {
        match self {
            Self::P256 => Some(SigningScheme::ECDSA_P256_SHA256_ASN1),
            Self::P384 => Some(SigningScheme::ECDSA_P384_SHA384_ASN1),
            Self::P521 => Some(SigningScheme::ECDSA_P521_SHA512_ASN1),
            Self::Ed25519 => Some(SigningScheme::ED25519),
            Self::Rsa { .. } => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
            Self::P521 => f.write_str("ECDSA P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// By the name of a curve (RFC 5480, section 2.1.1.1). A curve that is written out is none that is known.
fn on_curve(what: &'static str, parameters: &[u8]) -> Result<Algorithm, KeyError> {
    let name = der::only(OBJECT_IDENTIFIER, parameters).ok_or_else(|| malformed(what, "it does not name its curve"))?;
    match name {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Ok(Algorithm::P256),
        [0x2b, 0x81, 0x04, 0x00, 0x22] => Ok(Algorithm::P384),
        [0x2b, 0x81, 0x04, 0x00, 0x23] => Ok(Algorithm::P521),
        [0x2b, 0x81, 0x04, 0x00, 0x0a] => Err(KeyError::Unsupported { what: "a key on secp256k1".to_owned() }),
        other => Err(KeyError::Unsupported { what: format!("a key on curve {}", dotted(other)) }),
    }
}

fn modulus_of_pkcs1(pkcs1: &[u8]) -> Option<&[u8]> {
    let (_version, rest) = der::value(INTEGER, der::only(SEQUENCE, pkcs1)?)?;
    der::value(INTEGER, rest).map(|(modulus, _)| modulus)
}

fn of_modulus(modulus: &[u8]) -> Result<Algorithm, KeyError> {
    match der::bits(modulus) {
        bits @ 2048..=8192 => Ok(Algorithm::Rsa { bits }),
        bits => Err(KeyError::Unsupported { what: format!("an RSA key of {bits} bits") }),
    }
}

fn malformed(what: &'static str, why: &str) -> KeyError {
    KeyError::Malformed { what, why: why.to_owned() }
}

/// An object identifier as it is written in documents: "1.2.840.10045.2.1".
fn dotted(identifier: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for byte in identifier.iter().take(32) {
        arc = arc.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(std::mem::take(&mut arc));
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}
