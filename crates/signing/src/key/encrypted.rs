//! The document in which cosign keeps a private key: PKCS#8 in NaCl's secretbox, under a key that scrypt makes of a
//! password.

use serde::{Deserialize, Serialize};
use sigstore::crypto::signing_key::kdf;
use sigstore::errors::SigstoreError;
use zeroize::Zeroizing;

use super::{KeyError, Password};
use crate::format;

/// What goes wrong goes wrong here.
const WHAT: &str = "encrypted private key";

/// The most ciphertext, in bytes; a key of 8192 bits has 4.7 KiB.
const MAX_CIPHERTEXT: usize = 16 * 1024;

/// The tag that the ciphertext begins with, in bytes.
const TAG: usize = 16;

#[derive(Deserialize, Serialize)]
struct Document {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize, Serialize)]
struct Kdf {
    name: String,
    params: Scrypt,
    salt: String,
}

#[derive(Deserialize, Serialize)]
struct Scrypt {
    #[serde(rename = "N")]
    n: u64,
    r: u64,
    p: u64,
}

#[derive(Deserialize, Serialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// A document that has been checked: the library can be given it without harm.
pub(super) struct Sealed(Vec<u8>);

impl Sealed {
    /// Checks everything that can be checked without the password, and computes nothing.
    pub(super) fn read(json: &[u8]) -> Result<Self, KeyError> {
        let document: Document = serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        document.check()?;
        // Written anew, so that the library reads what was checked and nothing beside it.
        serde_json::to_vec(&document).map(Self).map_err(|error| malformed(error.to_string()))
    }

    /// The PKCS#8 in it. Up to half a second of one core, and up to 64 MiB.
    pub(super) fn open(&self, password: &Password) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        // The library's only error for a box that does not open is the one about closing it.
        kdf::decrypt(&self.0, password.as_bytes()).map(Zeroizing::new).map_err(|error| match error {
            SigstoreError::PrivateKeyEncryptError(_) => KeyError::WrongPassword,
            _ => KeyError::Failed { what: "decrypt the private key" },
        })
    }
}

/// `pkcs8` under `password`, as [`Sealed::read`] reads it. As expensive as opening it.
pub(super) fn seal(pkcs8: &[u8], password: &Password) -> Result<Vec<u8>, KeyError> {
    kdf::encrypt(pkcs8, password.as_bytes()).map_err(|_| KeyError::Failed { what: "encrypt the private key" })
}

impl Document {
    fn check(&self) -> Result<(), KeyError> {
        named("kdf.name", &self.kdf.name, kdf::NAME_SCRYPT)?;
        let Scrypt { n, r, p } = self.kdf.params;
        let low_or_high = [u64::from(kdf::SCRYPT_N_LOW), u64::from(kdf::SCRYPT_N_HIGH)].contains(&n);
        require(low_or_high, "kdf.params.N", n, "32768 or 65536")?;
        require(r == u64::from(kdf::SCRYPT_R), "kdf.params.r", r, "8")?;
        require(p == u64::from(kdf::SCRYPT_P), "kdf.params.p", p, "1")?;
        sized("kdf.salt", &self.kdf.salt, "32 bytes", |length| length == 32)?;
        named("cipher.name", &self.cipher.name, kdf::NAME_SECRET_BOX)?;
        sized("cipher.nonce", &self.cipher.nonce, "24 bytes", |length| length == 24)?;
        sized("ciphertext", &self.ciphertext, "17 to 16384 bytes", |length| {
            (TAG + 1..=MAX_CIPHERTEXT).contains(&length)
        })
    }
}

fn named(parameter: &'static str, found: &str, allowed: &'static str) -> Result<(), KeyError> {
    let shown: String = found.chars().take(40).collect();
    require(found == allowed, parameter, format_args!("{shown:?}"), allowed)
}

fn sized(
    parameter: &'static str,
    base64: &str,
    allowed: &'static str,
    fits: impl FnOnce(usize) -> bool,
) -> Result<(), KeyError> {
    let bytes = format::decode(parameter, base64).map_err(|error| malformed(error.to_string()))?;
    require(fits(bytes.len()), parameter, format_args!("{} bytes", bytes.len()), allowed)
}

fn require(
    holds: bool,
    parameter: &'static str,
    found: impl std::fmt::Display,
    allowed: &'static str,
) -> Result<(), KeyError> {
    if holds { Ok(()) } else { Err(KeyError::Parameter { parameter, found: found.to_string(), allowed }) }
}

/// What a stranger wrote stays short and on one line.
fn malformed(why: String) -> KeyError {
    let why = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    KeyError::Malformed { what: WHAT, why }
}
