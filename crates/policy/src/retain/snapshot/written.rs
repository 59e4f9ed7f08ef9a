//! Manifests and tags as a document writes them.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::DigestKey;
use super::fields::{MANIFEST, Spelt, TAG};

/// A manifest, by names that are looked at.
pub(super) struct Row<'a>(pub(super) Written<'a>);

/// A manifest.
#[derive(Deserialize)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    pub(super) digest: Option<Hash<'a>>,
    pub(super) name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) media_type: Option<Text<'a>>,
    #[serde(default)]
    pub(super) artifact_type: Option<Text<'a>>,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) pushed_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) pulled_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) archived_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) activated_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) storage_class: Option<Class>,
    #[serde(default)]
    pub(super) tags: Vec<WrittenTag<'a>>,
    #[serde(default)]
    pub(super) children: Option<Vec<Text<'a>>>,
    #[serde(default)]
    pub(super) child_digests: Option<Vec<Hash<'a>>>,
    #[serde(default)]
    pub(super) subject: Option<Text<'a>>,
    #[serde(default)]
    pub(super) subject_digest: Option<Hash<'a>>,
    #[serde(default)]
    pub(super) resolved: Option<bool>,
    #[serde(default)]
    pub(super) version_name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) no_statistics: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    #[serde(alias = "STANDARD")]
    Standard,
    #[serde(alias = "ARCHIVE")]
    Archive,
}

/// A text, where it can be as it stands in the document.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// What should be a digest.
pub(super) enum Hash<'a> {
    Digest(DigestKey),
    Other(Cow<'a, str>),
}

/// A tag: its name, or its name with its times, by the words of whichever system has them.
pub(super) enum WrittenTag<'a> {
    Name(Text<'a>),
    Row(Box<TagOf<'a>>),
}

#[derive(Deserialize)]
pub(super) struct TagOf<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, alias = "updated_at", alias = "started_at", alias = "pushed_at")]
    pub(super) moved_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) pulled_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) immutable: bool,
    #[serde(default)]
    pub(super) locked: bool,
}

struct AsText;

impl<'de> Visitor<'de> for AsText {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AsText).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Hash<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_str(AsText)?;
        Ok(digest_key(&text).map_or(Self::Other(text), Self::Digest))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WrittenTag<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsTag)
    }
}

struct AsTag;

impl<'de> Visitor<'de> for AsTag {
    type Value = WrittenTag<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag, or an object with its name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(WrittenTag::Name(Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(WrittenTag::Name(Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let map = Spelt(map, &TAG);
        TagOf::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(WrittenTag::Row)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AsRow).map(Self)
    }
}

struct AsRow;

impl<'de> Visitor<'de> for AsRow {
    type Value = Written<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(Spelt(map, &MANIFEST)))
    }
}

impl Text<'_> {
    fn owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl Hash<'_> {
    pub(super) fn key(&self) -> Option<DigestKey> {
        match self {
            Self::Digest(key) => Some(*key),
            Self::Other(_) => None,
        }
    }

    fn owned(self) -> Hash<'static> {
        match self {
            Self::Digest(key) => Hash::Digest(key),
            Self::Other(text) => Hash::Other(Cow::Owned(text.into_owned())),
        }
    }
}

impl WrittenTag<'_> {
    fn owned(self) -> WrittenTag<'static> {
        match self {
            Self::Name(name) => WrittenTag::Name(name.owned()),
            Self::Row(row) => {
                let TagOf { name, moved_at, pulled_at, immutable, locked } = *row;
                WrittenTag::Row(Box::new(TagOf { name: name.owned(), moved_at, pulled_at, immutable, locked }))
            }
        }
    }
}

impl Written<'_> {
    /// What it says of its children: their names, and their digests.
    pub(super) fn children(&self) -> (&[Text<'_>], &[Hash<'_>]) {
        (self.children.as_deref().unwrap_or_default(), self.child_digests.as_deref().unwrap_or_default())
    }

    /// Whether its content is known. An index of which nobody says what is in it has not been read.
    pub(super) fn is_resolved(&self) -> bool {
        let is_told = self.children.is_some() || self.child_digests.is_some();
        let is_index = || self.media_type.as_ref().is_some_and(|text| is_index(&text.0));
        self.resolved.unwrap_or_else(|| is_told || !is_index())
    }

    /// The same, whatever becomes of the document.
    pub(super) fn owned(self) -> Written<'static> {
        Written {
            digest: self.digest.map(Hash::owned),
            name: self.name.map(Text::owned),
            media_type: self.media_type.map(Text::owned),
            artifact_type: self.artifact_type.map(Text::owned),
            size: self.size,
            pushed_at: self.pushed_at,
            pulled_at: self.pulled_at,
            created_at: self.created_at,
            archived_at: self.archived_at,
            activated_at: self.activated_at,
            storage_class: self.storage_class,
            tags: self.tags.into_iter().map(WrittenTag::owned).collect(),
            children: self.children.map(|all| all.into_iter().map(Text::owned).collect()),
            child_digests: self.child_digests.map(|all| all.into_iter().map(Hash::owned).collect()),
            subject: self.subject.map(Text::owned),
            subject_digest: self.subject_digest.map(Hash::owned),
            resolved: self.resolved,
            version_name: self.version_name.map(Text::owned),
            no_statistics: self.no_statistics,
        }
    }
}

pub(super) fn digest_key(text: &str) -> Option<DigestKey> {
    // The common kind, without an allocation.
    if let Some(head) = text.strip_prefix("sha256:").and_then(super::key::half) {
        return Some(DigestKey::sha256(head));
    }
    DigestKey::try_from(&text.parse::<Digest>().ok()?).ok()
}

fn is_index(media_type: &str) -> bool {
    let names =
        ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
    names.contains(&media_type)
}
