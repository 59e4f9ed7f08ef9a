//! `Case`: a bundle that is about an artifact, before anyone has looked at the signature.

use lockage_registry::digest_of;
use lockage_tagging::{Algorithm, Digest};
use sigstore_crypto::{KeyAlgorithm, verify_signature_prehashed};
use sigstore_types::{Artifact as Checked, ArtifactDigest, DerPublicKey, DigestBytes, HashAlgorithm, SignatureBytes};

use super::Artifact;
use super::exhibit::{Exhibit, subject};
use super::reason::malformed;
use crate::Error;
use crate::format::{Bundle, Content, MessageSignature, Statement, names};
use crate::policy::TrustedKey;
use crate::verify::Reason;

/// A bundle that is about the artifact, with what is needed to judge the signature.
pub(super) struct Case<'a> {
    pub(super) bundle: Bundle,
    pub(super) statement: Option<Statement>,
    /// What the signature is over; none where only its digest is known.
    message: Option<Vec<u8>>,
    artifact: &'a Artifact<'a>,
    pub(super) digest: Digest,
}

/// Why it could not be accepted: it does not count, or it could not be decided.
pub(super) enum Refusal {
    Reason(Reason),
    Undecided(Error),
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

impl<'a> Case<'a> {
    /// Reads a bundle, and sees whether it is about `artifact`.
    pub(super) fn open(bytes: &[u8], artifact: &'a Artifact<'a>) -> Result<Self, Reason> {
        let bundle = Bundle::parse(bytes).map_err(malformed)?;
        let digest = artifact.digest(Algorithm::Sha256)?;
        let (statement, message) = match &bundle.content {
            Content::Envelope(envelope) if envelope.payload_type == names::IN_TOTO => {
                let statement = Statement::parse(&envelope.payload).map_err(malformed)?;
                let digest = match artifact {
                    // By whichever digest it names the bytes.
                    Artifact::Bytes(_) if statement.about(&digest).is_none() => artifact.digest(Algorithm::Sha512)?,
                    _ => digest.clone(),
                };
                if statement.about(&digest).is_none() {
                    return Err(Reason::WrongDigest { said: said(&statement) });
                }
                let message = Some(envelope.pae());
                return Ok(Self { statement: Some(statement), message, artifact, digest, bundle });
            }
            Content::Envelope(envelope) => {
                return Err(malformed(format!("an envelope of {:?}, which is no statement", envelope.payload_type)));
            }
            Content::Message(message) => {
                message.check_digest(artifact)?;
                (None, artifact.bytes().map(<[u8]>::to_vec))
            }
        };
        Ok(Self { bundle, statement, message, artifact, digest })
    }

    pub(super) fn exhibit(&self) -> Result<Exhibit<'_>, Reason> {
        let checked = match (&self.statement, self.artifact) {
            (Some(statement), _) => subject(statement)?,
            (None, Artifact::Bytes(bytes)) => Checked::Blob(bytes),
            (None, Artifact::Digest(digest)) => Checked::Digest(artifact_digest(digest)?),
        };
        Exhibit::of_bundle(&self.bundle, checked)
    }

    pub(super) async fn is_signed_by(&self, key: &TrustedKey) -> Result<bool, Refusal> {
        let signature = self.bundle.signature();
        if let Some(message) = &self.message {
            let error = |source| Error::Key { what: "verify", key: key.public_key().clone(), source };
            return key.verifier.verify(message, signature).await.map_err(|source| Refusal::Undecided(error(source)));
        }
        // The signer has hashed with what the digest is made by, or it cannot be checked without the thing itself.
        let hashed = match &self.bundle.content {
            Content::Message(MessageSignature { digest: Some((name, _)), .. }) => algorithm(name)?,
            _ => hash_of(self.digest.algorithm()),
        };
        let public = DerPublicKey::from_bytes(key.public_key().as_der());
        let hash = artifact_digest(&self.digest)?;
        let kind = KeyAlgorithm::from_spki(&public).map_err(malformed)?;
        let scheme = kind.resolve_signing_scheme(hashed).map_err(malformed)?;
        if hashed != hash.algorithm() || !scheme.supports_prehashed() {
            return Err(malformed("a signature that cannot be checked by a digest: the thing itself is needed").into());
        }
        let signature = SignatureBytes::from_bytes(signature);
        Ok(verify_signature_prehashed(&public, hash.as_bytes(), &signature, scheme).is_ok())
    }
}

impl Artifact<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Digest(_) => None,
        }
    }

    /// The digest that is known, or that of the bytes.
    fn digest(&self, algorithm: Algorithm) -> Result<Digest, Reason> {
        match self {
            Self::Digest(digest) => Ok(digest.clone()),
            Self::Bytes(bytes) => digest_of(algorithm, bytes).map_err(malformed),
        }
    }
}

impl MessageSignature {
    /// The hash that the bundle says is no proof of anything, and has to be right all the same.
    fn check_digest(&self, artifact: &Artifact<'_>) -> Result<(), Reason> {
        let Some((name, said)) = &self.digest else { return Ok(()) };
        let algorithm = algorithm(name)?;
        let is = match artifact {
            Artifact::Bytes(bytes) => {
                let mut hasher = sigstore_crypto::ArtifactHasher::new(algorithm).map_err(malformed)?;
                hasher.update(bytes);
                hasher.finalize()
            }
            Artifact::Digest(digest) => artifact_digest(digest)?,
        };
        // By another hash than the digest that is known: left to whoever needs the hash.
        if is.algorithm() == algorithm && is.as_bytes() != said.as_slice() {
            return Err(Reason::WrongDigest {
                said: vec![format!("{name} {}", DigestBytes::new(said.clone()).to_hex())],
            });
        }
        Ok(())
    }
}

/// The hash that a bundle names.
fn algorithm(name: &str) -> Result<HashAlgorithm, Reason> {
    match name {
        "SHA2_256" => Ok(HashAlgorithm::Sha2256),
        "SHA2_384" => Ok(HashAlgorithm::Sha2384),
        "SHA2_512" => Ok(HashAlgorithm::Sha2512),
        _ => Err(malformed(format!("a hash by {name:?}"))),
    }
}

fn hash_of(algorithm: Algorithm) -> HashAlgorithm {
    match algorithm {
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
        _ => HashAlgorithm::Sha2256,
    }
}

fn artifact_digest(digest: &Digest) -> Result<ArtifactDigest, Reason> {
    let bytes = DigestBytes::from_hex(digest.hex()).map_err(malformed)?;
    ArtifactDigest::new(hash_of(digest.algorithm()), bytes).map_err(malformed)
}

/// What a statement is about, each by one digest.
fn said(statement: &Statement) -> Vec<String> {
    let one = |subject: &crate::format::Subject| {
        let (algorithm, hex) = subject.digest.iter().next()?;
        Some(format!("{algorithm}:{hex}"))
    };
    statement.subject.iter().filter_map(one).take(8).collect()
}
