//! Times in documents: RFC 3339, in UTC.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize as _, Serializer, de, ser};

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp::try_from(*time).map_err(ser::Error::custom)?.to_string().serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(reader)?;
    text.parse::<Timestamp>().map(SystemTime::from).map_err(de::Error::custom)
}

/// Times that may not be there.
pub(crate) mod option {
    use super::*;

    #[allow(clippy::ref_option, reason = "serde asks for it so")]
    pub(crate) fn serialize<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<SystemTime>, D::Error> {
        super::deserialize(reader).map(Some)
    }
}
