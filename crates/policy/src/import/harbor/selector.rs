//! Which repositories and artifacts a rule of Harbor is about.

use serde_json::{Map, Value, json};

use crate::import::Flaw;
use crate::import::glob::{Dialect, Glob};
use crate::import::node::{Node, Read};

/// A pattern, and on which side of it a rule is.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    glob: Glob,
    side: Side,
    written_extras: Option<String>,
}

/// On which side of a pattern a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Side {
    /// It is about what the pattern matches.
    Matches,
    /// It is about what the pattern does not match.
    Excludes,
}

/// What a selector is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Repository,
    Tag,
}

/// Selectors in a row.
pub(super) const MOST: usize = 100;

impl Selector {
    pub(super) fn read(node: &Node<'_>, of: Of) -> Read<Self> {
        let object = node.object(&["kind", "decoration", "pattern", "extras"])?;
        let kind = object.need("kind")?;
        if kind.text()? != "doublestar" {
            return Err(kind.wrong("doublestar"));
        }
        let decoration = object.need("decoration")?;
        let side = match (decoration.text()?, of) {
            ("matches", Of::Tag) | ("repoMatches", Of::Repository) => Side::Matches,
            ("excludes", Of::Tag) | ("repoExcludes", Of::Repository) => Side::Excludes,
            (_, Of::Tag) => return Err(decoration.wrong("matches or excludes")),
            (_, Of::Repository) => return Err(decoration.wrong("repoMatches or repoExcludes")),
        };
        let pattern = object.need("pattern")?;
        if pattern.text()?.trim().is_empty() {
            return Err(pattern.wrong("a text of at least one character"));
        }
        let glob = Glob::parse(pattern.text()?, Dialect::Harbor).map_err(|why| pattern.flaw(Flaw::Pattern(why)))?;
        let written_extras = object.get("extras")?.map(|extras| extras.text().map(str::to_owned)).transpose()?;
        Ok(Self { glob, side, written_extras })
    }

    /// On which side of the pattern it is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The pattern.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.glob.as_str()
    }

    fn matches(&self, text: &str) -> bool {
        self.glob.matches(text)
    }

    /// Whether it selects something of this name.
    pub(super) fn selects_name(&self, name: &str) -> bool {
        self.matches(name) == (self.side == Side::Matches)
    }

    /// Whether it selects an artifact with these tags, where `untagged` says what holds of one without tags.
    pub(super) fn selects<'a>(&self, tags: impl Iterator<Item = &'a str>, untagged: bool) -> bool {
        let mut tags = tags.peekable();
        if tags.peek().is_some() {
            return tags.any(|tag| self.selects_name(tag));
        }
        untagged == (self.side == Side::Matches)
    }

    /// What `extras` says of artifacts without tags. Where it cannot be read, Harbor takes what retains them.
    pub(super) fn untagged(&self) -> bool {
        let default = self.side == Side::Matches;
        match self.written_extras.as_deref() {
            None | Some("") => default,
            Some(extras) => read_untagged(extras).unwrap_or(default),
        }
    }

    pub(super) fn written(&self, of: Of) -> Value {
        let decoration = match (self.side, of) {
            (Side::Matches, Of::Tag) => "matches",
            (Side::Excludes, Of::Tag) => "excludes",
            (Side::Matches, Of::Repository) => "repoMatches",
            (Side::Excludes, Of::Repository) => "repoExcludes",
        };
        let mut written = json!({ "kind": "doublestar", "decoration": decoration, "pattern": self.pattern() });
        if let (Some(extras), Some(object)) = (&self.written_extras, written.as_object_mut()) {
            object.insert("extras".to_owned(), extras.clone().into());
        }
        written
    }
}

/// As Go reads it: names in any case, `false` where it is not there, nothing where it is of another type.
fn read_untagged(extras: &str) -> Option<bool> {
    let members = match serde_json::from_str(extras).ok()? {
        Value::Null => Map::new(),
        Value::Object(members) => members,
        _ => return None,
    };
    let mut untagged = false;
    for (_, value) in members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("untagged")) {
        match value {
            Value::Bool(value) => untagged = *value,
            Value::Null => {}
            _ => return None,
        }
    }
    Some(untagged)
}

#[cfg(test)]
mod tests {
    use super::read_untagged;

    #[test]
    fn extras_are_read_as_go_reads_them() {
        let table = [
            (r#"{"untagged":true}"#, Some(true)),
            (r#"{"untagged":false}"#, Some(false)),
            (r#"{"Untagged":true}"#, Some(true)),
            (r#"{"untagged":null}"#, Some(false)),
            ("{}", Some(false)),
            ("null", Some(false)),
            (r#"{"other":1}"#, Some(false)),
            (r#"{"untagged":"true"}"#, None),
            (r#"{"untagged":1}"#, None),
            ("[]", None),
            ("{", None),
            ("true", None),
        ];
        for (extras, expected) in table {
            assert_eq!(read_untagged(extras), expected, "{extras}");
        }
    }
}
