//! JSON that two readers cannot read differently.
//!
//! Readers differ in what they make of a field that is there twice, of `Payload` where `payload` is meant (Go takes both), of
//! a list where an object is meant (serde takes both), of half a surrogate pair, and of numbers that they cannot hold. Here
//! each of these is an error, at any depth.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{FormatError, number};

/// How deep a document may be nested; serde_json's own limit, which it does not have for what it skips.
const MAX_DEPTH: usize = 128;

/// By names like this serde_json hands numbers and raw JSON through its own types. It would believe a document that has them.
const RESERVED: &str = "$serde_json::private::";

/// What is known of a document's fields.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Nothing: any names, any numbers.
    Any,
    /// Any names; no number that would be read as another.
    Exact,
    /// These names. Others may be there, but none that differs from one of these in case alone.
    Fields(&'static [(&'static str, Shape)]),
}

/// Reads a document whose outermost value is an object.
pub(super) fn document<T: DeserializeOwned>(what: &'static str, bytes: &[u8], shape: Shape) -> Result<T, FormatError> {
    let text = str::from_utf8(bytes).map_err(|error| FormatError::new(what, error.to_string()))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(FormatError::new(what, "not a JSON object"));
    }
    unambiguous(what, text, shape)?;
    serde_json::from_str(text).map_err(|error| FormatError::new(what, error.to_string()))
}

/// Whether a document that others read, whose outermost value is an object, has one reading.
#[cfg(feature = "bundle")]
pub(crate) fn has_one_reading(what: &'static str, text: &str) -> Result<(), FormatError> {
    document::<serde::de::IgnoredAny>(what, text.as_bytes(), Shape::Any).map(|_| ())
}

/// Whether a text is JSON that has one reading.
pub(super) fn unambiguous(what: &'static str, text: &str, shape: Shape) -> Result<(), FormatError> {
    // The grammar; what follows may then look at tokens only.
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| FormatError::new(what, error.to_string()))?;
    Walk { levels: Vec::new(), next: shape }.over(raw.get()).map_err(|why| FormatError::new(what, why))
}

/// A struct that is written as an object, and never as a list of its fields.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        reader.deserialize_map(Only(PhantomData))
    }
}

/// Goes once over the tokens of a text whose grammar is right.
struct Walk {
    levels: Vec<Level>,
    /// The shape of the value that comes next.
    next: Shape,
}

/// An object or a list that is open.
struct Level {
    shape: Shape,
    /// The names so far, where it is an object.
    seen: Option<HashSet<String>>,
    /// Whether a string here would be a name.
    at_name: bool,
}

impl Walk {
    fn over(mut self, text: &str) -> Result<(), String> {
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            let length = match first {
                b'"' => string_length(rest),
                b'-' | b'0'..=b'9' => rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(rest.len()),
                _ => 1,
            };
            let Some((token, behind)) = rest.split_at_checked(length) else {
                return Err("it is cut off".to_owned());
            };
            self.token(first, token)?;
            rest = behind;
        }
        Ok(())
    }

    fn token(&mut self, first: u8, token: &str) -> Result<(), String> {
        match first {
            b'{' => self.open(Some(HashSet::new())),
            b'[' => self.open(None),
            b'}' | b']' => {
                self.levels.pop();
                Ok(())
            }
            b',' => {
                if let Some(level) = self.levels.last_mut() {
                    level.at_name = level.seen.is_some();
                    self.next = level.shape;
                }
                Ok(())
            }
            b'"' => self.string(token),
            b'-' | b'0'..=b'9' => match self.next {
                Shape::Exact => number::check(token),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn open(&mut self, seen: Option<HashSet<String>>) -> Result<(), String> {
        if self.levels.len() >= MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        self.levels.push(Level { shape: self.next, at_name: seen.is_some(), seen });
        Ok(())
    }

    fn string(&mut self, token: &str) -> Result<(), String> {
        // Without an escape there is nothing that could be wrong with it; with one, it may be half a surrogate pair.
        let text = match token.contains('\\') {
            true => serde_json::from_str(token).map_err(|error| format!("a string that is no Unicode: {error}"))?,
            false => token.trim_matches('"').to_owned(),
        };
        match self.levels.last_mut() {
            Some(Level { shape, seen: Some(seen), at_name }) if *at_name => {
                *at_name = false;
                self.next = shape.of(&text)?;
                if text.starts_with(RESERVED) {
                    return Err(format!("the field {text:?} is not for documents"));
                }
                match seen.replace(text) {
                    Some(text) => Err(format!("the field {text:?} is there twice")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Shape {
    /// The shape of the field of this name.
    fn of(self, name: &str) -> Result<Self, String> {
        let Self::Fields(fields) = self else { return Ok(self) };
        match fields.iter().find(|(known, _)| folded(known).eq(folded(name))) {
            Some((known, shape)) if *known == name => Ok(*shape),
            Some((known, _)) => Err(format!("the field {name:?} could be taken for {known:?}")),
            None => Ok(Self::Any),
        }
    }
}

/// A name as Go compares names of fields: without case, and two letters of Unicode are the same as letters of ASCII.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    })
}

/// How long the string at the front of `text` is, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(usize::MAX, |end| end + 2)
}
