//! Media types that a registry knows (image-spec "Media Types", Docker "Image Manifest Version 2, Schema 2").

/// An OCI image index: a list of manifests.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI image manifest: a config and layers.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// An OCI layer, as tar.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// An OCI layer, as tar and gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// The empty configuration of an artifact: the two bytes `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The artifact type of what holds a tag for a moment while the client deletes it, where a registry deletes no tags but with
/// their manifests: who finds it looks at a tag that is as good as gone.
pub const DELETED_TAG: &str = "application/vnd.lockage.deleted-tag.v1";
/// The artifact manifest of a withdrawn draft, still found in registries.
pub const OCI_ARTIFACT_MANIFEST: &str = "application/vnd.oci.artifact.manifest.v1+json";
/// Docker's manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest, schema 1, which no digest-preserving copy can carry.
pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
/// Docker's manifest, schema 1, signed.
pub const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// The manifests that a request for one should accept, most wanted first. Schema 1 is among them so that a registry
/// that has only that says so, rather than converting or hiding it.
pub const MANIFESTS: [&str; 7] = [
    OCI_INDEX,
    OCI_MANIFEST,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_ARTIFACT_MANIFEST,
    DOCKER_SCHEMA1_SIGNED,
    DOCKER_SCHEMA1,
];

/// The type without its parameters: `a/b; charset=utf-8` is `a/b`.
#[must_use]
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type).trim()
}

/// True for an index or a manifest list.
#[must_use]
pub fn is_index(media_type: &str) -> bool {
    matches!(essence(media_type), OCI_INDEX | DOCKER_LIST)
}

/// True for whatever is stored as a manifest, and so is fetched and put as one.
#[must_use]
pub fn is_manifest(media_type: &str) -> bool {
    MANIFESTS.contains(&essence(media_type))
}

/// True for the withdrawn schema 1.
#[must_use]
pub fn is_schema1(media_type: &str) -> bool {
    matches!(essence(media_type), DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED)
}

/// True for layers that a registry need not hold, because their licence forbids it to distribute them.
#[must_use]
pub fn is_nondistributable(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.starts_with("application/vnd.oci.image.layer.nondistributable.")
        || essence.starts_with("application/vnd.docker.image.rootfs.foreign.")
}
