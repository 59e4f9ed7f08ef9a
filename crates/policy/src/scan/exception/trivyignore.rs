//! Trivy's two files of exceptions: `.trivyignore`, and `.trivyignore.yaml`. Neither names who answers for it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::Error as _};

use super::super::{Kind, Problem, Purl, ReadError, end_of, excerpt};
use super::{Exception, Exceptions, Glob};

impl Exceptions {
    /// Reads a `.trivyignore`: `ID [exp:YYYY-MM-DD]` a line, with comments after `#`.
    ///
    /// Its entries have no owner, and mostly no end: they are heard only where the configuration
    /// [says so](super::super::ScanConfig::exceptions_without_owner).
    ///
    /// # Errors
    /// Where a line has something else; the error names the line.
    pub fn trivyignore(text: &str, source: &str) -> Result<Self, ReadError> {
        const LIMIT: usize = 1 << 20;
        if text.len() > LIMIT {
            return Err(ReadError::new(source, Problem::TooLarge { limit: LIMIT }));
        }
        let mut all = Vec::new();
        for (number, line) in (1_usize..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(id) = words.next() else { continue };
            let mut exception = Exception::new(id, source);
            for word in words {
                let wrong = || {
                    let expected = "exp: with a day such as 2026-12-31";
                    let found = format!("{:?}", excerpt(word));
                    ReadError::new(format!("{source}:{number}"), Problem::Wrong { expected, found })
                };
                let day: Date = word.strip_prefix("exp:").and_then(|day| day.parse().ok()).ok_or_else(wrong)?;
                exception.expires = Some(end_of(day).ok_or_else(wrong)?);
            }
            all.push(exception);
        }
        Ok(Self { all })
    }
}

/// A `.trivyignore.yaml`, to be read by any YAML library for serde. A field that is not known is an error: it could make
/// an exception narrower than it looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TrivyIgnore {
    vulnerabilities: Vec<Entry>,
    misconfigurations: Vec<Entry>,
    secrets: Vec<Entry>,
    licenses: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paths: Vec<Glob>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    purls: Vec<Purl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expired_at: Option<LastMoment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
}

/// A day, to its end in UTC, or an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LastMoment(Timestamp);

impl Serialize for LastMoment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LastMoment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let moment = day.map_or_else(|| text.parse().ok(), end_of);
        moment.map(Self).ok_or_else(|| D::Error::custom("write a day such as 2026-12-31"))
    }
}

impl TrivyIgnore {
    /// Its exceptions, which remember that they come from `source`.
    #[must_use]
    pub fn into_exceptions(self, source: &str) -> Exceptions {
        let mut all = Vec::new();
        for (kind, entries) in [
            (Kind::Vulnerability, self.vulnerabilities),
            (Kind::Misconfiguration, self.misconfigurations),
            (Kind::Secret, self.secrets),
            (Kind::License, self.licenses),
        ] {
            for entry in entries {
                let exception = Exception {
                    kind: Some(kind),
                    paths: entry.paths,
                    reason: entry.statement,
                    expires: entry.expired_at.map(|LastMoment(moment)| moment),
                    ..Exception::new(entry.id, source)
                };
                if entry.purls.is_empty() {
                    all.push(exception);
                } else {
                    let of = |purl| Exception { purl: Some(purl), ..exception.clone() };
                    all.extend(entry.purls.into_iter().map(of));
                }
            }
        }
        Exceptions { all }
    }
}
