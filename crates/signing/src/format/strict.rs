//! JSON that two readers cannot read differently: no field twice, at any depth.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::FormatError;

/// Reads a document whose outermost value is an object.
pub(super) fn document<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, FormatError> {
    let unreadable = |error: serde_json::Error| FormatError::new(what, error.to_string());
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(FormatError::new(what, "not a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Unambiguous.deserialize(&mut reader).and_then(|()| reader.end()).map_err(unreadable)?;
    serde_json::from_slice(bytes).map_err(unreadable)
}

/// Whether a document can be read in one way only: a JSON object that says nothing twice.
#[cfg(feature = "bundle")]
pub(crate) fn unambiguous(what: &'static str, bytes: &[u8]) -> Result<(), FormatError> {
    document::<serde::de::IgnoredAny>(what, bytes).map(|_| ())
}

/// Reads a value and keeps nothing of it.
struct Unambiguous;

impl<'de> DeserializeSeed<'de> for Unambiguous {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Self)?;
            if let Some(name) = seen.replace(name) {
                return Err(A::Error::custom(format_args!("the field {name:?} is there twice")));
            }
        }
        Ok(())
    }
}
