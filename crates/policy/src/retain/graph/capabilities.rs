//! What a registry can do with tags and manifests.

use serde::{Deserialize, Serialize};

/// What a registry can do with tags and manifests. What it cannot do is not planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whether a tag can be taken from a manifest that stays, be it by way of a manifest made for that.
    pub untag: bool,
    /// Whether the registry is known to do that itself, and not by way of another manifest. Where not, no tag is taken
    /// in a repository of which not everything is known.
    pub native_untag: bool,
    /// Whether a manifest can be deleted.
    pub delete_manifest: bool,
    /// Whether a manifest goes with its last tag.
    pub last_tag_deletes_manifest: bool,
    /// Whether the last manifest that has a tag cannot be deleted.
    pub last_tagged_undeletable: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::OCI
    }
}

impl Capabilities {
    /// A registry that has what the OCI distribution specification says.
    pub const OCI: Self = Self {
        untag: true,
        native_untag: true,
        delete_manifest: true,
        last_tag_deletes_manifest: false,
        last_tagged_undeletable: false,
    };
    /// The GitHub container registry: a tag goes by way of a manifest made for that.
    pub const GHCR: Self = Self { native_untag: false, last_tagged_undeletable: true, ..Self::OCI };
    /// Amazon ECR.
    pub const ECR: Self = Self { last_tag_deletes_manifest: true, ..Self::OCI };
    /// Docker Hub, which collects what has no tag by itself.
    pub const DOCKER_HUB: Self = Self { delete_manifest: false, ..Self::OCI };
    /// docker-registry 2, which deletes no tag.
    pub const DOCKER_REGISTRY_2: Self = Self { untag: false, native_untag: false, ..Self::OCI };

    /// Where it is not known whether the registry takes tags itself, as the specification lets it choose.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.native_untag = false;
        self
    }

    /// Without the way to take a tag from a manifest that stays, where a policy says `untag: never`.
    #[must_use]
    pub fn without_untag(mut self) -> Self {
        self.untag = false;
        self
    }
}
