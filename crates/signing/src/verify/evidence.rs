//! `Evidence`: one signature as it was found, before anyone has judged it.

use std::collections::BTreeMap;
use std::fmt;

use lockage_tagging::{Digest, Tag};
use serde::Serialize;

use crate::format::{Bundle, Content, Envelope, FormatError, Material, SimpleSigning, Statement, names};

/// Where a signature or attestation was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "layout")]
#[non_exhaustive]
pub enum Place {
    /// Under a tag of cosign: a layer of a manifest.
    Legacy {
        /// The tag.
        tag: Tag,
        /// The layer.
        layer: Digest,
    },
    /// A bundle that refers to the image.
    Bundle {
        /// Its manifest.
        manifest: Digest,
    },
    /// A file.
    File,
    /// No signature but a manifest: a child of an index that is not signed as asked, or what a tag of cosign holds in place
    /// of signatures.
    Manifest {
        /// Its digest.
        digest: Digest,
    },
}

/// What can be known about the signer and the time, beside the signature itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Proof {
    /// The bundle that it came in.
    Bundle(Box<Bundle>),
    /// The annotations of a layer.
    Legacy(LegacyProof),
}

/// What the old layout has beside a signature; each is there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegacyProof {
    /// The certificate, in PEM.
    pub certificate: Option<String>,
    /// The certificates above it, in PEM.
    pub chain: Option<String>,
    /// What Rekor answered, in JSON.
    pub rekor: Option<String>,
    /// What a timestamp authority answered, in JSON.
    pub timestamp: Option<String>,
}

/// One signature as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) place: Place,
    /// What is said, and read from the bytes that are signed.
    pub(crate) says: Says,
    /// The bytes that the signature is over: the payload, or the pre-authentication encoding of the envelope.
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) proof: Proof,
}

/// What a signature says.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Payload(SimpleSigning),
    Statement {
        statement: Box<Statement>,
        payload_type: String,
        /// As it is signed.
        #[cfg_attr(not(feature = "bundle"), allow(dead_code, reason = "log entries and timestamps are about it"))]
        payload: Vec<u8>,
    },
}

impl LegacyProof {
    /// What the annotations of a layer have; one that is empty is not there.
    pub(crate) fn of(annotations: &BTreeMap<String, String>) -> Self {
        let annotation = |name| annotations.get(name).filter(|text| !text.is_empty()).cloned();
        Self {
            certificate: annotation(names::CERTIFICATE),
            chain: annotation(names::CHAIN),
            rekor: annotation(names::REKOR_BUNDLE),
            timestamp: annotation(names::TIMESTAMP),
        }
    }
}

impl Evidence {
    /// A statement in an envelope.
    pub(crate) fn of_envelope(place: Place, envelope: Envelope, proof: Proof) -> Result<Self, FormatError> {
        let statement = Box::new(Statement::parse(&envelope.payload)?);
        let message = envelope.pae();
        let Envelope { payload_type, payload, signature, .. } = envelope;
        Ok(Self { place, says: Says::Statement { statement, payload_type, payload }, message, signature, proof })
    }

    /// The statement in a bundle.
    pub(crate) fn of_bundle(place: Place, bundle: Bundle) -> Result<Self, FormatError> {
        match &bundle.content {
            Content::Envelope(envelope) => Self::of_envelope(place, envelope.clone(), Proof::Bundle(Box::new(bundle))),
            Content::Message(_) => {
                Err(FormatError::new("bundle", "a signature over bytes, which are not there, and no statement"))
            }
        }
    }

    /// Whether a certificate says whose key it is.
    #[cfg(feature = "bundle")]
    pub(crate) fn has_certificate(&self) -> bool {
        match &self.proof {
            Proof::Bundle(bundle) => matches!(bundle.material, Material::Certificate(_)),
            Proof::Legacy(proof) => proof.certificate.is_some(),
        }
    }

    /// The hint which key it is, of which nothing follows.
    pub(crate) fn hint(&self) -> Option<&str> {
        match &self.proof {
            Proof::Bundle(bundle) => match &bundle.material {
                Material::PublicKey { hint } => Some(hint),
                Material::Certificate(_) => None,
            },
            Proof::Legacy(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Legacy { tag, layer } => write!(f, "{tag} layer {}", layer.short()),
            Self::Bundle { manifest } => write!(f, "bundle {}", manifest.short()),
            Self::File => f.write_str("bundle"),
            Self::Manifest { digest } => write!(f, "manifest {}", digest.short()),
        }
    }
}
