//! `Manifest`: what a manifest says, read-only.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::{Descriptor, Error, ErrorKind, Result, json, media_type};

/// A parsed manifest: a view of a [`RawManifest`](super::RawManifest)'s bytes, never written back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// The `mediaType` field, which OCI lets a manifest leave out.
    pub media_type: Option<String>,
    /// What kind of artifact this is.
    pub artifact_type: Option<String>,
    /// The manifest that this one is attached to.
    pub subject: Option<Descriptor>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it points at.
    pub content: Content,
}

/// What a manifest points at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// An index or manifest list: other manifests, and rarely blobs.
    Index {
        /// The entries, in order.
        manifests: Vec<Descriptor>,
    },
    /// An image or an artifact packed as one: a config and layers.
    Image {
        /// The configuration.
        config: Box<Descriptor>,
        /// The layers, lowest first.
        layers: Vec<Descriptor>,
    },
    /// The artifact manifest of a withdrawn draft: blobs.
    Artifact {
        /// The blobs.
        blobs: Vec<Descriptor>,
    },
}

impl Manifest {
    /// Reads the structure from the bytes of `subject`, as errors call it.
    pub(super) fn parse(bytes: &[u8], subject: &dyn fmt::Display) -> Result<Self> {
        let rejected = |why: &str| rejected(subject, why);
        let fields: Fields =
            json::document(bytes).map_err(|e| rejected("not the JSON of a manifest").with_source(e))?;
        if fields.schema_version == Some(1) || fields.fs_layers.is_some() {
            return Err(schema1(subject));
        }
        let content = match (fields.manifests, fields.config, fields.layers, fields.blobs) {
            (Some(manifests), None, None, None) => Content::Index { manifests },
            (None, Some(config), Some(layers), None) => Content::Image { config: Box::new(config), layers },
            (None, None, None, blobs) if fields.media_type.as_deref() == Some(media_type::OCI_ARTIFACT_MANIFEST) => {
                Content::Artifact { blobs: blobs.unwrap_or_default() }
            }
            (Some(_), ..) => {
                return Err(rejected("ambiguous: it has `manifests` beside `config`, `layers` or `blobs`"));
            }
            _ => return Err(rejected("neither an index (`manifests`) nor an image (`config` and `layers`)")),
        };
        Ok(Self {
            media_type: fields.media_type.filter(|name| !name.is_empty()),
            artifact_type: fields.artifact_type.filter(|name| !name.is_empty()),
            subject: fields.subject,
            annotations: fields.annotations.unwrap_or_default(),
            content,
        })
    }

    /// The manifests that an index lists; none for other manifests. An index may list a blob too, which is not among
    /// them.
    #[must_use]
    pub fn children(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Index { manifests } => manifests.iter().filter(|entry| !is_blob(entry)).collect(),
            _ => Vec::new(),
        }
    }

    /// The blobs that this manifest itself needs: config and layers, without those that a registry need not hold.
    #[must_use]
    pub fn blobs(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Index { manifests } => manifests.iter().filter(|entry| is_blob(entry)).collect(),
            Content::Image { config, layers } => std::iter::once(&**config)
                .chain(layers.iter().filter(|layer| !media_type::is_nondistributable(&layer.media_type)))
                .collect(),
            Content::Artifact { blobs } => blobs.iter().collect(),
        }
    }

    /// The artifact type by which referrers are listed and filtered: the field, or the config's media type
    /// (distribution-spec, "Listing Referrers").
    #[must_use]
    pub fn effective_artifact_type(&self) -> Option<&str> {
        match (&self.artifact_type, &self.content) {
            (Some(kind), _) => Some(kind),
            (None, Content::Image { config, .. }) => Some(&config.media_type),
            (None, _) => None,
        }
    }
}

/// An entry of an index whose type is known and is no manifest, as the image-spec allows and build caches do.
fn is_blob(entry: &Descriptor) -> bool {
    !entry.media_type.is_empty() && !media_type::is_manifest(&entry.media_type)
}

pub(super) fn schema1(subject: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, "read manifest", subject)
        .with_message("a Docker schema 1 manifest, whose bytes a registry may rewrite")
        .with_remedy("Pull and push the image once with a current docker, which makes it schema 2; then promote that.")
        .with_code("MANIFEST_INVALID", "schema 1 is not supported")
}

fn rejected(subject: impl fmt::Display, why: &str) -> Error {
    Error::new(ErrorKind::Rejected, "read manifest", subject).with_message(why).with_code("MANIFEST_INVALID", why)
}

/// The fields that tell what a manifest is; everything else in it is ignored, and kept in the bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    blobs: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
    fs_layers: Option<serde::de::IgnoredAny>,
}
