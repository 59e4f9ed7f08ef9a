//! `KeyError`: a key that cannot be read, or not be used.

use thiserror::Error as ThisError;

/// Why a key cannot be read or used. It holds nothing of a private key or password.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum KeyError {
    /// The private key does not open with this password, or its ciphertext is damaged: the two cannot be told apart.
    #[error("the password does not open the private key")]
    WrongPassword,
    /// An encrypted private key, and no password.
    #[error("the private key is encrypted, and there is no password")]
    PasswordRequired,
    /// A password for a private key that needs none. It is not ignored: somebody believes that the file is protected.
    #[error("there is a password, but the private key is not encrypted")]
    NotEncrypted,
    /// Another PEM document than the one that is needed.
    #[error("a PEM document labelled {found:?}, not {wanted}")]
    Label {
        /// Its label.
        found: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// A document that is damaged, or none.
    #[error("{what}: {why}")]
    Malformed {
        /// "private key", "encrypted private key", "public key".
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// More bytes than a key has.
    #[error("{what}: more than {limit} bytes")]
    TooLarge {
        /// As in [`Malformed`](Self::Malformed).
        what: &'static str,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// An encrypted private key that asks for other cryptography, or another amount of it, than cosign's have.
    #[error("encrypted private key: {parameter} is {found}, not {allowed}")]
    Parameter {
        /// "kdf.params.N", "cipher.name".
        parameter: &'static str,
        /// What the document says.
        found: String,
        /// What it may say.
        allowed: &'static str,
    },
    /// A sound key of a kind or size that is not used.
    #[error("{what} is no key that is used for signing here")]
    Unsupported {
        /// The kind.
        what: String,
    },
    /// The cryptography itself refused.
    #[error("{what}: the cryptographic library failed")]
    Failed {
        /// "generate a key", "sign".
        what: &'static str,
    },
}

impl KeyError {
    /// Of a document with another label, of which no more is kept than a label has.
    pub(super) fn label(found: &str, wanted: &'static str) -> Self {
        Self::Label { found: found.chars().take(64).collect(), wanted }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::WrongPassword => {
                "Give the password that the key was made with, without a line end; cosign reads it from COSIGN_PASSWORD."
            }
            Self::PasswordRequired => "Give the password; where it is empty, give an empty one.",
            Self::NotEncrypted => "Give no password, or encrypt the key: cosign import-key-pair --key FILE.",
            Self::Label { found, wanted } => of_label(found, wanted),
            Self::Malformed { .. } => "See whether the file is complete, and one PEM document without headers.",
            Self::TooLarge { .. } => "See whether it is the file of one key.",
            Self::Parameter { .. } => {
                "Make the key with cosign or lockage; scrypt with N of 32768 or 65536 is all that is read."
            }
            Self::Unsupported { .. } => "Use P-256; RSA of 2048 to 8192 bits, P-384, P-521 and Ed25519 are read too.",
            Self::Failed { .. } => "Try again; a key that fails again should not be used.",
        }
    }
}

/// How to get from the document that is there to the one that is needed.
fn of_label(found: &str, wanted: &str) -> &'static str {
    let public = wanted.contains("PUBLIC KEY");
    match found {
        "CERTIFICATE" => "Check certificates by identity, or take the key out: openssl x509 -in FILE -noout -pubkey.",
        "RSA PUBLIC KEY" => "Write it as PUBLIC KEY: openssl rsa -RSAPublicKey_in -in FILE -pubout.",
        "ENCRYPTED PRIVATE KEY" if !public => "Turn it into cosign's: openssl pkcs8 -in FILE | cosign import-key-pair.",
        "OPENSSH PRIVATE KEY" if !public => "Turn it into PKCS#8: ssh-keygen -p -m PKCS8 -f FILE.",
        _ if public && found.ends_with("PRIVATE KEY") => {
            "Never hand out a private key; take the public one: the .pub file, or openssl pkey -in FILE -pubout."
        }
        "PUBLIC KEY" => "It is the public half, which cannot sign; give the private key.",
        _ => "Give a key in PEM.",
    }
}
