//! `Exhibit`: evidence in the form that sigstore-verify checks, whatever layout it was found in.

use sigstore_types::bundle::{
    MediaType, MessageDigest, MessageSignature, PublicKeyIdentifier, Rfc3161Timestamp, TimestampVerificationData,
    VerificationMaterial, VerificationMaterialContent,
};
use sigstore_types::{
    Artifact, ArtifactDigest, Bundle, DigestBytes, DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, PayloadBytes,
    SignatureBytes, SignatureContent, TimestampToken,
};
use sigstore_verify::{Error, Policy, VerificationResult, Verifier};

use super::legacy;
use super::reason::malformed;
use crate::format::{Bundle as Read, Statement};
use crate::verify::{Evidence, LegacyProof, Proof, Reason, Says};

/// A signature with what surrounds it, and what it is over.
pub(super) struct Exhibit<'a> {
    pub(super) bundle: Bundle,
    pub(super) artifact: Artifact<'a>,
    /// Whether a log's promise will do where its proof is missing: only the old layout has nothing else.
    ///
    /// A bundle of version 0.1 may come without a proof, says its specification. Its version is not signed: whoever has a
    /// bundle could take the proof away and call it 0.1. So bundles of every version need the proof.
    pub(super) promise_will_do: bool,
}

impl<'a> Exhibit<'a> {
    /// What `evidence` has to show of a certificate.
    pub(super) fn of_certificate(evidence: &'a Evidence) -> Result<Self, Reason> {
        let no_certificate = || Reason::Certificate { why: "there is no certificate".to_owned() };
        match &evidence.proof {
            Proof::Bundle(bundle) => Self::of_bundle(bundle, Self::artifact(evidence)?),
            Proof::Legacy(proof) => {
                let leaf = proof.certificate.as_deref().ok_or_else(no_certificate)?;
                let certificates = legacy::certificates(leaf, proof.chain.as_deref())?;
                let material = VerificationMaterialContent::X509CertificateChain { certificates };
                Self::of_legacy(evidence, proof, material)
            }
        }
    }

    /// What `evidence` has to show of a key's signature, if it shows anything.
    pub(super) fn of_key(evidence: &'a Evidence) -> Result<Option<Self>, Reason> {
        match &evidence.proof {
            Proof::Bundle(bundle) if bundle.log_entries == 0 && bundle.timestamps == 0 => Ok(None),
            Proof::Bundle(bundle) => Self::of_bundle(bundle, Self::artifact(evidence)?).map(Some),
            Proof::Legacy(LegacyProof { rekor: None, timestamp: None, .. }) => Ok(None),
            Proof::Legacy(proof) => {
                let material = VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(String::new()));
                Self::of_legacy(evidence, proof, material).map(Some)
            }
        }
    }

    /// A bundle, over `artifact`.
    pub(super) fn of_bundle(bundle: &Read, artifact: Artifact<'a>) -> Result<Self, Reason> {
        let text = std::str::from_utf8(bundle.as_bytes()).map_err(malformed)?;
        let parsed = Bundle::from_json(text).map_err(malformed)?;
        // Two readers of one document: what was judged so far is what is checked here.
        let (read, parsed_signature) = (bundle.signature(), signature(&parsed));
        if Some(read) != parsed_signature {
            return Err(malformed("the bundle can be read in two ways"));
        }
        Ok(Self { bundle: parsed, artifact, promise_will_do: false })
    }

    fn of_legacy(
        evidence: &'a Evidence,
        proof: &LegacyProof,
        material: VerificationMaterialContent,
    ) -> Result<Self, Reason> {
        let signature = SignatureBytes::from_bytes(&evidence.signature);
        let content = match &evidence.says {
            Says::Payload(_) => SignatureContent::MessageSignature(MessageSignature::new(signature)),
            Says::Statement { payload_type, payload, .. } => SignatureContent::DsseEnvelope(DsseEnvelope::new(
                payload_type.clone(),
                PayloadBytes::from_bytes(payload),
                DsseSignature::new(signature, KeyId::default()),
            )),
        };
        let entries = proof.rekor.as_deref().map(legacy::log_entry).transpose()?;
        let stamps = proof.timestamp.as_deref().map(legacy::timestamp).transpose()?;
        // A promise without a proof is what version 0.1 is about; without an entry there is nothing to promise.
        let version = if entries.is_some() { MediaType::Bundle0_1 } else { MediaType::Bundle0_3 };
        let stamps = stamps.into_iter().map(|token| Rfc3161Timestamp::new(TimestampToken::new(token))).collect();
        let material = VerificationMaterial::new(material)
            .with_tlog_entries(entries.into_iter().collect())
            .with_timestamp_verification_data(TimestampVerificationData::new(stamps));
        let bundle = Bundle::new(version, material, content);
        Ok(Self { bundle, artifact: Self::artifact(evidence)?, promise_will_do: true })
    }

    /// Has sigstore-verify check it.
    pub(super) fn check(&mut self, verifier: &Verifier, policy: &impl Policy) -> Result<VerificationResult, Error> {
        let first = verifier.verify(self.artifact.clone(), &self.bundle, policy);
        // cosign 2 signs with SHA-256 whatever the curve, and says so nowhere; the default of P-384 is SHA-384.
        let (Err(Error::SignatureInvalid(_)), Some(blob)) = (&first, self.artifact.blob()) else { return first };
        match &mut self.bundle.content {
            SignatureContent::MessageSignature(message) if message.message_digest.is_none() => {
                let hash = DigestBytes::from(sigstore_crypto::sha256(blob));
                message.message_digest = Some(MessageDigest::new(HashAlgorithm::Sha2256, hash));
                verifier.verify(self.artifact.clone(), &self.bundle, policy).or(first)
            }
            _ => first,
        }
    }

    /// What the signature is over; for a statement, what the statement is about, which others compare with the image.
    fn artifact(evidence: &'a Evidence) -> Result<Artifact<'a>, Reason> {
        match &evidence.says {
            Says::Payload(_) => Ok(Artifact::Blob(&evidence.message)),
            Says::Statement { statement, .. } => subject(statement),
        }
    }

    /// How many log entries and timestamps there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        let material = &self.bundle.verification_material;
        (material.tlog_entries.len(), material.timestamp_verification_data.rfc3161_timestamps.len())
    }

    /// Whether each entry has the proof that the log has it.
    pub(super) fn is_proven(&self) -> bool {
        self.bundle.verification_material.tlog_entries.iter().all(|entry| entry.inclusion_proof.is_some())
    }

    /// What sigstore-verify leaves open: it asks for *an* entry with a proof, and takes others that have nothing.
    pub(super) fn check_shape(&self) -> Result<(), Reason> {
        const MAX_CHAIN: usize = 8;
        let entries = &self.bundle.verification_material.tlog_entries;
        let lacking = entries.iter().find(|entry| {
            let promised = self.promise_will_do && entry.inclusion_promise.is_some();
            entry.inclusion_proof.is_none() && !promised
        });
        if lacking.is_some() {
            return Err(Reason::TransparencyLog {
                why: "an entry comes without the log's proof that it has it".into(),
            });
        }
        match &self.bundle.verification_material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } if certificates.len() > MAX_CHAIN => {
                Err(Reason::Certificate { why: format!("the chain has {} certificates", certificates.len()) })
            }
            _ => Ok(()),
        }
    }
}

/// The first thing that a statement is about, by a hash that sigstore-verify knows.
pub(super) fn subject(statement: &Statement) -> Result<Artifact<'static>, Reason> {
    let known = [("sha256", HashAlgorithm::Sha2256), ("sha512", HashAlgorithm::Sha2512)];
    let found = statement.subject.iter().find_map(|subject| {
        known.iter().find_map(|(name, algorithm)| {
            let bytes = DigestBytes::from_hex(subject.digest.get(*name)?).ok()?;
            ArtifactDigest::new(*algorithm, bytes).ok()
        })
    });
    found.map(Artifact::Digest).ok_or_else(|| malformed("the statement has no subject with a SHA-256 or SHA-512"))
}

fn signature(bundle: &Bundle) -> Option<&[u8]> {
    match &bundle.content {
        SignatureContent::MessageSignature(message) => Some(message.signature.as_bytes()),
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.signature.sig.as_bytes()),
        _ => None,
    }
}
