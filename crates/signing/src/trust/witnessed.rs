//! `TrustedRoot::witnessed`: what logs and timestamp authorities prove about a key's signature.

use std::time::SystemTime;

use sigstore_types::DerPublicKey;
use sigstore_verify::PublicKeyVerificationPolicy;

use super::TrustedRoot;
use super::exhibit::Exhibit;
use super::reason::reason;
use crate::PublicKey;
use crate::verify::{Check, Evidence, Reason};

/// What is proven beside a key's signature; nothing, where the evidence has nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witnessed {
    /// The times that a log or a timestamp authority has signed.
    pub(crate) times: Vec<SystemTime>,
    /// What was checked.
    pub(crate) checks: Vec<Check>,
}

impl TrustedRoot {
    /// What logs and timestamps prove about a signature of `key`. None has to be there; what is there has to be right.
    ///
    /// An entry is right where it is of this signature and this key, and a log of this root has proven, or in cosign 2's
    /// layout promised, that it has it; a timestamp where it is over this signature, and by an authority of this root.
    /// The signature is checked with `key` again.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn witnessed(&self, key: &PublicKey, evidence: &Evidence) -> Result<Witnessed, Reason> {
        Exhibit::of_key(evidence)?.map_or_else(|| Ok(Witnessed::default()), |exhibit| self.witness(key, exhibit))
    }

    pub(super) fn witness(&self, key: &PublicKey, mut exhibit: Exhibit<'_>) -> Result<Witnessed, Reason> {
        exhibit.check_shape()?;
        let (entries, timestamps) = exhibit.counts();
        let key = DerPublicKey::from_bytes(key.as_der());
        let policy = match entries {
            0 if timestamps == 0 => return Ok(Witnessed::default()),
            // There is no entry that could be skipped.
            0 => PublicKeyVerificationPolicy::new(key).skip_tlog_unsafe(),
            _ => PublicKeyVerificationPolicy::new(key),
        };
        let result = exhibit.check(self.verifier(), &policy).map_err(|error| reason(&error))?;
        if entries > 0 && !result.tlog_verified() {
            return Err(Reason::TransparencyLog { why: "the log was not checked".to_owned() });
        }
        self.logs_in_use(&exhibit, result.verified_timestamps())?;
        let mut checks = Vec::new();
        checks.extend((entries > 0).then_some(Check::TransparencyLog));
        checks.extend((entries > 0 && exhibit.is_proven()).then_some(Check::InclusionProof));
        checks.extend((timestamps > 0).then_some(Check::Timestamp));
        let mut times: Vec<_> = result.verified_timestamps().iter().map(|time| SystemTime::from(*time)).collect();
        times.sort_unstable();
        times.dedup();
        Ok(Witnessed { times, checks })
    }
}
