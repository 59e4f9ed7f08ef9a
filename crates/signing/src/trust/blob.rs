//! `Policy::verify_bundle`: whether a bundle in a file signs something as the policy asks.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_tagging::Digest;
use serde::Serialize;

use super::case::{Case, Refusal};
use super::reason::malformed;
use super::{Certified, Witnessed};
use crate::Policy;
use crate::format::{Material, Statement};
use crate::policy::{ReferenceRule, claim};
use crate::verify::{Accepted, Check, Outcome, Place, Reason, Rejection, SignedBy, Undecided};

/// What a bundle is to be about.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is the thing and its name")]
pub enum Artifact<'a> {
    /// The thing itself.
    Bytes(&'a [u8]),
    /// Its digest. A signature by Ed25519 over the thing itself cannot be checked without the thing.
    Digest(Digest),
}

/// Something that a bundle signs as a policy asks. Only a verification makes one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct VerifiedBlob {
    /// What was verified, by its SHA-256 unless another digest was asked for.
    pub digest: Digest,
    /// The signature.
    pub accepted: Accepted,
    /// What it says, where it is no signature over the thing itself but a statement about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// A signature that was made by whom the policy names.
struct Signed {
    signer: SignedBy,
    checks: Vec<Check>,
    times: Vec<SystemTime>,
    certificate: BTreeMap<String, String>,
}

impl Policy {
    /// Whether `bundle` signs `artifact` as this policy asks, now being `now`.
    ///
    /// A bundle is one signature by one signer: over the artifact itself, or in an in-toto statement that has it as a
    /// subject. Which kind of statement it is is for the caller to judge. Log entries and timestamps that are there have to
    /// be right, with a key as with a certificate, whether the policy asks for them or not. It takes a trusted root to tell;
    /// without one they are not looked at, and not claimed to be.
    ///
    /// `now` decides whether a key without a proven time is believed. Whether a log's time lies in the future, and whether
    /// its key is still in use, is decided by this machine's clock. No request is made.
    ///
    /// The outcome is never [`Unsigned`](Outcome::Unsigned): there is a bundle.
    pub async fn verify_bundle(
        &self,
        bundle: &[u8],
        artifact: &Artifact<'_>,
        now: SystemTime,
    ) -> Outcome<VerifiedBlob> {
        match self.judge_bundle(bundle, artifact, now).await {
            Ok(blob) => Outcome::Verified(blob),
            Err(Refusal::Reason(reason)) => {
                Outcome::Rejected(vec![Rejection { place: Place::File, reasons: vec![reason] }])
            }
            Err(Refusal::Undecided(error)) => {
                Outcome::Indeterminate(Undecided { errors: vec![error], rejected: Vec::new() })
            }
        }
    }

    async fn judge_bundle(
        &self,
        bundle: &[u8],
        artifact: &Artifact<'_>,
        now: SystemTime,
    ) -> Result<VerifiedBlob, Refusal> {
        if u64::try_from(bundle.len()).map_or(true, |bytes| bytes > self.limits.document) {
            return Err(
                malformed(format!("{} bytes, and at most {} are read", bundle.len(), self.limits.document)).into()
            );
        }
        if self.threshold > 1 {
            return Err(Reason::TooFewSigners { found: 1, asked: self.threshold }.into());
        }
        let case = Case::open(bundle, artifact)?;
        let mut signed = match case.bundle.material {
            Material::PublicKey { .. } => self.signed_by_key(&case, now).await?,
            Material::Certificate(_) => self.signed_by_identity(&case)?,
        };
        let claims = self.claims_of(&case)?;
        for (asked, check, missing) in [
            (
                self.log,
                Check::TransparencyLog,
                Reason::TransparencyLog { why: "there is no entry of a log".to_owned() },
            ),
            (self.timestamp, Check::Timestamp, Reason::Timestamp { why: "there is no timestamp".to_owned() }),
        ] {
            // A log's time is one that an authority has signed, too.
            let met = signed.checks.contains(&check) || (check == Check::Timestamp && !signed.times.is_empty());
            if asked && !met {
                return Err(missing.into());
            }
        }
        signed.checks.push(Check::Digest);
        signed.checks.extend((!self.claims.is_empty()).then_some(Check::Claims));
        signed.checks.sort_unstable();
        let Signed { signer, checks, times, certificate } = signed;
        let accepted =
            Accepted { signer, place: Place::File, checks, claims, docker_reference: None, times, certificate };
        Ok(VerifiedBlob { digest: case.digest, accepted, statement: case.statement })
    }

    async fn signed_by_key(&self, case: &Case<'_>, now: SystemTime) -> Result<Signed, Refusal> {
        for key in &self.keys {
            if !case.is_signed_by(key).await? {
                continue;
            }
            let witnessed = match &self.root {
                Some(root) => root.witness(key.public_key(), case.exhibit()?)?,
                None => Witnessed::default(),
            };
            let times = if witnessed.times.is_empty() { vec![now] } else { witnessed.times.clone() };
            let signer = SignedBy::key(key.id.clone(), key.public_key());
            if !times.iter().all(|time| key.is_valid_at(*time)) {
                return Err(Reason::KeyExpired { key: signer.to_string() }.into());
            }
            let mut checks = witnessed.checks;
            checks.extend([Check::Key, Check::KeyValidity]);
            return Ok(Signed { signer, checks, times: witnessed.times, certificate: BTreeMap::new() });
        }
        Err(Reason::UnknownKey.into())
    }

    fn signed_by_identity(&self, case: &Case<'_>) -> Result<Signed, Refusal> {
        let (Some(root), false) = (&self.root, self.identities.is_empty()) else {
            return Err(Reason::UnknownKey.into());
        };
        let Certified { subject, issuer, claims, times, mut checks } = root.certify(case.exhibit()?)?;
        let identity = subject.to_string();
        if !self.identities.iter().any(|identity| identity.matches(&subject, &issuer)) {
            return Err(Reason::Identity { identity, issuer }.into());
        }
        checks.push(Check::Identity);
        Ok(Signed { signer: SignedBy::Identity { identity, issuer }, checks, times, certificate: claims })
    }

    /// What it claims of the artifact, if that is what the policy asks for.
    fn claims_of(&self, case: &Case<'_>) -> Result<BTreeMap<String, serde_json::Value>, Reason> {
        if self.reference != ReferenceRule::Ignore {
            return Err(Reason::DockerReference { said: None });
        }
        let subject = case.statement.as_ref().and_then(|statement| statement.about(&case.digest));
        let said = subject.map(|subject| subject.annotations.clone()).unwrap_or_default();
        for (name, asked) in &self.claims {
            if !said.get(name).is_some_and(|said| claim::fulfils(said, asked)) {
                return Err(Reason::Claim { name: name.clone(), said: said.get(name).cloned() });
            }
        }
        Ok(said.into_iter().collect())
    }
}
