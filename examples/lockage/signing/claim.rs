//! `-a NAME=VALUE`: what a signature claims, and what is asked of it.

pub(crate) type Claim = (String, String);

/// `NAME=VALUE`; a value may have further equals signs, and may be empty.
pub(crate) fn parse(text: &str) -> Result<Claim, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
