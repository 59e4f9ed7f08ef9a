//! `empty`: the blob `{}`, at which every artifact points that has no content or no config of its own (image-spec, "Guidance
//! for an Empty Descriptor").
//!
//! Everybody points at the same one, and many write at once. So it is uploaded only where it is missing: docker-registry
//! knows a blob not while it is uploaded again, and refuses the manifests of others meanwhile.

use lockage_tagging::{Algorithm, Repository};

use crate::doubt::Doubt;
use crate::{
    Body, Descriptor, ErrorKind, RawManifest, Result, Stored, TagOrDigest, Target, TargetExt as _, digest_of,
    media_type,
};

/// Its two bytes.
pub const BYTES: &[u8] = b"{}";

/// What points at it.
///
/// # Errors
/// None that can happen: the digest of two bytes can always be computed.
pub fn descriptor() -> Result<Descriptor> {
    let digest = digest_of(Algorithm::Sha256, BYTES)?;
    Ok(Descriptor::new(media_type::OCI_EMPTY, digest, BYTES.len() as u64))
}

/// Stores a manifest whose blobs are there, but for the empty one, which is brought where it is missing.
///
/// One PUT. Where that is refused, a HEAD for the empty blob, and where it is missing, a POST, a PUT for it, and the PUT
/// again. Where the registry says that it lacks a blob which it has, it is asked again after short pauses, for less than a
/// second in all. A registry that takes manifests without their blobs is not given the blob: where it is to be copied one day,
/// call [`ensure`] before.
///
/// ```
/// use lockage_registry::{Memory, RawManifest, Source as _, TagOrDigest, empty, media_type};
/// # futures::executor::block_on(async {
/// let registry = Memory::new("registry.test".parse()?);
/// let (repo, empty) = ("registry.test/app".parse()?, empty::descriptor()?);
/// let note = serde_json::json!({
///     "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": "application/vnd.example.note",
///     "config": empty, "layers": [empty], "annotations": { "note": "moved" },
/// });
/// let note = RawManifest::new(media_type::OCI_MANIFEST, note.to_string().into())?;
/// let at = TagOrDigest::Digest(note.digest().clone());
/// empty::put(&registry, &repo, &note, &at).await?;
/// assert_eq!(registry.manifest(&repo, &at).await?, note);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// As [`Target::put_manifest`], [`Source::stat_blob`](crate::Source::stat_blob) and [`Target::open_blob`].
pub async fn put(target: &dyn Target, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
    let (mut doubt, mut is_asked_for) = (Doubt::default(), false);
    loop {
        let refusal = match target.put_manifest(repo, manifest, at).await {
            Err(error) if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound) => error,
            put => return put,
        };
        if !is_asked_for {
            is_asked_for = true;
            if ensure(target, repo).await? {
                continue;
            }
        }
        if !doubt.pause(target, repo, manifest, &refusal, &mut 0).await? {
            return Err(refusal);
        }
    }
}

/// Uploads the blob where it is missing, and says whether it was: a HEAD; a POST and a PUT where it is.
///
/// # Errors
/// As [`Source::stat_blob`](crate::Source::stat_blob) and [`Target::open_blob`].
pub async fn ensure(target: &dyn Target, repo: &Repository) -> Result<bool> {
    let empty = descriptor()?;
    match target.stat_blob(repo, &empty.digest).await {
        Err(error) if error.is_not_found() => {
            target.put_blob(repo, &empty, Body::bytes(BYTES)).await?;
            Ok(true)
        }
        // Somebody is uploading it (see `doubt`).
        Err(error) if error.kind() == ErrorKind::Rejected => Ok(false),
        found => found.map(|_| false),
    }
}
