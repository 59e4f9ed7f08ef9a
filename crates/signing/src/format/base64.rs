//! Base64 that has one spelling: the standard alphabet, padded, no stray bits.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::FormatError;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(crate) fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, FormatError> {
    BASE64_STANDARD.decode(text).map_err(|error| FormatError::new(what, format!("base64: {error}")))
}
