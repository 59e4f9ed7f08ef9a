//! `TrustedRoot::certified`: who a certificate says has signed, once everything that vouches for it has been checked.

use std::collections::BTreeMap;
use std::time::SystemTime;

use sigstore_verify::{SubjectAltName, VerificationPolicy};

use super::claims;
use super::exhibit::Exhibit;
use super::reason::reason;
use super::{San, TrustedRoot};
use crate::verify::{Check, Evidence, Reason};

/// A signature whose certificate, log entry and times were all checked. Whether the name is the right one is not.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    /// Whom the certificate names.
    pub(crate) subject: San,
    /// Who vouched for the name.
    pub(crate) issuer: String,
    /// What the certificate says of the build, by Fulcio's names.
    pub(crate) claims: BTreeMap<String, String>,
    /// The times that a log or a timestamp authority has signed; at least one.
    pub(crate) times: Vec<SystemTime>,
    /// What was checked.
    pub(crate) checks: Vec<Check>,
}

impl TrustedRoot {
    /// Who has signed, by the certificate that the evidence came with.
    ///
    /// All of this has been checked, or there is a reason: the signature is one of the certificate's key; the certificate
    /// leads to an authority of this root, may sign code, and was valid at *every* proven time, of which there is at least
    /// one; a certificate log of this root has signed that it has the certificate; a transparency log of this root has an
    /// entry of this signature and this certificate (proof of inclusion and checkpoint, or in cosign 2's layout its promise);
    /// every timestamp is over this signature and by an authority of this root.
    ///
    /// Costs no request. A log's time that lies in the future by this machine's clock is refused: sigstore-verify reads the
    /// clock itself, also for whether a log's key is still in use.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn certified(&self, evidence: &Evidence) -> Result<Certified, Reason> {
        self.certify(Exhibit::of_certificate(evidence)?)
    }

    pub(super) fn certify(&self, mut exhibit: Exhibit<'_>) -> Result<Certified, Reason> {
        exhibit.check_shape()?;
        let (entries, timestamps) = exhibit.counts();
        if exhibit.bundle.signing_certificate().is_none() {
            return Err(Reason::Certificate { why: "there is no certificate".to_owned() });
        }
        if entries == 0 {
            return Err(Reason::TransparencyLog { why: "there is no entry of a log".to_owned() });
        }
        let result =
            exhibit.check(self.verifier(), &VerificationPolicy::any_identity()).map_err(|error| reason(&error))?;
        if !(result.certificate_verified() && result.sct_verified()) {
            return Err(Reason::Certificate { why: "the certificate was not checked".to_owned() });
        }
        if !result.tlog_verified() {
            return Err(Reason::TransparencyLog { why: "the log was not checked".to_owned() });
        }
        self.logs_in_use(&exhibit, result.verified_timestamps())?;
        let mut checks = vec![Check::Certificate, Check::CertificateLog, Check::TransparencyLog];
        checks.extend(exhibit.is_proven().then_some(Check::InclusionProof));
        checks.extend((timestamps > 0).then_some(Check::Timestamp));
        let mut times: Vec<_> = result.verified_timestamps().iter().map(|time| SystemTime::from(*time)).collect();
        times.sort_unstable();
        times.dedup();
        if times.is_empty() {
            return Err(Reason::Timestamp { why: "no authority has signed a time".to_owned() });
        }
        let subject = subject(result.identity())?;
        let issuer = result.issuer().filter(|issuer| !issuer.is_empty());
        let issuer = issuer.ok_or_else(|| Reason::Certificate { why: "it names no issuer of the identity".to_owned() });
        let claims = result.certificate().map(|certificate| claims::of(&certificate.ci_claims)).unwrap_or_default();
        Ok(Certified { subject, issuer: issuer?.to_owned(), claims, times, checks })
    }
}

fn subject(name: Option<&SubjectAltName>) -> Result<San, Reason> {
    match name {
        Some(SubjectAltName::Email(text)) if !text.is_empty() => Ok(San::Email(text.clone())),
        Some(SubjectAltName::Uri(text)) if !text.is_empty() => Ok(San::Uri(text.clone())),
        Some(other) if !other.as_str().is_empty() => Ok(San::Other(other.as_str().to_owned())),
        _ => Err(Reason::Certificate { why: "it names nobody by an e-mail address or a URI".to_owned() }),
    }
}
