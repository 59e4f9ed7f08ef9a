//! Deletes over HTTP: a manifest by its digest, and a tag without its manifest, which not every registry can
//! (distribution-spec, "Content Management").

use std::sync::Arc;

use lockage_tagging::{Digest, Repository, Tag};
use reqwest::Method;
use serde_json::json;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{Client, TagDeletion, manifests};
use crate::{Error, ErrorKind, RawManifest, Result, TagOrDigest, empty, media_type};

const DELETE_TAG: &str = "delete tag";

/// How often a tag is given to what goes with it, where the registry loses its way in between.
const TURNS: u32 = 5;

/// Which attempt has deleted something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deleted {
    Now,
    /// One that failed, or whose answer was lost: whether the registry came to its end is not known.
    Before,
}

/// DELETE by digest.
pub(super) async fn manifest(host: &Arc<HostState>, repo: &Repository, digest: &Digest) -> Result<()> {
    delete(host, "delete manifest", repo, &digest.clone().into()).await.map(|_| ())
}

/// DELETE of the tag or, where the registry has no such thing, the detour.
pub(super) async fn tag(client: &Client, host: &Arc<HostState>, repo: &Repository, tag: &Tag) -> Result<()> {
    let profile = host.profile();
    let detour = match profile.delete_tag {
        TagDeletion::Native => match delete(host, DELETE_TAG, repo, &tag.clone().into()).await {
            Err(error) if takes_digests_only(&error) => true,
            deleted => return deleted.map(|_| ()),
        },
        TagDeletion::Detour => true,
        TagDeletion::Unsupported => false,
    };
    if detour {
        return self::detour(client, host, repo, tag).await;
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

async fn delete(
    host: &Arc<HostState>,
    operation: &'static str,
    repo: &Repository,
    what: &TagOrDigest,
) -> Result<Deleted> {
    let url = host.manifest_url(repo, what);
    let request = Request::new(operation, what.after(repo), Method::DELETE, url, Access::delete(repo));
    match request.send(host).await {
        // An attempt before this one did it, and its answer was lost.
        Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(Deleted::Before),
        deleted => deleted.map(|_| Deleted::Now),
    }
}

/// Gives the tag to a manifest that is made for it, and deletes that: the tag goes with it, and what the tag held stays.
///
/// Whether the registry deletes manifests at all is found out before the tag is touched. Should it fail in the middle, the
/// tag is given back what it held. Until it is done, whoever pulls the tag gets the manifest that was made for it.
///
/// docker-registry deletes a manifest first and looks for its tags then, and fails over any tag that is written meanwhile: the
/// tag stays, and nothing is behind it. So a delete that failed on the way is done again from the tag on.
async fn detour(client: &Client, host: &Arc<HostState>, repo: &Repository, tag: &Tag) -> Result<()> {
    let at = TagOrDigest::from(tag.clone());
    let held = manifests::get(host, repo, &at).await?;
    let stand_in = stand_in(tag)?;
    let digest: TagOrDigest = stand_in.digest().clone().into();
    empty::put(client, repo, &stand_in, &digest).await?;
    delete(host, DELETE_TAG, repo, &digest).await.map_err(|error| match error.kind() {
        ErrorKind::Unsupported => Error::new(ErrorKind::Unsupported, DELETE_TAG, at.after(repo))
            .with_message("this registry deletes neither tags nor manifests")
            .with_remedy("Enable deletes in the registry's configuration, or delete the tag by its own interface.")
            .with_source(error),
        _ => error,
    })?;
    let mut turns = 0;
    let error = loop {
        turns += 1;
        empty::put(client, repo, &stand_in, &at).await?;
        match delete(host, DELETE_TAG, repo, &digest).await {
            Ok(Deleted::Before) if turns < TURNS => {}
            Ok(_) => return Ok(()),
            Err(error) => break error,
        }
    };
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
    let empty = empty::descriptor()?;
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
