//! What cosign 2 keeps of a log's and a timestamp authority's answer, in annotations of the layer.

use serde::Deserialize;

use super::strict::{self, Object, Shape};
use super::{FormatError, decode};

/// What Rekor promised: an entry of its log, and its signature over entry, place and time ("signed entry timestamp").
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogBundle {
    /// The log's signature, over the canonical JSON (RFC 8785) of what follows.
    pub signed_entry_timestamp: Vec<u8>,
    /// The entry, in JSON.
    pub body: Vec<u8>,
    /// When the log took it, in seconds since 1970.
    pub integrated_time: i64,
    /// Its number in the log.
    pub log_index: u64,
    /// The SHA-256 of the log's key, in hex.
    pub log_id: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "SignedEntryTimestamp")]
    signed_entry_timestamp: String,
    #[serde(rename = "Payload")]
    payload: Object<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct Stamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

/// The fields of such an answer.
const SHAPE: Shape = Shape::Fields(&[
    ("SignedEntryTimestamp", Shape::Any),
    (
        "Payload",
        Shape::Fields(&[
            ("body", Shape::Any),
            ("integratedTime", Shape::Any),
            ("logIndex", Shape::Any),
            ("logID", Shape::Any),
        ]),
    ),
]);

impl LogBundle {
    /// Reads the value of the annotation [`REKOR_BUNDLE`](super::names::REKOR_BUNDLE).
    ///
    /// # Errors
    /// What is no such document.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let Document { signed_entry_timestamp, payload } = strict::document("log bundle", bytes, SHAPE)?;
        let Object(Payload { body, integrated_time, log_index, log_id }) = payload;
        Ok(Self {
            signed_entry_timestamp: decode("log bundle", &signed_entry_timestamp)?,
            body: decode("log bundle", &body)?,
            integrated_time,
            log_index,
            log_id,
        })
    }
}

/// The timestamp token (RFC 3161), in DER, of the value of the annotation [`TIMESTAMP`](super::names::TIMESTAMP).
///
/// # Errors
/// What is no such document.
pub fn timestamp_token(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let Stamp { token } =
        strict::document("timestamp", bytes, Shape::Fields(&[("SignedRFC3161Timestamp", Shape::Any)]))?;
    decode("timestamp", &token)
}
