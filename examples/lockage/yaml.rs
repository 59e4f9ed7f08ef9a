//! YAML, all of a text or none of it: the reader stops without a word at a NUL, and at what it cannot read behind the end of a
//! document.

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_saphyr::Error;

/// Reads the one document that a text is.
///
/// # Errors
/// Where it is none, or something stands behind it.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    if let Some((before, _)) = text.split_once('\0') {
        let line = before.matches('\n').count() + 1;
        return Err(Error::custom(format_args!("a NUL byte in line {line}: no such document has one")));
    }
    let read = serde_saphyr::from_str(text)?;
    // This reads on behind the end of the first document.
    serde_saphyr::from_multiple::<IgnoredAny>(text)?;
    Ok(read)
}
