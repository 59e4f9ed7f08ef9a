//! `Seal`: by what is signed, and whether something was signed by it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::{Algorithm, Hasher};

use crate::format::{Bundle, Envelope, encode, names, pae};
#[cfg(feature = "keyless")]
use crate::keyless::Keyless;
use crate::verify::Evidence;
use crate::{Error, Result, Signer};

/// By what is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seal<'a> {
    /// A key.
    Key(&'a dyn Signer),
    /// An identity.
    #[cfg(feature = "keyless")]
    Keyless(&'a Keyless),
}

impl Seal<'_> {
    /// Signs a payload of the old layout: the annotations that its layer gets.
    #[cfg_attr(not(feature = "keyless"), allow(unused_variables, reason = "a key has no end"))]
    pub(super) async fn payload(self, payload: &[u8], now: SystemTime) -> Result<BTreeMap<String, String>> {
        match self {
            Self::Key(signer) => {
                Ok(BTreeMap::from([(names::SIGNATURE.to_owned(), encode(sign(signer, payload).await?))]))
            }
            #[cfg(feature = "keyless")]
            Self::Keyless(keyless) => Ok(keyless.payload(payload, now).await?),
        }
    }

    /// Signs a statement for the old layout: the envelope, and the annotations that its layer gets beside the type.
    #[cfg_attr(not(feature = "keyless"), allow(unused_variables, reason = "a key has no end"))]
    pub(crate) async fn envelope(
        self,
        statement: Vec<u8>,
        now: SystemTime,
    ) -> Result<(Envelope, BTreeMap<String, String>)> {
        match self {
            Self::Key(signer) => {
                // The signature is in the envelope.
                let annotations = BTreeMap::from([(names::SIGNATURE.to_owned(), String::new())]);
                Ok((enclose(signer, statement).await?, annotations))
            }
            #[cfg(feature = "keyless")]
            Self::Keyless(keyless) => Ok(keyless.envelope(&statement, now).await?),
        }
    }

    /// Signs a statement for the new layout.
    #[cfg_attr(not(feature = "keyless"), allow(unused_variables, reason = "a key has no end"))]
    pub(crate) async fn bundle(self, statement: Vec<u8>, now: SystemTime) -> Result<Bundle> {
        match self {
            Self::Key(signer) => {
                let hint = Bundle::hint(&sha256(signer.public_key().as_der())?);
                Ok(Bundle::of_key(enclose(signer, statement).await?, hint))
            }
            #[cfg(feature = "keyless")]
            Self::Keyless(keyless) => Ok(keyless.bundle(&statement, now).await?),
        }
    }

    /// Whether this is a signature that it made.
    #[cfg_attr(not(feature = "keyless"), allow(unused_variables, reason = "a key has no end"))]
    pub(super) async fn made(self, evidence: &Evidence, now: SystemTime) -> Result<bool> {
        match self {
            Self::Key(signer) => verify(signer, &evidence.message, &evidence.signature).await,
            #[cfg(feature = "keyless")]
            Self::Keyless(keyless) => Ok(keyless.made(evidence, now).await?),
        }
    }

    /// Why it cannot write the old layout.
    pub(super) fn without_legacy(self) -> Option<Error> {
        match self {
            Self::Key(_) => None,
            #[cfg(feature = "keyless")]
            Self::Keyless(keyless) => keyless.has_legacy().err().map(Error::from),
        }
    }
}

async fn enclose(signer: &dyn Signer, statement: Vec<u8>) -> Result<Envelope> {
    let signature = sign(signer, &pae(names::IN_TOTO, &statement)).await?;
    Ok(Envelope::new(names::IN_TOTO, statement, signature))
}

/// A signature that the key itself takes. A key service may sign with another key than it says, and nobody would notice
/// before the image is refused in production.
async fn sign(signer: &dyn Signer, message: &[u8]) -> Result<Vec<u8>> {
    let key = || signer.public_key().clone();
    let signature = signer.sign(message).await.map_err(|source| Error::Key { what: "sign", key: key(), source })?;
    if verify(signer, message, &signature).await? { Ok(signature) } else { Err(Error::NotOwn { key: key() }) }
}

async fn verify(signer: &dyn Signer, message: &[u8], signature: &[u8]) -> Result<bool> {
    let unusable = |source| Error::Key { what: "verify", key: signer.public_key().clone(), source };
    signer.verify(message, signature).await.map_err(unusable)
}

fn sha256(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut hasher = Hasher::new(Algorithm::Sha256)?;
    hasher.update(bytes);
    let digest = hasher.finish()?;
    Ok(digest
        .hex()
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(*digit)))
        .collect())
}

/// The value of a digit of a digest, which has no others.
fn nibble(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit.wrapping_sub(b'a').wrapping_add(10) }
}
