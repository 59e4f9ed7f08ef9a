//! Images that are made up: an index of two platforms.

use bytes::Bytes;
use lockage_registry::{
    Algorithm, Descriptor, Digest, Error, ErrorKind, Memory, NameError, RawManifest, Repository, Tag, TagOrDigest,
    Target as _, TargetExt as _, digest_of, media_type,
};
use serde_json::json;

use super::Build;
use crate::pipeline::{Name, PromoteError};

pub(super) async fn push(
    registry: &Memory,
    repository: &Repository,
    build: &Build,
    tags: &[Tag],
) -> Result<Digest, PromoteError> {
    let mut children = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let mut labels = json!({ "org.opencontainers.image.revision": build.commit() });
        if let (Some(version), Some(labels)) = (&build.version, labels.as_object_mut()) {
            labels.insert("org.opencontainers.image.version".to_owned(), version.as_str().into());
        }
        let config =
            json!({ "os": "linux", "architecture": architecture, "config": { "Labels": labels, "User": "65532" } });
        let config = blob(registry, repository, media_type::OCI_CONFIG, config.to_string()).await?;
        let layer = format!("build {} for {architecture}", build.number);
        let layer = blob(registry, repository, media_type::OCI_LAYER, layer).await?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer],
        });
        let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into())?;
        registry.put_manifest(repository, &raw, &TagOrDigest::Digest(raw.digest().clone())).await?;
        children.push(json!({
            "mediaType": media_type::OCI_MANIFEST, "digest": raw.digest(), "size": raw.bytes().len(),
            "platform": { "os": "linux", "architecture": architecture },
        }));
    }
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": children });
    let index = RawManifest::new(media_type::OCI_INDEX, index.to_string().into())?;
    for tag in tags {
        registry.put_manifest(repository, &index, &TagOrDigest::Tag(tag.clone())).await?;
    }
    Ok(index.digest().clone())
}

async fn blob(
    registry: &Memory,
    repository: &Repository,
    media_type: &str,
    text: String,
) -> Result<Descriptor, PromoteError> {
    let bytes = Bytes::from(text);
    let descriptor = Descriptor::new(media_type, digest_of(Algorithm::Sha256, &bytes)?, bytes.len() as u64);
    registry.put_blob(repository, &descriptor, bytes.into()).await?;
    Ok(descriptor)
}

/// A name for questions that do not depend on the image.
pub(super) fn any_name() -> Result<Name, PromoteError> {
    let place = "simulation".to_owned();
    "app".parse().map_err(|problem| crate::pipeline::GraphError::Name { place, problem }.into())
}

pub(super) fn invalid(error: NameError) -> PromoteError {
    Error::new(ErrorKind::Invalid, "name", "a build").with_source(error).into()
}
