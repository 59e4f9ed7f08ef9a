//! Keys in files: cosign's encrypted private keys, PKCS#8, SEC1 and PKCS#1, and public keys.
//!
//! [`KeyPair`] signs, [`VerifyingKey`] checks; both plug into the ports [`Signer`](crate::Signer) and
//! [`Verifier`](crate::Verifier), and anything else that implements those, such as a key service, stands in for them.
//!
//! ```
//! use lockage_signing::key::{KeyPair, Password, VerifyingKey};
//! use lockage_signing::{Signer, Verifier};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! // What `cosign generate-key-pair` makes: a private key under a password, and a public key to hand out.
//! let password = Password::new("correct horse battery staple");
//! let made = KeyPair::generate()?;
//! let (private, public) = (made.to_encrypted_pem(&password)?, made.public_key().to_pem());
//!
//! // Once for many signatures: it is the password that costs.
//! let key = KeyPair::from_pem(&private, Some(&password))?;
//! let signature = key.sign(b"bytes").await?;
//!
//! let verifier = VerifyingKey::from_pem(&public)?;
//! assert!(verifier.verify(b"bytes", &signature).await?);
//! assert!(!verifier.verify(b"other bytes", &signature).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # What is read
//!
//! | key | signs over | checks | cosign |
//! |---|---|---|---|
//! | P-256, which [`KeyPair::generate`] makes | SHA-256 | the same | all versions read, sign and check |
//! | RSA of 2048 to 8192 bits, PKCS#1 v1.5 | SHA-256 | the same | cosign 3 signs with 2048, 3072 and 4096 bits |
//! | P-384 | SHA-384 | and SHA-256 | its `verify` takes SHA-256 for every curve, and fails on SHA-384 |
//! | P-521 | SHA-512 | and SHA-256 | as P-384 |
//! | Ed25519 | the message (RFC 8032) | the same | cosign 3 does not check its own bundles by such a key |
//!
//! So P-256 is the key to have wherever anybody checks with cosign.
//!
//! # Passwords
//!
//! A password is made into a key by scrypt, with 32,768 (ours) or 65,536 (cosign's) rounds of 1 KiB: 0.1 to 0.5 seconds
//! of one core in a release build and 32 or 64 MiB, on purpose. Loading such a key blocks that long; do it once, before an
//! executor has other work, or where blocking is allowed. A document that asks for other parameters is refused before
//! anything is computed.

mod algorithm;
mod der;
mod encrypted;
mod error;
mod pair;
mod password;
mod pem;
mod verifying;

pub use algorithm::Algorithm;
pub use error::KeyError;
pub use pair::KeyPair;
pub use password::Password;
pub use verifying::VerifyingKey;
