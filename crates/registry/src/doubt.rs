//! Doubt: a registry that refuses a manifest for blobs which it has.
//!
//! docker-registry writes the link to a blob anew each time the blob is uploaded, by truncating a file. Between the two, the
//! blob is unknown. Signers upload the same blobs at the same time: the payload of an image and cosign's config depend on
//! nothing but the image; and the empty blob is everybody's.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use futures_timer::Delay;
use lockage_tagging::Repository;

use crate::{Error, ErrorKind, RawManifest, Result, Stored, TagOrDigest, Target};

/// How often one write is doubted.
const MOST: u32 = 6;
/// How long the first pause is; each is twice as long as the one before, and spread.
const PAUSE: Duration = Duration::from_millis(10);
/// What is said of a manifest whose blobs are unknown; the second by who reads a link that is being written.
const FOR_BLOBS: [&str; 2] = ["MANIFEST_BLOB_UNKNOWN", "DIGEST_INVALID"];

/// How often a write was refused for blobs that are there.
#[derive(Debug, Default)]
pub(crate) struct Doubt(u32);

impl Doubt {
    /// Whether a refusal is worth another try, after a pause: where the registry says that it lacks a blob of `manifest`, and
    /// asked for each of them does not say so.
    pub(crate) async fn pause(
        &mut self,
        target: &dyn Target,
        repo: &Repository,
        manifest: &RawManifest,
        refusal: &Error,
        requests: &mut u64,
    ) -> Result<bool> {
        let is_for_blobs = refusal.oci_errors().iter().any(|error| FOR_BLOBS.contains(&error.code.as_str()));
        let manifest = manifest.view()?;
        let blobs = manifest.blobs();
        if self.0 == MOST || refusal.kind() != ErrorKind::Rejected || !is_for_blobs || blobs.is_empty() {
            return Ok(false);
        }
        for blob in blobs {
            *requests += 1;
            match target.stat_blob(repo, &blob.digest).await {
                Err(error) if error.is_not_found() => return Ok(false),
                // In that moment the registry cannot read its own link, and blames the digest.
                Err(error) if error.kind() == ErrorKind::Rejected => {}
                found => drop(found?),
            }
        }
        Delay::new((PAUSE * 2_u32.pow(self.0)).mul_f64(0.5 + random())).await;
        self.0 += 1;
        Ok(true)
    }
}

/// Stores a manifest under what nobody else writes.
pub(crate) async fn put(
    target: &dyn Target,
    repo: &Repository,
    manifest: &RawManifest,
    at: &TagOrDigest,
) -> Result<Stored> {
    let mut doubt = Doubt::default();
    loop {
        match target.put_manifest(repo, manifest, at).await {
            Err(error) if doubt.pause(target, repo, manifest, &error, &mut 0).await? => {}
            put => return put,
        }
    }
}

/// A number from 0 to 1: each `RandomState` has keys of its own.
pub(crate) fn random() -> f64 {
    let bits = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}
