//! Deletes over HTTP: a manifest by its digest, and a tag without its manifest, which not every registry can
//! (distribution-spec, "Content Management").

use std::sync::Arc;

use lockage_tagging::{Digest, Repository, Tag};
use reqwest::Method;
use serde_json::json;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{TagDeletion, manifests, upload};
use crate::{Body, Descriptor, Error, ErrorKind, Opened, RawManifest, Result, TagOrDigest, digest_of, media_type};

const DELETE_TAG: &str = "delete tag";

/// What the empty descriptor points at (image-spec, "Guidance for an Empty Descriptor").
pub(crate) const EMPTY: &[u8] = b"{}";

/// DELETE by digest.
pub(super) async fn manifest(host: &Arc<HostState>, repo: &Repository, digest: &Digest) -> Result<()> {
    delete(host, "delete manifest", repo, &digest.clone().into()).await
}

/// DELETE of the tag or, where the registry has no such thing, the detour.
pub(super) async fn tag(host: &Arc<HostState>, repo: &Repository, tag: &Tag) -> Result<()> {
    let profile = host.profile();
    let detour = match profile.delete_tag {
        TagDeletion::Native => match delete(host, DELETE_TAG, repo, &tag.clone().into()).await {
            Err(error) if takes_digests_only(&error) => true,
            deleted => return deleted,
        },
        TagDeletion::Detour => true,
        TagDeletion::Unsupported => false,
    };
    if detour {
        return self::detour(host, repo, tag).await;
    }
    Err(Error::new(ErrorKind::Unsupported, DELETE_TAG, TagOrDigest::from(tag.clone()).after(repo))
        .with_message(format_args!("{} deletes no tags by the registry API", profile.name))
        .with_remedy("Delete it by the registry's own interface."))
}

/// Whether the registry said that it deletes manifests by their digests and nothing else: by 405, or by calling the tag a
/// bad digest, as distribution 2 does.
fn takes_digests_only(error: &Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.oci_errors().iter().any(|error| error.code == "DIGEST_INVALID")
}

async fn delete(host: &Arc<HostState>, operation: &'static str, repo: &Repository, what: &TagOrDigest) -> Result<()> {
    let url = host.manifest_url(repo, what);
    let request = Request::new(operation, what.after(repo), Method::DELETE, url, Access::delete(repo));
    match request.send(host).await {
        // An attempt before this one did it, and its answer was lost.
        Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
        deleted => deleted.map(|_| ()),
    }
}

/// Gives the tag to a manifest that is made for it, and deletes that: the tag goes with it, and what the tag held stays.
///
/// Whether the registry deletes manifests at all is found out before the tag is touched. Should it fail in the middle, the
/// tag is given back what it held. Until it is done, whoever pulls the tag gets the manifest that was made for it.
async fn detour(host: &Arc<HostState>, repo: &Repository, tag: &Tag) -> Result<()> {
    let at = TagOrDigest::from(tag.clone());
    let held = manifests::get(host, repo, &at).await?;
    let stand_in = stand_in(tag)?;
    let digest: TagOrDigest = stand_in.digest().clone().into();
    empty_blob(host, repo).await?;
    manifests::put(host, repo, &stand_in, &digest).await?;
    delete(host, DELETE_TAG, repo, &digest).await.map_err(|error| match error.kind() {
        ErrorKind::Unsupported => Error::new(ErrorKind::Unsupported, DELETE_TAG, at.after(repo))
            .with_message("this registry deletes neither tags nor manifests")
            .with_remedy("Enable deletes in the registry's configuration, or delete the tag by its own interface.")
            .with_source(error),
        _ => error,
    })?;
    manifests::put(host, repo, &stand_in, &at).await?;
    let Err(error) = delete(host, DELETE_TAG, repo, &digest).await else { return Ok(()) };
    let kind = error.kind();
    let back = manifests::put(host, repo, &held, &at).await;
    let message = match &back {
        Ok(_) => format!("it holds {} again, since the manifest in its place could not be deleted", held.digest()),
        Err(again) => format!("it held {}, which could not be put back: {again}", held.digest()),
    };
    Err(Error::new(kind, DELETE_TAG, at.after(repo)).with_message(message).with_source(error))
}

/// A manifest that no image has and no other detour makes.
pub(crate) fn stand_in(tag: &Tag) -> Result<RawManifest> {
    let empty = json!({
        "mediaType": media_type::OCI_EMPTY,
        "digest": digest_of(lockage_tagging::Algorithm::Sha256, EMPTY)?,
        "size": EMPTY.len(),
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": media_type::DELETED_TAG,
        "config": empty,
        "layers": [empty],
        "annotations": { "io.lockage.deleted-tag": tag.as_str(), "io.lockage.nonce": format!("{:032x}", fastrand::u128(..)) },
    });
    RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into())
}

async fn empty_blob(host: &Arc<HostState>, repo: &Repository) -> Result<()> {
    let digest = digest_of(lockage_tagging::Algorithm::Sha256, EMPTY)?;
    let blob = Descriptor::new(media_type::OCI_EMPTY, digest, EMPTY.len() as u64);
    match upload::open(host, repo, &blob, None).await? {
        Opened::Present => Ok(()),
        Opened::Upload(session) => session.complete(Body::bytes(EMPTY)).await,
    }
}
