//! Patterns of paths and image names: `*` stays within a segment, `**` does not.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::Error as _};

/// A pattern such as `app/**/package.json`.
#[derive(Clone)]
pub struct Glob {
    text: String,
    matcher: globset::GlobMatcher,
}

/// A text that is no [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no pattern: {0}")]
pub struct GlobError(String);

impl Glob {
    /// Whether the whole of `text` fits. A slash at its beginning does not count.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text.trim_start_matches('/'))
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let mut builder = globset::GlobBuilder::new(text.trim_start_matches('/'));
        let glob = builder.literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| GlobError(error.kind().to_string()))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Glob").field(&self.text).finish()
    }
}

impl Serialize for Glob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
