//! `HubTag`: a tag, as Docker Hub lists it (Docker Hub's API, "List repository tags").

use std::time::SystemTime;

use jiff::Timestamp;
use lockage_tagging::{Digest, Tag};
use serde::Deserialize;

use crate::client::api::Call;
use crate::{ErrorKind, Result};

/// A tag with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubTag {
    /// The tag.
    pub name: Tag,
    /// What it holds. Docker Hub does not say so of some old tags.
    pub digest: Option<Digest>,
    /// The media type of the manifest; empty where Docker Hub does not say.
    pub media_type: String,
    /// When it was last pushed.
    pub pushed_at: Option<SystemTime>,
    /// When something was last pulled by it.
    pub pulled_at: Option<SystemTime>,
    /// Its bytes, compressed.
    pub size: Option<u64>,
    /// The image of each platform.
    pub images: Vec<HubImage>,
}

/// The image of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubImage {
    /// Its digest, where Docker Hub says it.
    pub digest: Option<Digest>,
    /// Its bytes, compressed.
    pub size: Option<u64>,
    /// When it was last pushed.
    pub pushed_at: Option<SystemTime>,
    /// When it was last pulled.
    pub pulled_at: Option<SystemTime>,
}

/// A page of the list.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) count: u64,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) next: Option<String>,
    pub(super) results: Vec<Document>,
}

#[derive(Deserialize)]
pub(super) struct Document {
    name: String,
    digest: Option<String>,
    media_type: Option<String>,
    full_size: Option<u64>,
    tag_last_pushed: Option<Timestamp>,
    tag_last_pulled: Option<Timestamp>,
    #[serde(default)]
    images: Option<Vec<Image>>,
}

#[derive(Deserialize)]
struct Image {
    digest: Option<String>,
    size: Option<u64>,
    last_pushed: Option<Timestamp>,
    last_pulled: Option<Timestamp>,
}

impl Document {
    pub(super) fn tag(self, call: &Call) -> Result<HubTag> {
        let name = self.name.clone();
        let broken = |e| {
            call.error(ErrorKind::Protocol).with_message(format_args!("a name in tag {name:?} is none")).with_source(e)
        };
        let digest = |text: Option<String>| {
            text.filter(|text| !text.is_empty()).map(|text| text.parse().map_err(broken)).transpose()
        };
        let images = self.images.unwrap_or_default().into_iter().map(|image| {
            Ok(HubImage {
                digest: digest(image.digest)?,
                size: image.size,
                pushed_at: image.last_pushed.and_then(time),
                pulled_at: image.last_pulled.and_then(time),
            })
        });
        Ok(HubTag {
            name: self.name.parse().map_err(broken)?,
            images: images.collect::<Result<_>>()?,
            digest: digest(self.digest)?,
            media_type: self.media_type.unwrap_or_default(),
            pushed_at: self.tag_last_pushed.and_then(time),
            pulled_at: self.tag_last_pulled.and_then(time),
            size: self.full_size,
        })
    }
}

/// The first day of the year 1 stands for what never happened.
fn time(at: Timestamp) -> Option<SystemTime> {
    (at > Timestamp::UNIX_EPOCH).then(|| at.into())
}
