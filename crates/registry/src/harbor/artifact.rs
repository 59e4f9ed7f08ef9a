//! `Artifact`: what Harbor calls a manifest (Harbor's API, "Artifact").

use std::time::SystemTime;

use jiff::Timestamp;
use lockage_tagging::{Digest, Tag};
use serde::Deserialize;

use crate::client::api::Call;
use crate::{Error, ErrorKind, Result};

/// A manifest, as Harbor lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// The digest.
    pub digest: Digest,
    /// The media type of the manifest; empty where Harbor does not say.
    pub media_type: String,
    /// The artifact type, where it has one.
    pub artifact_type: Option<String>,
    /// Its bytes with its layers.
    pub size: Option<u64>,
    /// When it was pushed.
    pub pushed_at: Option<SystemTime>,
    /// When it was last pulled.
    pub pulled_at: Option<SystemTime>,
    /// What it names, where it is an index.
    pub children: Vec<Digest>,
    /// All tags that it has.
    pub tags: Vec<ArtifactTag>,
    /// What is attached to it.
    pub accessories: Vec<Accessory>,
}

/// A tag of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactTag {
    /// The tag.
    pub name: Tag,
    /// When it was pushed, or moved.
    pub pushed_at: Option<SystemTime>,
    /// When something was last pulled by it.
    pub pulled_at: Option<SystemTime>,
    /// Whether a rule lets nobody move or delete it.
    pub immutable: bool,
}

/// What is attached to an artifact: a signature, an SBOM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accessory {
    /// Its digest.
    pub digest: Digest,
    /// What Harbor takes it for: `signature.cosign`.
    pub kind: String,
}

/// The document, as far as it is used. Lists that are empty are `null`.
#[derive(Deserialize)]
pub(super) struct Document {
    digest: String,
    #[serde(default)]
    manifest_media_type: String,
    #[serde(default)]
    artifact_type: String,
    size: Option<u64>,
    push_time: Option<Timestamp>,
    pull_time: Option<Timestamp>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    #[serde(deserialize_with = "Option::deserialize")]
    tags: Option<Vec<TagDocument>>,
    #[serde(deserialize_with = "Option::deserialize")]
    accessories: Option<Vec<AccessoryDocument>>,
}

#[derive(Deserialize)]
struct Reference {
    child_digest: String,
}

#[derive(Deserialize)]
struct TagDocument {
    name: String,
    push_time: Option<Timestamp>,
    pull_time: Option<Timestamp>,
    #[serde(default)]
    immutable: bool,
}

#[derive(Deserialize)]
struct AccessoryDocument {
    digest: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl Document {
    pub(super) fn artifact(self, call: &Call) -> Result<Artifact> {
        let of = self.digest.clone();
        let broken = |e| -> Error {
            call.error(ErrorKind::Protocol)
                .with_message(format_args!("a name in artifact {of:?} is none"))
                .with_source(e)
        };
        let tags = self.tags.unwrap_or_default().into_iter().map(|tag| {
            Ok(ArtifactTag {
                name: tag.name.parse().map_err(broken)?,
                pushed_at: time(tag.push_time),
                pulled_at: time(tag.pull_time),
                immutable: tag.immutable,
            })
        });
        let accessories =
            self.accessories.unwrap_or_default().into_iter().map(|accessory| {
                Ok(Accessory { digest: accessory.digest.parse().map_err(broken)?, kind: accessory.kind })
            });
        let children = self.references.unwrap_or_default().into_iter();
        Ok(Artifact {
            digest: self.digest.parse().map_err(broken)?,
            media_type: self.manifest_media_type,
            artifact_type: Some(self.artifact_type).filter(|kind| !kind.is_empty()),
            size: self.size,
            pushed_at: time(self.push_time),
            pulled_at: time(self.pull_time),
            children: children.map(|child| child.child_digest.parse().map_err(broken)).collect::<Result<_>>()?,
            tags: tags.collect::<Result<_>>()?,
            accessories: accessories.collect::<Result<_>>()?,
        })
    }
}

/// Harbor writes the first day of the year 1 for what never happened.
fn time(at: Option<Timestamp>) -> Option<SystemTime> {
    at.filter(|at| *at > Timestamp::UNIX_EPOCH).map(SystemTime::from)
}
