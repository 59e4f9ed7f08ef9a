//! An entry of `index.json`: what it means to a registry, and the JSON that it was.

use lockage_tagging::{Digest, Reference, Tag};
use serde_json::{Map, Value};

use crate::Descriptor;

/// The tag (image-spec, "Pre-Defined Annotation Keys"), or what some tools write there: a whole reference.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The whole reference, by containerd and docker.
const IMAGE_NAME: &str = "io.containerd.image.name";

/// One entry. Only the fields that are set here are changed in it, whoever wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    json: Map<String, Value>,
    digest: Option<Digest>,
    tag: Option<Tag>,
}

impl Entry {
    pub(super) fn new(manifest: &Descriptor, tag: Option<&Tag>) -> Self {
        let mut entry = Self { json: Map::new(), digest: Some(manifest.digest.clone()), tag: None };
        entry.json.insert("digest".to_owned(), manifest.digest.as_str().into());
        entry.describe(manifest);
        if let Some(tag) = tag {
            entry.name(tag);
        }
        entry
    }

    /// Reads an entry; `None` where it is no descriptor.
    pub(super) fn read(json: Value) -> Option<Self> {
        let Value::Object(json) = json else { return None };
        // A digest of an algorithm that is not known here is no damage: nothing can ask for it.
        let digest = json.get("digest")?.as_str()?.parse().ok();
        let mut entry = Self { json, digest, tag: None };
        entry.tag = entry.read_tag();
        Some(entry)
    }

    pub(super) fn json(&self) -> Value {
        Value::Object(self.json.clone())
    }

    /// What it points at, unless that is named in a way that is not known here.
    pub(super) fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    pub(super) fn points_at(&self, digest: &Digest) -> bool {
        self.digest.as_ref() == Some(digest)
    }

    pub(super) fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// True where the annotation is the tag itself, as the specification has it.
    pub(super) fn is_plain(&self) -> bool {
        self.tag.as_ref().is_some_and(|tag| self.annotation(REF_NAME) == Some(tag.as_str()))
    }

    /// True where nothing names it: not a tag, and not what else another tool may have written.
    pub(super) fn is_nameless(&self) -> bool {
        self.annotation(REF_NAME).is_none() && self.annotation(IMAGE_NAME).is_none()
    }

    /// True where it says no more than that there is this manifest.
    pub(super) fn is_bare(&self) -> bool {
        self.json.keys().all(|key| matches!(key.as_str(), "mediaType" | "digest" | "size"))
    }

    /// The media type, where it has one.
    pub(super) fn media_type(&self) -> Option<&str> {
        self.json.get("mediaType").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// Takes over media type and size.
    pub(super) fn describe(&mut self, manifest: &Descriptor) {
        self.json.insert("mediaType".to_owned(), manifest.media_type.as_str().into());
        self.json.insert("size".to_owned(), manifest.size.into());
    }

    /// Makes it the entry of `tag`.
    pub(super) fn name(&mut self, tag: &Tag) {
        let annotations = self.json.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        if !annotations.is_object() {
            *annotations = Value::Object(Map::new());
        }
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(REF_NAME.to_owned(), tag.as_str().into());
        }
        self.tag = Some(tag.clone());
    }

    /// Makes it the entry of no tag.
    pub(super) fn unname(&mut self) {
        if let Some(annotations) = self.json.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(REF_NAME);
            annotations.remove(IMAGE_NAME);
            if annotations.is_empty() {
                self.json.remove("annotations");
            }
        }
        self.tag = None;
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.json.get("annotations")?.get(key)?.as_str()
    }

    fn read_tag(&self) -> Option<Tag> {
        let named = |key| self.annotation(key);
        let of_reference = |text: &str| text.parse::<Reference>().ok().and_then(|reference| reference.tag().cloned());
        let plain = named(REF_NAME).and_then(|text| text.parse().ok());
        plain.or_else(|| named(REF_NAME).and_then(of_reference)).or_else(|| named(IMAGE_NAME).and_then(of_reference))
    }
}
