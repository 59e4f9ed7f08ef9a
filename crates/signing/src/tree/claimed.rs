//! `ClaimedSigner`: whom a signature names. Whoever wrote it wrote that, too.

use std::fmt;

use lockage_registry::{Algorithm, digest_of};
use serde::Serialize;

use crate::format::Material;
use crate::verify::{Evidence, Proof};

/// Who claims to have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum ClaimedSigner {
    /// The hint of a bundle which key it was: with cosign, its SHA-256 in base64.
    KeyHint {
        /// The hint.
        hint: String,
    },
    /// A certificate that came with the signature.
    Certificate {
        /// The SHA-256 of the certificate, in hex.
        fingerprint: String,
        /// Whom it names, where this crate can read certificates (feature `bundle`).
        #[serde(skip_serializing_if = "Option::is_none")]
        identity: Option<String>,
        /// Who is said to have vouched for the name.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    },
}

impl ClaimedSigner {
    /// Whom the evidence names; in the old layout, a key's signature names nobody.
    pub(super) fn of(evidence: &Evidence) -> Option<Self> {
        match &evidence.proof {
            Proof::Bundle(bundle) => match &bundle.material {
                Material::PublicKey { hint } => Some(Self::KeyHint { hint: hint.clone() }),
                Material::Certificate(chain) => chain.first().map(|der| Self::certificate(der)),
            },
            Proof::Legacy(proof) => {
                let pem = proof.certificate.as_deref()?;
                let (_, der) = pem_rfc7468::decode_vec(pem.trim().as_bytes()).ok()?;
                Some(Self::certificate(&der))
            }
        }
    }

    fn certificate(der: &[u8]) -> Self {
        let digest = digest_of(Algorithm::Sha256, der).map(|digest| digest.hex().to_owned());
        let (identity, issuer) = names(der);
        Self::Certificate { fingerprint: digest.unwrap_or_default(), identity, issuer }
    }
}

#[cfg(feature = "bundle")]
fn names(der: &[u8]) -> (Option<String>, Option<String>) {
    let certificate = sigstore_types::DerCertificate::new(der.to_vec());
    match sigstore_crypto::parse_certificate_info(&certificate) {
        Ok(info) => (info.identity.map(|name| name.as_str().to_owned()), info.issuer),
        Err(_) => (None, None),
    }
}

#[cfg(not(feature = "bundle"))]
fn names(_: &[u8]) -> (Option<String>, Option<String>) {
    (None, None)
}

impl fmt::Display for ClaimedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A stranger's words end up on a terminal.
        match self {
            Self::KeyHint { hint } => write!(f, "key hint {}", hint.escape_debug()),
            Self::Certificate { identity: Some(identity), issuer, .. } => {
                write!(f, "{}", identity.escape_debug())?;
                match issuer {
                    Some(issuer) => write!(f, " (by {})", issuer.escape_debug()),
                    None => Ok(()),
                }
            }
            Self::Certificate { fingerprint, .. } => {
                write!(f, "certificate {}", fingerprint.get(..12).unwrap_or(fingerprint))
            }
        }
    }
}
