//! `Search`: whether this signer has said something already.
//!
//! It looks for one statement, and so reads less than a verification does: what is larger than the statement could be is not
//! it, and an attached bill of materials of many megabytes keeps nobody from signing. What the registry says it has not is not
//! it either; whatever else keeps something from being read is an error.

use bytes::Bytes;
use lockage_registry::{Descriptor, Digest, RawManifest, Result as Answer, SourceExt as _, TagOrDigest};

use super::said;
use super::task::Task;
use crate::format::{Statement, names};
use crate::verify::{Evidence, Says};
use crate::{Error, Result};

/// What an envelope or a bundle has beside the statement, in bytes: signatures, certificates, log entries, timestamps.
const BESIDE: u64 = 256 * 1024;

/// A statement that is looked for, and how much has been read.
pub(super) struct Search<'t> {
    task: &'t Task<'t>,
    statement: &'t Statement,
    largest: u64,
    candidates: usize,
    bytes: u64,
}

impl<'t> Search<'t> {
    pub(super) fn of(task: &'t Task<'t>, statement: &'t Statement) -> Result<Self> {
        let bytes = statement.to_bytes().map_err(|error| task.malformed(error))?;
        // In base64, which has four digits for three bytes.
        let largest = bytes.len() as u64 / 3 * 4 + BESIDE;
        Ok(Self { task, statement, largest, candidates: 0, bytes: 0 })
    }

    /// The manifest of a referrer, unless it is gone.
    pub(super) async fn manifest(&mut self, digest: Digest) -> Result<Option<RawManifest>> {
        let Task { target, repo, limits, .. } = self.task;
        self.candidates += 1;
        if self.candidates > limits.candidates {
            return Err(self.too_much("referrers", limits.candidates as u64));
        }
        present(target.manifest(repo, &TagOrDigest::Digest(digest)).await)
    }

    /// An envelope or a bundle, hashed, unless it is gone or too large to be it.
    pub(super) async fn read(&mut self, document: &Descriptor) -> Result<Option<Bytes>> {
        let Task { target, repo, limits, .. } = self.task;
        if document.size > self.largest {
            return Ok(None);
        }
        self.bytes = self.bytes.saturating_add(document.size);
        if self.bytes > limits.total {
            return Err(self.too_much("bytes of signatures and attestations", limits.total));
        }
        present(target.read_blob(repo, document, self.largest).await)
    }

    /// Whether this is what is looked for, and signed by the signer.
    pub(super) async fn is_it(&self, evidence: &Evidence) -> Result<bool> {
        let Says::Statement { statement, payload_type, .. } = &evidence.says else { return Ok(false) };
        let says = payload_type == names::IN_TOTO && said::same(statement, self.statement);
        Ok(says && self.task.seal.made(evidence, self.task.now).await?)
    }

    fn too_much(&self, what: &str, limit: u64) -> Error {
        Error::TooMuch { place: self.task.place(), what: format!("too many {what}"), limit }
    }
}

fn present<T>(answer: Answer<T>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
