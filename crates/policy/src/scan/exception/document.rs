//! The document of exceptions that this project defines: none without a reason, an owner and a last day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::{Kind, Purl, end_of};
use super::{Exception, Exceptions, Glob};

/// The document of exceptions that this project defines, to be read from JSON, TOML or YAML.
///
/// ```
/// use lockage_policy::scan::{Exceptions, ExceptionsDocument};
///
/// let document: ExceptionsDocument = serde_json::from_str(
///     r#"{"exceptions": [{
///         "id": "CVE-2024-5535",
///         "purl": "pkg:deb/debian/openssl",
///         "reason": "we are no TLS client",
///         "owner": "platform@example.com",
///         "expires": "2026-12-31"
///     }]}"#,
/// )?;
/// let exceptions = document.into_exceptions("exceptions.yaml");
/// assert_eq!(exceptions.iter().count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExceptionsDocument {
    exceptions: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<Purl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Glob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Glob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    reason: Word,
    owner: Word,
    expires: Date,
}

/// A text that is not empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Word(String);

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() { Err("it may not be empty") } else { Ok(Self(text)) }
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

impl ExceptionsDocument {
    /// Its exceptions, which remember that they come from `source`. Each holds to the end of its last day in UTC.
    #[must_use]
    pub fn into_exceptions(self, source: &str) -> Exceptions {
        let exception = |entry: Entry| Exception {
            kind: entry.class,
            purl: entry.purl,
            paths: entry.path.into_iter().collect(),
            image: entry.image,
            environment: entry.environment,
            reason: Some(entry.reason.0),
            owner: Some(entry.owner.0),
            // A day without an end would be the last of the calendar, and ends before it.
            expires: Some(end_of(entry.expires).unwrap_or(jiff::Timestamp::MIN)),
            ..Exception::new(entry.id.0, source)
        };
        Exceptions { all: self.exceptions.into_iter().map(exception).collect() }
    }
}
