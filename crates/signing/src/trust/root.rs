//! `TrustedRoot`: the authorities that are believed.

use std::fmt;

use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

use crate::format::FormatError;

/// The certificate authorities, logs and timestamp authorities that are believed, from a `trusted_root.json`.
pub struct TrustedRoot {
    verifier: sigstore_verify::Verifier,
    summary: String,
}

impl TrustedRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// Where it is none, or has keys or certificates that cannot be used.
    pub fn from_json(json: &str) -> Result<Self, FormatError> {
        let unusable = |why: String| FormatError::new("trusted root", why);
        let root = sigstore_trust_root::TrustedRoot::from_json(json).map_err(|error| unusable(error.to_string()))?;
        let summary = format!(
            "{} certificate authorities, {} logs, {} timestamp authorities",
            root.certificate_authorities.len(),
            root.tlogs.len(),
            root.timestamp_authorities.len()
        );
        let verifier = sigstore_verify::Verifier::new(&root).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { verifier, summary })
    }

    pub(super) fn verifier(&self) -> &sigstore_verify::Verifier {
        &self.verifier
    }

    /// The root of Sigstore's public instance, as it was when this crate was made. Nothing is fetched.
    ///
    /// # Errors
    /// None that can happen: it is compiled in, and a test reads it.
    pub fn public_good() -> Result<Self, FormatError> {
        Self::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT)
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedRoot({})", self.summary)
    }
}
