//! What is taken out of the index under a referrers tag.

use async_trait::async_trait;
use lockage_tagging::Digest;
use serde_json::value::RawValue;

use super::json::Object;
use super::settle::Keep;
use crate::{Content, Descriptor, Error, ErrorKind, RawManifest, Result};

/// The entries that have to go from the index. All others stay as they are, those included that come meanwhile.
#[derive(Debug)]
pub(super) struct Removal<'a> {
    pub(super) place: String,
    pub(super) gone: &'a [Digest],
}

#[async_trait]
impl Keep for Removal<'_> {
    async fn lacking(&mut self, held: Option<&RawManifest>) -> Result<Option<RawManifest>> {
        let error = |kind| Error::new(kind, "keep the referrers of", &self.place);
        // There is nothing to take out: whoever asked for it finds that out by this error.
        let held = held.ok_or_else(|| error(ErrorKind::NotFound))?;
        if !matches!(held.view()?.content, Content::Index { .. }) {
            return Err(error(ErrorKind::Protocol).with_message("its referrers tag holds an image and no index"));
        }
        let unreadable = |e| {
            error(ErrorKind::Protocol).with_message("its referrers tag holds no index that can be read").with_source(e)
        };
        let mut document: Object = serde_json::from_slice(held.bytes()).map_err(unreadable)?;
        let entries = document.get("manifests").map_or("[]", RawValue::get);
        let entries: Vec<Box<RawValue>> = serde_json::from_str(entries).map_err(unreadable)?;
        let mut left = Vec::with_capacity(entries.len());
        for entry in &entries {
            let descriptor: Descriptor = serde_json::from_str(entry.get()).map_err(unreadable)?;
            if !self.gone.contains(&descriptor.digest) {
                left.push(entry);
            }
        }
        if left.len() == entries.len() {
            return Ok(None);
        }
        document.set("manifests", &left).map_err(unreadable)?;
        let bytes = serde_json::to_vec(&document).map_err(unreadable)?;
        RawManifest::new(held.media_type(), bytes.into()).map(Some)
    }
}
