//! JSON documents are objects: a list of the fields' values, which serde would take for one, is none.

use serde::de::{DeserializeOwned, Error as _};

/// Reads a document.
///
/// # Errors
/// The parser's; also for an array, so that `[null]` is never the empty answer that it would be read as.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    // Space that is no JSON's is for the parser to refuse.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde_json::Error::custom("a list where a document was expected"));
    }
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn a_list_is_no_document() {
        #[derive(serde::Deserialize)]
        #[allow(dead_code)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        assert!(document::<Page>(br#" {"tags":null}"#).is_ok());
        for text in ["[null]", " \n[[\"v1\"]]", "[]", "null", "", "{", "\u{feff}{}"] {
            assert!(document::<Page>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
