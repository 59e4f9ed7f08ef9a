//! Who has signed: a key of the policy, or an identity that the trusted root vouches for.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::{Algorithm, digest_of};

use super::{Check, Evidence, Reason, SignedBy};
use crate::format::encode;
use crate::policy::TrustedKey;
use crate::{Error, Policy, PublicKey};

/// By what two signers are known to be one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Signer {
    Key(PublicKey),
    #[cfg(feature = "bundle")]
    Identity {
        issuer: String,
        identity: String,
    },
}

/// A signature by somebody whom the policy names, at a time when it believes them.
pub(crate) struct Signed {
    pub(super) signer: Signer,
    pub(crate) by: SignedBy,
    pub(super) checks: Vec<Check>,
    pub(crate) times: Vec<SystemTime>,
    pub(super) certificate: BTreeMap<String, String>,
}

pub(crate) enum Who {
    Known(Box<Signed>),
    Nobody(Vec<Reason>),
    Undecided(Error),
}

/// Tries the keys of the policy; nothing that came with the signature says which key it is, but for the order.
pub(crate) async fn who(policy: &Policy, evidence: &Evidence, now: SystemTime) -> Who {
    let (mut reasons, mut undecided) = (Vec::new(), None);
    for key in in_order(policy, evidence) {
        match key.verifier.verify(&evidence.message, &evidence.signature).await {
            Ok(true) => match by_key(policy, key, evidence, now) {
                Ok(signed) => return Who::Known(Box::new(signed)),
                Err(why) => reasons.extend(why),
            },
            Ok(false) => {}
            Err(source) => {
                let error = Error::Key { what: "verify", key: key.public_key().clone(), source };
                undecided.get_or_insert(error);
            }
        }
    }
    #[cfg(feature = "bundle")]
    if evidence.has_certificate() {
        match by_identity(policy, evidence) {
            Some(Ok(signed)) => return Who::Known(Box::new(signed)),
            Some(Err(why)) => reasons.extend(why),
            None => {}
        }
    }
    match undecided {
        Some(error) => Who::Undecided(error),
        None if reasons.is_empty() => Who::Nobody(vec![Reason::UnknownKey]),
        None => Who::Nobody(reasons),
    }
}

/// The keys, those first that the hint of a bundle names: where the key is a service, a try costs a request.
fn in_order<'p>(policy: &'p Policy, evidence: &Evidence) -> Vec<&'p TrustedKey> {
    let mut keys: Vec<_> = policy.keys.iter().collect();
    if let Some(hint) = evidence.hint().filter(|_| keys.len() > 1) {
        keys.sort_by_key(|key| hint_of(key.public_key()).as_deref() != Some(hint));
    }
    keys
}

/// As cosign names a key: its SHA-256 in base64.
fn hint_of(key: &PublicKey) -> Option<String> {
    let digest = digest_of(Algorithm::Sha256, key.as_der()).ok()?;
    let hex = digest.hex().as_bytes();
    let bytes = hex.chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().map(encode)
}

/// What else a signature of this key has to be.
fn by_key(policy: &Policy, key: &TrustedKey, evidence: &Evidence, now: SystemTime) -> Result<Signed, Vec<Reason>> {
    let (times, mut checks) = witnessed(policy, key, evidence).map_err(|reason| vec![reason])?;
    let by = SignedBy::key(key.id.clone(), key.public_key());
    let mut reasons = missing(policy, &checks, &times);
    // Whoever has a retired key can write any date, so that a time counts only where an authority has signed it.
    let is_valid = match times.as_slice() {
        [] => key.is_valid_at(now),
        times => times.iter().all(|time| key.is_valid_at(*time)),
    };
    if !is_valid {
        reasons.push(Reason::KeyExpired { key: by.to_string() });
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    checks.extend([Check::Key, Check::KeyValidity]);
    Ok(Signed { signer: Signer::Key(key.public_key().clone()), by, checks, times, certificate: BTreeMap::new() })
}

/// What logs and timestamps prove of a key's signature, where there is a root to check them against.
#[cfg(feature = "bundle")]
fn witnessed(policy: &Policy, key: &TrustedKey, evidence: &Evidence) -> Result<(Vec<SystemTime>, Vec<Check>), Reason> {
    match &policy.root {
        Some(root) => {
            let crate::trust::Witnessed { times, checks } = root.witnessed(key.public_key(), evidence)?;
            Ok((times, checks))
        }
        None => Ok((Vec::new(), Vec::new())),
    }
}

#[cfg(not(feature = "bundle"))]
#[expect(clippy::unnecessary_wraps, reason = "with a root, it can fail")]
fn witnessed(_: &Policy, _: &TrustedKey, _: &Evidence) -> Result<(Vec<SystemTime>, Vec<Check>), Reason> {
    Ok((Vec::new(), Vec::new()))
}

/// Whom the certificate names, if the policy takes identities.
#[cfg(feature = "bundle")]
fn by_identity(policy: &Policy, evidence: &Evidence) -> Option<Result<Signed, Vec<Reason>>> {
    let root = policy.root.as_ref().filter(|_| !policy.identities.is_empty())?;
    let crate::trust::Certified { subject, issuer, claims, times, mut checks } = match root.certified(evidence) {
        Ok(certified) => certified,
        Err(reason) => return Some(Err(vec![reason])),
    };
    let mut reasons = missing(policy, &checks, &times);
    let identity = subject.to_string();
    if !policy.identities.iter().any(|asked| asked.matches(&subject, &issuer)) {
        reasons.push(Reason::Identity { identity: identity.clone(), issuer: issuer.clone() });
    }
    if !reasons.is_empty() {
        return Some(Err(reasons));
    }
    checks.push(Check::Identity);
    let by = SignedBy::Identity { identity: identity.clone(), issuer: issuer.clone() };
    Some(Ok(Signed { signer: Signer::Identity { issuer, identity }, by, checks, times, certificate: claims }))
}

/// What the policy asks to be proven, and is not.
fn missing(policy: &Policy, checks: &[Check], times: &[SystemTime]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if policy.log && !checks.contains(&Check::TransparencyLog) {
        reasons.push(Reason::TransparencyLog { why: "there is no entry of a log".to_owned() });
    }
    // A log's time is one that an authority has signed, too.
    if policy.timestamp && times.is_empty() {
        reasons.push(Reason::Timestamp { why: "no authority has signed a time".to_owned() });
    }
    reasons
}
