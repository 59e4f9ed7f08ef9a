//! `referrers`: what is attached to an image, written so that nothing of others is lost.
//!
//! A manifest with a `subject` is attached to it. A registry with the referrers API enters it by itself; for one without,
//! the client keeps an index under the tag `sha256-<hex>` (distribution-spec, "Referrers Tag Schema"). cosign's older
//! format keeps layers under the tags `sha256-<hex>.sig`, `.att` and `.sbom` instead.
//!
//! Registries have no compare-and-swap, so both kinds of tag are written by one protocol: read, merge, write, wait, read
//! again, and write again whatever somebody else has overwritten, until the tag has been quiet for a while. Entries of
//! others that were seen on the way are kept as well. A process that dies in between, or one that reads, sleeps for longer
//! than the others wait, and then writes, can still undo what they wrote; no client of a registry can rule that out.
//! An entry that somebody deletes while another is being added may come back.
//!
//! ```
//! use lockage_registry::{Memory, RawManifest, Reference, Source, Target, TagOrDigest, media_type, referrers};
//! # futures::executor::block_on(async {
//! let registry = Memory::new("registry.test".parse()?);
//! let app: Reference = "registry.test/app:v1".parse()?;
//! let image = RawManifest::new(media_type::OCI_INDEX, r#"{"manifests":[]}"#.into())?;
//! registry.put_manifest(app.repository(), &image, &TagOrDigest::of(&app)).await?;
//!
//! let note = format!(
//!     r#"{{"manifests":[],"artifactType":"application/vnd.example.note","subject":{{"mediaType":"{}","digest":"{}","size":{}}}}}"#,
//!     image.media_type(), image.digest(), image.bytes().len(),
//! );
//! let note = RawManifest::new(media_type::OCI_INDEX, note.into())?;
//! referrers::attach(&registry, app.repository(), &note).await?;
//! let found = registry.referrers(app.repository(), image.digest(), None).await?;
//! assert_eq!(found[0].artifact_type.as_deref(), Some("application/vnd.example.note"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod index;
mod json;
mod lane;
mod layers;
mod removal;
mod settle;

use lockage_tagging::{Digest, DigestTag, DigestTagKind, Repository, Tag};

use crate::{RawManifest, Result, Stored, TagOrDigest, Target, doubt};

/// What became of a tag that several may write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// What the tag holds now.
    pub digest: Digest,
    /// False where it had everything already, and was not touched.
    pub written: bool,
    /// How many requests it took.
    pub requests: u64,
}

/// Stores a manifest by its digest and sees to it that it is listed among the referrers of its subject.
///
/// One PUT; where the registry has no referrers API, [`enter`] as well. What the manifest points at must be there, and the
/// subject should be.
///
/// # Errors
/// As [`Target::put_manifest`] and [`enter`].
pub async fn attach(target: &dyn Target, repo: &Repository, manifest: &RawManifest) -> Result<Stored> {
    let at = TagOrDigest::Digest(manifest.digest().clone());
    let stored = doubt::put(target, repo, manifest, &at).await?;
    if let Some(subject) = manifest.view()?.subject.filter(|_| !stored.subject_indexed) {
        enter(target, repo, &subject.digest, std::slice::from_ref(manifest)).await?;
    }
    Ok(stored)
}

/// Enters manifests, which are there, into the index under the referrers tag of `subject`, for a registry that has no
/// referrers API (`Stored::subject_indexed` is false).
///
/// Each entry has the artifact type and the annotations of its manifest. What the index has besides is kept as it is,
/// unknown fields included; an entry that is there already is only completed. Only where the registry refuses the index are
/// those entries taken out that dangle. One GET where all are listed; else a GET, a
/// PUT, a quarter of a second and another GET, and more of them while others write, too.
///
/// # Errors
/// [`Contended`](crate::ErrorKind::Contended) where others keep overwriting it; [`Protocol`](crate::ErrorKind::Protocol)
/// where the tag holds something else than an index; [`Invalid`](crate::ErrorKind::Invalid) for a manifest that is not
/// attached to `subject`.
pub async fn enter(
    target: &dyn Target,
    repo: &Repository,
    subject: &Digest,
    manifests: &[RawManifest],
) -> Result<Settled> {
    let tag = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
    let mut index = index::Entries::of(repo, subject, manifests)?;
    settle::settle(target, repo, &tag, &mut index).await
}

/// Takes entries out of the index under the referrers tag of `subject`, after their manifests were deleted and while the
/// subject stays (distribution-spec, "Deleting Manifests"). `None` where the registry has no such tag: then it keeps the list
/// itself, or nothing was ever attached.
///
/// All other entries stay as they are. One GET where none is listed; else as [`enter`].
///
/// # Errors
/// [`Contended`](crate::ErrorKind::Contended) where others keep overwriting it; [`Protocol`](crate::ErrorKind::Protocol)
/// where the tag holds something else than an index.
pub async fn forget(
    target: &dyn Target,
    repo: &Repository,
    subject: &Digest,
    gone: &[Digest],
) -> Result<Option<Settled>> {
    let tag = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
    let mut removal = removal::Removal { place: format!("{repo}@{subject}"), gone };
    match settle::settle(target, repo, &tag, &mut removal).await {
        Err(error) if error.is_not_found() => Ok(None),
        settled => settled.map(Some),
    }
}

/// Brings the layers of `manifest` under `tag`, beside those that the tag has already: for the tags of cosign, whose
/// layers are the signatures.
///
/// A layer is the same where digest and annotations are. Where one side has all layers of the other, its manifest is kept
/// as it is, under its digest; else a new one has the tag's layers first, a config to match, and the annotations of both.
/// The blobs of `manifest` must be there. Costs as [`enter`], and the reading of two configs and the writing of one where
/// a manifest has to be made.
///
/// # Errors
/// [`Contended`](crate::ErrorKind::Contended) where others keep overwriting it;
/// [`Unsupported`](crate::ErrorKind::Unsupported) where the two cannot be merged: an index, or configs of other types.
pub async fn merge(target: &dyn Target, repo: &Repository, tag: &Tag, manifest: &RawManifest) -> Result<Settled> {
    let mut layers = layers::Layers::of(target, repo, tag, manifest.clone());
    settle::settle(target, repo, tag, &mut layers).await
}

/// Whether `held` has every layer of `wanted`, so that [`merge`] would leave it as it is.
///
/// # Errors
/// As [`RawManifest::view`].
pub fn covers(held: &RawManifest, wanted: &RawManifest) -> Result<bool> {
    layers::covers(held, wanted)
}
