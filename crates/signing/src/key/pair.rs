//! `KeyPair`: a private key that signs, and the public one that checks.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use sigstore::crypto::SigStoreSigner;
use sigstore::crypto::signing_key::SigStoreKeyPair;
use sigstore::crypto::signing_key::ecdsa::{ECDSAKeys, EllipticCurve};
use zeroize::Zeroizing;

use super::encrypted::{self, Sealed};
use super::{Algorithm, KeyError, Password, VerifyingKey, pem};
use crate::{PublicKey, Signer, SigningError, Verifier};

/// What goes wrong with a document goes wrong here.
const WHAT: &str = "private key";

const PKCS8: &str = "PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";
const PKCS1: &str = "RSA PRIVATE KEY";
const SIGSTORE: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
const COSIGN: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// A private key in memory, with its public key. It is wiped when it is dropped, and `Debug` shows the public key only.
pub struct KeyPair {
    pkcs8: Zeroizing<Vec<u8>>,
    secret: Secret,
    verifying: VerifyingKey,
}

/// Who signs.
enum Secret {
    Library(SigStoreSigner),
    /// The library knows three sizes of RSA keys, and parses the key anew for every signature.
    Rsa(RsaKeyPair),
}

impl KeyPair {
    /// A new key on P-256, as `cosign generate-key-pair` makes it.
    ///
    /// # Errors
    /// [`KeyError::Failed`] where the system has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let failed = |_| KeyError::Failed { what: "generate a key" };
        let keys = ECDSAKeys::new(EllipticCurve::P256).map_err(failed)?;
        Self::from_pkcs8(keys.as_inner().private_key_to_der().map_err(failed)?)
    }

    /// The key in one PEM document of at most 32 KiB: cosign's (`ENCRYPTED SIGSTORE PRIVATE KEY`, or `ENCRYPTED COSIGN
    /// PRIVATE KEY`) with a password, PKCS#8 (`PRIVATE KEY`, RFC 5958), SEC1 (`EC PRIVATE KEY`, RFC 5915) or PKCS#1 (`RSA
    /// PRIVATE KEY`, RFC 8017) without one.
    ///
    /// Blocks for 0.1 to 0.5 seconds where there is a password, and takes up to 64 MiB.
    ///
    /// # Errors
    /// [`KeyError::WrongPassword`]; [`KeyError::PasswordRequired`] and [`KeyError::NotEncrypted`] where the document and
    /// the caller do not agree on whether there is one; and whatever is wrong with the document or the key. All but the
    /// first are found at once.
    pub fn from_pem(pem: impl AsRef<[u8]>, password: Option<&Password>) -> Result<Self, KeyError> {
        let (label, content) = pem::read(WHAT, pem.as_ref())?;
        if is_encrypted(label) {
            let sealed = Sealed::read(&content)?;
            return Self::from_pkcs8(sealed.open(password.ok_or(KeyError::PasswordRequired)?)?);
        }
        let pkcs8 = match label {
            PKCS8 => content,
            SEC1 => pkcs8_of_sec1(&content)?,
            PKCS1 => pkcs8_of_pkcs1(&content)?,
            other => return Err(KeyError::label(other, "a private key")),
        };
        let pair = Self::from_pkcs8(pkcs8)?;
        if password.is_some() { Err(KeyError::NotEncrypted) } else { Ok(pair) }
    }

    /// Whether [`from_pem`](Self::from_pem) needs a password for this document. Reads nothing but its label.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] and [`KeyError::TooLarge`] where it is no PEM document.
    pub fn is_encrypted(pem: impl AsRef<[u8]>) -> Result<bool, KeyError> {
        pem::label(WHAT, pem.as_ref()).map(is_encrypted)
    }

    /// The key under a password, labelled `ENCRYPTED SIGSTORE PRIVATE KEY`, as cosign 2 and 3 read it. Every call takes
    /// another salt and nonce.
    ///
    /// Blocks for 0.1 to 0.3 seconds, and takes 32 MiB.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn to_encrypted_pem(&self, password: &Password) -> Result<String, KeyError> {
        let sealed = encrypted::seal(&self.pkcs8, password)?;
        pem::write("write the private key", SIGSTORE, &sealed).map(|mut pem| std::mem::take(&mut *pem))
    }

    /// The key in the clear, labelled `PRIVATE KEY`. Whoever reads it can sign.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        pem::write("write the private key", PKCS8, &self.pkcs8)
    }

    /// What kind of key it is.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The public half, which checks without being able to sign.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        let refused = || KeyError::Malformed { what: WHAT, why: "the key is damaged".to_owned() };
        let algorithm = Algorithm::of_pkcs8(&pkcs8)?;
        let (secret, spki) = if let Some(scheme) = algorithm.scheme() {
            let keys = SigStoreKeyPair::from_der(&pkcs8).map_err(|_| refused())?;
            let signer = keys.to_sigstore_signer(&scheme).map_err(|_| refused())?;
            (Secret::Library(signer), keys.public_key_to_der().map_err(|_| refused())?)
        } else {
            let keys = RsaKeyPair::from_pkcs8(&pkcs8).map_err(|_| refused())?;
            let spki = keys.public_key().as_der().map_err(|_| refused())?.as_ref().to_vec();
            (Secret::Rsa(keys), spki)
        };
        let verifying = VerifyingKey::new(PublicKey::from_der(spki).map_err(|_| refused())?)?;
        Ok(Self { pkcs8, secret, verifying })
    }
}

#[async_trait]
impl Verifier for KeyPair {
    fn public_key(&self) -> &PublicKey {
        self.verifying.public_key()
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        self.verifying.verify(message, signature).await
    }
}

#[async_trait]
impl Signer for KeyPair {
    /// Computes without a pause: a tenth of a millisecond, for RSA of 8192 bits ten.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let failed = || KeyError::Failed { what: "sign" };
        match &self.secret {
            Secret::Library(signer) => Ok(signer.sign(message).map_err(|_| failed())?),
            Secret::Rsa(keys) => {
                let mut signature = vec![0; keys.public_modulus_len()];
                keys.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| failed())?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({}, {:?})", self.algorithm(), self.public_key())
    }
}

fn is_encrypted(label: &str) -> bool {
    [SIGSTORE, COSIGN].contains(&label)
}

fn pkcs8_of_sec1(sec1: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let refused = || KeyError::Malformed { what: WHAT, why: "the SEC1 key is damaged".to_owned() };
    let curve = match Algorithm::of_sec1(sec1)? {
        Algorithm::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        Algorithm::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        _ => &ECDSA_P256_SHA256_ASN1_SIGNING,
    };
    let keys = EcdsaKeyPair::from_private_key_der(curve, sec1).map_err(|_| refused())?;
    Ok(Zeroizing::new(keys.to_pkcs8v1().map_err(|_| refused())?.as_ref().to_vec()))
}

fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let refused = || KeyError::Malformed { what: WHAT, why: "the PKCS#1 key is damaged".to_owned() };
    Algorithm::of_pkcs1(pkcs1)?;
    let keys = RsaKeyPair::from_der(pkcs1).map_err(|_| refused())?;
    let pkcs8: Pkcs8V1Der<'_> = keys.as_der().map_err(|_| refused())?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}
