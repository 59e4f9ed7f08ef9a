//! A document with its seal as an artifact in a repository: the document is the config, the seal the first layer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use futures_timer::Delay;
use lockage_registry::{
    Algorithm, Body, Descriptor, RawManifest, Repository, Source, SourceExt as _, TagOrDigest, Target, TargetExt as _,
    digest_of, media_type,
};
use serde::{Deserialize, Serialize};

use crate::pipeline::approval::Sealed;

/// What is no larger stands in the manifest as well, so that readers need one request and not three.
const EMBEDDED: usize = 16 * 1024;

/// So often what is listed is looked for: for about a second.
const LOOKS: u32 = 4;

/// The largest document or seal that is read, in bytes.
pub(super) const LIMIT: u64 = 4 * 1024 * 1024;

/// A document, its seal, and what belongs to it.
#[derive(Debug)]
pub(in crate::ledger) struct Artifact {
    /// The media type of the document, and the artifact's type.
    pub(in crate::ledger) kind: &'static str,
    pub(in crate::ledger) document: Bytes,
    pub(in crate::ledger) sealed: Sealed,
    /// Further content, which is there already or is `put` beside.
    pub(in crate::ledger) pieces: Vec<Descriptor>,
}

/// Why what is under a tag is no such artifact.
pub(in crate::ledger) type Malformed = String;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: String,
    artifact_type: String,
    config: Piece,
    layers: Vec<Piece>,
}

/// A descriptor that may have its content in it (image-spec, "Embedded Content").
#[derive(Serialize, Deserialize)]
struct Piece {
    #[serde(flatten)]
    descriptor: Descriptor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// Stores the content and gives the manifest, which has yet to be put under its tag: two requests for each of the two pieces,
/// one where it is there already.
pub(super) async fn upload(
    target: &dyn Target,
    repo: &Repository,
    artifact: Artifact,
) -> lockage_registry::Result<RawManifest> {
    let Artifact { kind, document, sealed, pieces } = artifact;
    let (config, seal) = futures::try_join!(
        put(target, repo, kind, document.clone()),
        put(target, repo, &sealed.media_type, sealed.bytes.clone())
    )?;
    let with = |descriptor: Descriptor, bytes: &Bytes| Piece {
        descriptor,
        data: (bytes.len() <= EMBEDDED).then(|| STANDARD.encode(bytes)),
    };
    let mut layers = vec![with(seal, &sealed.bytes)];
    layers.extend(pieces.into_iter().map(|descriptor| Piece { descriptor, data: None }));
    let manifest = Manifest {
        schema_version: 2,
        media_type: media_type::OCI_MANIFEST.to_owned(),
        artifact_type: kind.to_owned(),
        config: with(config, &document),
        layers,
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|error| {
        lockage_registry::Error::new(lockage_registry::ErrorKind::Invalid, "write", repo).with_source(error)
    })?;
    RawManifest::new(media_type::OCI_MANIFEST, bytes.into())
}

pub(super) async fn put(
    target: &dyn Target,
    repo: &Repository,
    kind: &str,
    bytes: Bytes,
) -> lockage_registry::Result<Descriptor> {
    let digest = digest_of(Algorithm::Sha256, &bytes)?;
    let descriptor = Descriptor::new(kind, digest, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    target.put_blob(repo, &descriptor, Body::bytes(bytes)).await?;
    Ok(descriptor)
}

/// Reads what is under a tag: one request where all of it stands in the manifest, and one more for each piece that does not.
pub(in crate::ledger) async fn get(
    source: &dyn Source,
    repo: &Repository,
    at: &TagOrDigest,
    kind: &'static str,
) -> lockage_registry::Result<Result<Artifact, Malformed>> {
    let manifest = match manifest(source, repo, at).await? {
        Ok(manifest) => manifest,
        Err(why) => return Ok(Err(why)),
    };
    if manifest.artifact_type != kind || manifest.config.descriptor.media_type != kind {
        return Ok(Err(format!("it is of another kind: {:?}", manifest.artifact_type)));
    }
    let mut layers = manifest.layers.into_iter();
    let Some(seal) = layers.next() else { return Ok(Err("it has no seal".to_owned())) };
    let pieces = layers.map(|piece| piece.descriptor).collect();
    let media_type = seal.descriptor.media_type.clone();
    let document = match open(source, repo, manifest.config).await? {
        Ok(document) => document,
        Err(why) => return Ok(Err(why)),
    };
    Ok(open(source, repo, seal).await?.map(|seal| Artifact {
        kind,
        document,
        sealed: Sealed::new(media_type, seal),
        pieces,
    }))
}

/// The content of what is under a tag that its manifest has as well, read where it belongs; or why it will not do.
pub(super) async fn content(
    source: &dyn Source,
    repo: &Repository,
    at: &TagOrDigest,
) -> lockage_registry::Result<Result<(), Malformed>> {
    let Ok(manifest) = manifest(source, repo, at).await? else { return Ok(Ok(())) };
    let embedded = [Some(manifest.config), manifest.layers.into_iter().next()].into_iter().flatten();
    for piece in embedded.filter(|piece| piece.data.is_some()) {
        if let Err(why) = blob(source, repo, &piece.descriptor, LIMIT).await? {
            return Ok(Err(why));
        }
    }
    Ok(Ok(()))
}

async fn manifest(
    source: &dyn Source,
    repo: &Repository,
    at: &TagOrDigest,
) -> lockage_registry::Result<Result<Manifest, Malformed>> {
    let raw = match listed(source, repo, at).await {
        Ok(Some(raw)) => raw,
        Ok(None) => return Ok(Err("it is listed, and not there".to_owned())),
        Err(error) => return changed(error).map(Err),
    };
    Ok(serde_json::from_slice(raw.bytes()).map_err(|error| format!("its manifest cannot be read: {error}")))
}

/// Why what the registry has will not do, where asking it again cannot help.
fn changed(error: lockage_registry::Error) -> lockage_registry::Result<Malformed> {
    use lockage_registry::ErrorKind::{DigestMismatch, SizeMismatch, TooLarge};
    match error.kind() {
        DigestMismatch | SizeMismatch => Ok("its manifest was changed".to_owned()),
        TooLarge => Ok("its manifest is larger than any manifest".to_owned()),
        _ => Err(error),
    }
}

/// What is under a tag that is listed. Registries list a tag a moment before it can be read (docker-registry makes its folder
/// first), so what is not there is looked for again.
async fn listed(
    source: &dyn Source,
    repo: &Repository,
    at: &TagOrDigest,
) -> lockage_registry::Result<Option<RawManifest>> {
    for look in 1..=LOOKS {
        match source.manifest(repo, at).await {
            Err(error) if error.is_not_found() => Delay::new(Duration::from_millis(30) * look * look).await,
            found => return found.map(Some),
        }
    }
    Ok(None)
}

async fn open(
    source: &dyn Source,
    repo: &Repository,
    piece: Piece,
) -> lockage_registry::Result<Result<Bytes, Malformed>> {
    let Piece { descriptor, data } = piece;
    let Some(data) = data else { return blob(source, repo, &descriptor, LIMIT).await };
    let Ok(bytes) = STANDARD.decode(data) else { return Ok(Err("what its manifest holds is no base64".to_owned())) };
    let is_it = digest_of(descriptor.digest.algorithm(), &bytes)? == descriptor.digest;
    Ok(if is_it { Ok(bytes.into()) } else { Err("what its manifest holds is not what its digest says".to_owned()) })
}

/// A piece of content; or why it will not do, where the registry cannot help it.
pub(in crate::ledger) async fn blob(
    source: &dyn Source,
    repo: &Repository,
    descriptor: &Descriptor,
    limit: u64,
) -> lockage_registry::Result<Result<Bytes, Malformed>> {
    use lockage_registry::ErrorKind::{DigestMismatch, NotFound, SizeMismatch, TooLarge};
    match source.read_blob(repo, descriptor, limit).await {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error) => match error.kind() {
            NotFound => Ok(Err(format!("its content {} is not there", descriptor.digest))),
            DigestMismatch | SizeMismatch => Ok(Err(format!("its content {} was changed", descriptor.digest))),
            TooLarge => Ok(Err(format!("it has {} bytes", descriptor.size))),
            _ => Err(error),
        },
    }
}

/// All tags of the repository, of which there are none where there is no such repository.
pub(in crate::ledger) async fn tags(
    source: &dyn Source,
    repo: &Repository,
) -> lockage_registry::Result<Vec<lockage_registry::Tag>> {
    match source.tags(repo).try_collect().await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        listed => listed,
    }
}

/// So many requests of one reader are under way at once; what a host may bear is for its client to keep.
const AT_ONCE: usize = 16;

/// Does `each` for all, in order, some at once.
pub(in crate::ledger) fn at_once<'a, T, F>(
    all: impl IntoIterator<Item = F> + Send + 'a,
) -> impl stream::Stream<Item = T> + 'a
where
    F: Future<Output = T> + Send + 'a,
    T: Send + 'a,
{
    stream::iter(all.into_iter().collect::<Vec<_>>()).buffered(AT_ONCE)
}
