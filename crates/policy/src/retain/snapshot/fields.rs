//! Fields that keep something, and what is written where one of them was meant: a document may say more than is read, but a
//! protection that is not read for its spelling would be none.

use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;

/// The fields of one kind of object.
pub(super) struct Fields {
    /// Those that are read.
    known: &'static [&'static str],
    /// Those of them without which more may go than with them.
    keep: &'static [&'static str],
}

pub(super) const DOCUMENT: Fields =
    Fields { known: &["repositories", "complete", "taken_at"], keep: &["repositories", "complete"] };

pub(super) const REPOSITORY: Fields =
    Fields { known: &["name", "manifests", "complete", "tracks_pulls"], keep: &["name", "manifests", "complete"] };

/// Without its name, a manifest is not found by the index that names it so; without a time of pull it may count as never
/// pulled; a version without a name is not kept by it.
pub(super) const MANIFEST: Fields = Fields {
    known: &[
        "digest",
        "media_type",
        "tags",
        "pushed_at",
        "size",
        "children",
        "child_digests",
        "subject",
        "subject_digest",
        "name",
        "pulled_at",
        "artifact_type",
        "created_at",
        "archived_at",
        "activated_at",
        "storage_class",
        "resolved",
        "version_name",
        "no_statistics",
    ],
    keep: &[
        "digest",
        "tags",
        "pushed_at",
        "children",
        "child_digests",
        "subject",
        "subject_digest",
        "name",
        "pulled_at",
        "archived_at",
        "activated_at",
        "storage_class",
        "resolved",
        "version_name",
        "no_statistics",
    ],
};

/// All of them: a tag that is not known to be younger, pulled or locked is one that may go.
pub(super) const TAG: Fields = Fields { known: TAG_FIELDS, keep: TAG_FIELDS };

const TAG_FIELDS: &[&str] =
    &["name", "moved_at", "updated_at", "started_at", "pushed_at", "pulled_at", "immutable", "locked"];

impl Fields {
    /// The field that is meant by this name, where it is none and one that keeps something is meant.
    pub(super) fn meant(&self, name: &str) -> Option<&'static str> {
        if self.known.contains(&name) {
            return None;
        }
        let name = plain(name);
        self.keep.iter().copied().find(|field| is_near(&name, &plain(field)))
    }
}

/// A name without what people write in several ways.
fn plain(name: &str) -> Vec<u8> {
    let shown = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b' ' | b'.'));
    shown.map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Whether one is the other with one slip, `is_` or `has_` before it, or without the `_at` of a time.
fn is_near(name: &[u8], field: &[u8]) -> bool {
    [b"is".as_slice(), b"has"].iter().any(|word| name.strip_prefix(*word) == Some(field))
        || field.strip_suffix(b"at") == Some(name)
        || is_slip(name, field)
}

/// Whether one letter is missing, too many, another one, or has changed places with the next.
fn is_slip(one: &[u8], other: &[u8]) -> bool {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let rest = |text: &'_ [u8]| text.len() - same;
    match (one.get(..rest(one)), other.get(..rest(other))) {
        (Some([a, b]), Some([c, d])) => a == d && b == c,
        (Some(one), Some(other)) => one.len() <= 1 && other.len() <= 1,
        _ => false,
    }
}

/// A manifest's name that is none, and the field that is meant: of itself, or of the tag at this place.
pub(super) fn misspelt(manifest: &[u8]) -> Option<(Option<usize>, String, &'static str)> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let find = |object: &Value, fields: &Fields| {
        object.as_object()?.keys().find_map(|name| Some((name.clone(), fields.meant(name)?)))
    };
    if let Some((name, meant)) = find(&manifest, &MANIFEST) {
        return Some((None, name, meant));
    }
    let tags = manifest.get("tags")?.as_array()?;
    tags.iter().enumerate().find_map(|(place, tag)| {
        let (name, meant) = find(tag, &TAG)?;
        Some((Some(place), name, meant))
    })
}

/// An object whose names are looked at before its fields are read.
pub(super) struct Spelt<A>(pub(super) A, pub(super) &'static Fields);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Spelt<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(Name(seed, self.1))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

struct Name<K>(K, &'static Fields);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Name<K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<K::Value, E> {
        match self.1.meant(name) {
            Some(meant) => Err(E::custom(format_args!("{name:?} is no field: write {meant}"))),
            None => self.0.deserialize(name.into_deserializer()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_taken_for_another_one() {
        for fields in [DOCUMENT, REPOSITORY, MANIFEST, TAG] {
            for (place, one) in fields.known.iter().enumerate() {
                assert_eq!(fields.meant(one), None);
                let others = fields.known.iter().enumerate().filter(|(other, _)| *other != place);
                others.for_each(|(_, other)| assert!(!is_near(&plain(one), &plain(other)), "{one} {other}"));
            }
        }
    }

    #[test]
    fn a_slip_is_one_letter_and_no_more() {
        for (name, meant) in [
            ("compleet", true),
            ("complet", true),
            ("completed", true),
            ("conplete", true),
            ("Complete", true),
            ("COMPLETE", true),
            ("is_complete", true),
            ("isComplete", true),
            ("com-plete", true),
            ("incomplete", false),
            ("completion", false),
            ("comment", false),
            ("cmplt", false),
            ("", false),
            ("é", false),
        ] {
            assert_eq!(REPOSITORY.meant(name).is_some(), meant, "{name}");
        }
    }
}
