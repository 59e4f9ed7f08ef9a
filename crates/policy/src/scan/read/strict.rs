//! Reports as JSON, up to a size.

use serde_json::Value;

use super::super::{Problem, ReadError};
use crate::json::Strict;

/// Reads `bytes`, of which there may be `limit`.
pub(crate) fn json(bytes: &[u8], limit: usize) -> Result<Value, ReadError> {
    if bytes.len() > limit {
        return Err(ReadError::new("", Problem::TooLarge { limit }));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::new("", Problem::Empty));
    }
    let Strict(value) = serde_json::from_slice(bytes)
        .map_err(|error| ReadError::new("", Problem::Syntax(format!("it is no JSON: {error}"))))?;
    Ok(value)
}
