//! `TrustedRoot`: the authorities that are believed.

use std::fmt;

use sigstore_trust_root::{CertificateAuthority, SIGSTORE_PRODUCTION_TRUSTED_ROOT};
use sigstore_types::TimeRange;

use crate::format::{FormatError, has_one_reading};

/// The certificate authorities, logs and timestamp authorities that are believed, from a `trusted_root.json`.
pub struct TrustedRoot {
    verifier: sigstore_verify::Verifier,
    logs: sigstore_crypto::Keyring,
    summary: String,
}

impl TrustedRoot {
    /// The largest document that is read, in bytes; the public root has 7 KiB.
    const MAX_BYTES: usize = 1024 * 1024;

    /// Reads a `trusted_root.json` of at most 1 MiB.
    ///
    /// # Errors
    /// Where it is none, is of another type, says a field twice, or has keys or certificates that cannot be used.
    pub fn from_json(json: &str) -> Result<Self, FormatError> {
        let unusable = |why: String| FormatError::new("trusted root", why);
        if json.len() > Self::MAX_BYTES {
            return Err(unusable(format!("{} bytes, and at most {} are read", json.len(), Self::MAX_BYTES)));
        }
        has_one_reading("trusted root", json)?;
        let mut root =
            sigstore_trust_root::TrustedRoot::from_json(json).map_err(|error| unusable(error.to_string()))?;
        if !root.media_type.starts_with("application/vnd.dev.sigstore.trustedroot") {
            return Err(unusable(format!("its media type is {:?}", root.media_type)));
        }
        let mut authorities = Vec::new();
        for authority in std::mem::take(&mut root.certificate_authorities) {
            authorities.extend(within_certificates(authority).map_err(|error| unusable(error.to_string()))?);
        }
        root.certificate_authorities = authorities;
        let summary = format!(
            "{} certificate authorities, {} logs, {} timestamp authorities",
            root.certificate_authorities.len(),
            root.tlogs.len(),
            root.timestamp_authorities.len()
        );
        let verifier = sigstore_verify::Verifier::new(&root).map_err(|error| unusable(error.to_string()))?;
        let logs = root.rekor_keys().map_err(|error| unusable(error.to_string()))?;
        Ok(Self { verifier, logs, summary })
    }

    pub(super) fn verifier(&self) -> &sigstore_verify::Verifier {
        &self.verifier
    }

    pub(super) fn logs(&self) -> &sigstore_crypto::Keyring {
        &self.logs
    }

    /// The root of Sigstore's public instance, as it was when this crate was made. Nothing is fetched.
    ///
    /// # Errors
    /// None that can happen: it is compiled in, and a test reads it.
    pub fn public_good() -> Result<Self, FormatError> {
        Self::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT)
    }
}

/// The authority in the time that the root gives it and in which all its certificates are valid, if there is one.
///
/// sigstore-verify takes each of them as an anchor, whose own dates nobody looks at: an intermediate that has expired would
/// go on issuing wherever the root gives no end (CVE-2026-24122).
fn within_certificates(
    mut authority: CertificateAuthority,
) -> Result<Option<CertificateAuthority>, sigstore_crypto::Error> {
    let ends_early = |window: &TimeRange| window.end.is_some_and(|end| end < window.start);
    if authority.valid_for.as_ref().is_some_and(ends_early) {
        // A mistake in the root, which sigstore-verify reports.
        return Ok(Some(authority));
    }
    for certificate in &authority.cert_chain.certificates {
        let info = sigstore_crypto::parse_certificate_info(&certificate.raw_bytes)?;
        let given = authority.valid_for.unwrap_or(TimeRange::new(info.not_before, None));
        let end = given.end.map_or(info.not_after, |end| end.min(info.not_after));
        authority.valid_for = Some(TimeRange::new(given.start.max(info.not_before), Some(end)));
    }
    Ok(Some(authority).filter(|authority| !authority.valid_for.as_ref().is_some_and(ends_early)))
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedRoot({})", self.summary)
    }
}
