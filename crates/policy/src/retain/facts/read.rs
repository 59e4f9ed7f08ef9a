//! Facts of a document. One that can name nothing protects nothing, so it is refused.

use std::fmt;

use lockage_tagging::Tag;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Facts, Held, Running};

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Facts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with facts")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Facts, A::Error> {
        let facts = Facts::deserialize(MapAccessDeserializer::new(map))?;
        match facts.nameless() {
            Some((place, text, what)) => Err(A::Error::custom(format_args!("{place}: {text:?} names no {what}"))),
            None => Ok(facts),
        }
    }
}

const TAG: &str = "tag: write repository:tag, as the snapshot has them";
const REPOSITORY: &str = "repository: write its name, without a tag or a digest";

impl Facts {
    /// The first that can name nothing: its place, its text, and what that should be.
    fn nameless(&self) -> Option<(String, &str, &'static str)> {
        let used = self.in_use.iter().enumerate().filter_map(|(place, used)| match &used.what {
            Running::Tag(tag) if !is_tag(tag) => Some((format!("in_use[{place}]"), tag.as_str(), TAG)),
            Running::Tag(_) | Running::Digest(_) | Running::Alone(_) => None,
        });
        let held = self.holds.iter().enumerate().filter_map(|(place, hold)| match &hold.scope {
            Held::Tag(tag) if !is_tag(tag) => Some((format!("holds[{place}]"), tag.as_str(), TAG)),
            Held::Repositories(glob) if !is_repository(glob.as_str()) => {
                Some((format!("holds[{place}]"), glob.as_str(), REPOSITORY))
            }
            Held::Tag(_) | Held::Repositories(_) | Held::Digest(_) => None,
        });
        let seen = self.seen.iter().enumerate().filter(|(_, seen)| !is_tag(&seen.tag));
        let seen = seen.map(|(place, seen)| (format!("seen[{place}]"), seen.tag.as_str(), TAG));
        used.chain(held).chain(seen).next()
    }
}

/// Whether a text can be `repository:tag`.
fn is_tag(text: &str) -> bool {
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(repository, tag)| is_repository(repository) && tag.parse::<Tag>().is_ok())
}

/// Whether a text can be the name of a repository, or a pattern of such names. A port is before its first `/`.
fn is_repository(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or_default();
    !last.is_empty() && !last.contains(':') && !text.contains(|one: char| one == '@' || one.is_whitespace())
}
