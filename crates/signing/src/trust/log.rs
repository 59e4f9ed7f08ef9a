//! Whether the log that an entry names is the one that vouches for it, and was in use: what sigstore-verify leaves open.

use jiff::Timestamp;
use sigstore_types::bundle::TransparencyLogEntry;
use sigstore_types::{Sha256Hash, SignatureBytes};

use super::TrustedRoot;
use super::exhibit::Exhibit;
use crate::verify::Reason;

impl TrustedRoot {
    /// Whether each proof's checkpoint is signed by the log that the entry names, and that log was in use at every proven
    /// time.
    ///
    /// sigstore-verify takes a checkpoint by any log of the root, and by one that was retired: an entry of Rekor v2 has no
    /// time of its own to compare with. The proven times of the signature are compared instead, so that a retired log's key
    /// cannot vouch for what was signed later. An entry with a promise has a time, which was compared with the log's.
    pub(super) fn logs_in_use(&self, exhibit: &Exhibit<'_>, times: &[Timestamp]) -> Result<(), Reason> {
        let entries = &exhibit.bundle.verification_material.tlog_entries;
        entries.iter().try_for_each(|entry| self.log_in_use(entry, times))
    }

    fn log_in_use(&self, entry: &TransparencyLogEntry, times: &[Timestamp]) -> Result<(), Reason> {
        let wrong = |why: &str| Reason::TransparencyLog { why: why.to_owned() };
        let Some(proof) = &entry.inclusion_proof else { return Ok(()) };
        let id = Sha256Hash::try_from(entry.log_id.key_id.as_bytes());
        let id = id.map_err(|_| wrong("an entry whose log's name is none"))?;
        let key = self.logs().key(&id).ok_or_else(|| wrong("an entry of a log that the trusted root does not have"))?;
        let checkpoint = proof.checkpoint.checkpoint().ok_or_else(|| wrong("a proof without a checkpoint"))?;
        let signed = |signature: &SignatureBytes| key.verify(checkpoint.signed_data(), signature).is_ok();
        if !checkpoint.signatures().iter().any(|signature| signed(&signature.signature)) {
            return Err(wrong("the checkpoint is not signed by the log that the entry names"));
        }
        let timed = entry.inclusion_promise.is_some() && entry.integrated_time.is_some();
        match times.iter().find(|time| !timed && self.logs().key_at(&id, **time).is_none()) {
            Some(time) => Err(Reason::TransparencyLog { why: format!("the log was not in use at {time}") }),
            None => Ok(()),
        }
    }
}
