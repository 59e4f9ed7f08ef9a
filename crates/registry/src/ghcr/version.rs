//! `Version`: what GitHub Packages calls a manifest.

use std::time::SystemTime;

use jiff::Timestamp;
use lockage_tagging::{Digest, Tag};
use serde::Deserialize;

use crate::client::api::{Call, Reply};
use crate::{ErrorKind, Result};

/// A manifest, as GitHub Packages lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version {
    /// By what it is deleted and restored. A manifest that is pushed again after it was deleted has another one.
    pub id: u64,
    /// The digest of the manifest.
    pub digest: Digest,
    /// All tags that it has.
    pub tags: Vec<Tag>,
    /// When it was pushed.
    pub created_at: SystemTime,
    /// When it was changed: pushed again, or given a tag.
    pub updated_at: SystemTime,
}

/// The document, as far as it is used. What lacks any of this is no list of versions.
#[derive(Deserialize)]
struct Document {
    id: u64,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    container: Container,
}

#[derive(Deserialize)]
struct Container {
    tags: Vec<String>,
}

/// The versions on a page.
pub(super) fn page(call: &Call, reply: &Reply) -> Result<Vec<Version>> {
    call.read::<Vec<Document>>(reply)?.into_iter().map(|document| version(call, document)).collect()
}

/// The one version that an answer is about.
pub(super) fn one(call: &Call, reply: &Reply) -> Result<Version> {
    version(call, call.read(reply)?)
}

fn version(call: &Call, document: Document) -> Result<Version> {
    let broken = |what: &str, e| {
        call.error(ErrorKind::Protocol)
            .with_message(format_args!("{what:?} of version {} is none", document.id))
            .with_source(e)
    };
    let digest = document.name.parse().map_err(|e| broken("the digest", e))?;
    let tags = document.metadata.container.tags.iter().map(|tag| tag.parse().map_err(|e| broken("a tag", e)));
    Ok(Version {
        id: document.id,
        digest,
        tags: tags.collect::<Result<_>>()?,
        created_at: document.created_at.into(),
        updated_at: document.updated_at.into(),
    })
}
