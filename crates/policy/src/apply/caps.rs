//! What registries do when they are told to delete, one preset each.

use std::time::Duration;

use crate::retain::Capabilities;

/// How a tag is taken from a manifest that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagDelete {
    /// The registry does it.
    Native,
    /// By a manifest that is made for it, is given the tag, and is deleted.
    Dummy,
    /// Not at all.
    None,
}

/// What a registry does when it is told to delete.
///
/// | | tag delete | digest delete drops tags | last tag deletes image | compare-and-delete | at once | undo | archive |
/// |---|---|---|---|---|---|---|---|
/// | distribution 3 | yes | yes | no | no | 1 | no | no |
/// | distribution 2 | no | yes | no | no | 1 | no | no |
/// | GHCR | by a dummy | yes (a version) | no | no | 1 | 30 days | no |
/// | Docker Hub | yes | cannot | garbage collected | no | 1 | no | no |
/// | ECR | yes | yes | yes | yes | 100 | no | yes, by its own API |
/// | Harbor | yes | yes (an artifact) | no | no | 1 | no | no |
/// | GAR | yes | with `force` | no | no | 1 | no | no |
/// | ACR | yes | yes | no | no | 1 | a setting, 1 to 90 days | no |
/// | GitLab | yes | cannot | no | no | 1 | no | no |
/// | zot | yes | refused with several tags | no | no | 1 | no | no |
///
/// Sources: the OCI distribution specification, "Content Management"; the `distribution` sources, releases 2.8 and 3; GitHub's
/// REST reference, "Packages"; Docker Hub's API reference; the ECR API reference, `BatchDeleteImage`
/// and `UpdateImageStorageClass`; Harbor's swagger file;
/// the Artifact Registry REST reference; ACR's REST reference; GitLab's API reference, "Container registry"; zot's
/// `pkg/api/routes.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// The kind of registry, for people.
    pub name: &'static str,
    /// How a tag is taken from a manifest that stays.
    pub tag_delete: TagDelete,
    /// Whether a manifest can be deleted by its digest.
    pub digest_delete: bool,
    /// Whether that takes all its tags along. Where not, they have to go first.
    pub digest_delete_drops_tags: bool,
    /// Whether that is refused while it has several tags.
    pub several_tags_refused: bool,
    /// Whether a manifest goes with its last tag.
    pub last_tag_deletes_manifest: bool,
    /// Whether the last manifest that has a tag cannot be deleted.
    pub last_tagged_undeletable: bool,
    /// Whether it refuses to delete what an index names that is there.
    pub needs_parents_first: bool,
    /// Whether it refuses to delete what something is attached to.
    pub needs_referrers_first: bool,
    /// Whether a tag is deleted only while it holds the digest that is named with it, in one step.
    pub compare_and_delete: bool,
    /// How many it takes at once.
    pub batch: usize,
    /// How long what was deleted can be restored.
    pub soft_delete: Option<Duration>,
    /// The most deletes in a minute.
    pub deletes_per_minute: Option<u32>,
    /// With more downloads than this, a public image is not deleted.
    pub undeletable_downloads: Option<u64>,
    /// Whether a manifest can be archived: kept with its tags, and pulled by nobody until it is taken out again.
    pub archives: bool,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Caps {
    /// The CNCF distribution registry, version 3.
    pub const DISTRIBUTION: Self = Self {
        name: "distribution",
        tag_delete: TagDelete::Native,
        digest_delete: true,
        digest_delete_drops_tags: true,
        several_tags_refused: false,
        last_tag_deletes_manifest: false,
        last_tagged_undeletable: false,
        needs_parents_first: false,
        needs_referrers_first: false,
        compare_and_delete: false,
        batch: 1,
        soft_delete: None,
        deletes_per_minute: None,
        undeletable_downloads: None,
        archives: false,
    };
    /// Version 2 of it, which deletes no tag.
    pub const DISTRIBUTION_2: Self = Self { name: "distribution 2", tag_delete: TagDelete::None, ..Self::DISTRIBUTION };
    /// GitHub's registry. A delete costs five of the 900 points of a minute.
    pub const GHCR: Self = Self {
        name: "GitHub Container Registry",
        tag_delete: TagDelete::Dummy,
        last_tagged_undeletable: true,
        soft_delete: Some(DAY.saturating_mul(30)),
        deletes_per_minute: Some(180),
        undeletable_downloads: Some(5000),
        ..Self::DISTRIBUTION
    };
    /// Docker Hub, by its own API: it collects what has no tag.
    pub const DOCKER_HUB: Self = Self { name: "Docker Hub", digest_delete: false, ..Self::DISTRIBUTION };
    /// Amazon ECR.
    pub const ECR: Self = Self {
        name: "Amazon ECR",
        last_tag_deletes_manifest: true,
        needs_parents_first: true,
        compare_and_delete: true,
        batch: 100,
        archives: true,
        ..Self::DISTRIBUTION
    };
    /// Harbor: 412 for what an index names.
    pub const HARBOR: Self = Self { name: "Harbor", needs_parents_first: true, ..Self::DISTRIBUTION };
    /// Google Artifact Registry: errors for dangling tags, parents and referrers.
    pub const GAR: Self = Self {
        name: "Google Artifact Registry",
        digest_delete_drops_tags: false,
        needs_parents_first: true,
        needs_referrers_first: true,
        ..Self::DISTRIBUTION
    };
    /// Azure Container Registry. Its soft delete is a setting of each registry.
    pub const ACR: Self = Self { name: "Azure Container Registry", ..Self::DISTRIBUTION };
    /// GitLab's registry, by its own API: it collects what has no tag.
    pub const GITLAB: Self = Self { name: "GitLab", digest_delete: false, ..Self::DISTRIBUTION };
    /// zot: 405 for what an index names, 409 for what has several tags.
    pub const ZOT: Self =
        Self { name: "zot", several_tags_refused: true, needs_parents_first: true, ..Self::DISTRIBUTION };

    /// All presets.
    pub const ALL: [Self; 10] = [
        Self::DISTRIBUTION,
        Self::DISTRIBUTION_2,
        Self::GHCR,
        Self::DOCKER_HUB,
        Self::ECR,
        Self::HARBOR,
        Self::GAR,
        Self::ACR,
        Self::GITLAB,
        Self::ZOT,
    ];

    /// Whether all tags of a manifest have to go before it can.
    pub(super) fn tags_go_first(&self) -> bool {
        self.compare_and_delete || !self.digest_delete_drops_tags || self.several_tags_refused
    }
}

impl From<Caps> for Capabilities {
    fn from(caps: Caps) -> Self {
        let mut can = Self::OCI;
        can.untag = caps.tag_delete != TagDelete::None;
        can.native_untag = caps.tag_delete == TagDelete::Native;
        can.delete_manifest = caps.digest_delete;
        can.last_tag_deletes_manifest = caps.last_tag_deletes_manifest;
        can.last_tagged_undeletable = caps.last_tagged_undeletable;
        can
    }
}
