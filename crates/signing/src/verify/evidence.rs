//! `Evidence`: one signature as it was found, before anyone has judged it.

use std::fmt;

use lockage_tagging::{Digest, Tag};
use serde::Serialize;

use crate::format::{Bundle, SimpleSigning, Statement};

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
    Statement { statement: Box<Statement>, payload_type: String, payload: Vec<u8> },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Legacy { tag, layer } => write!(f, "{tag} layer {}", layer.short()),
            Self::Bundle { manifest } => write!(f, "bundle {}", manifest.short()),
            Self::File => f.write_str("bundle"),
        }
    }
}
