//! Patterns of tags and repositories. Each has to match all of a name.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use lockage_tagging::semver::{Version, VersionReq};
use regex::{CaptureLocations, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: {problem}")]
pub struct PatternError {
    text: String,
    problem: String,
}

impl PatternError {
    fn new(text: &str, problem: impl fmt::Display) -> Self {
        // What an expression's error says begins with a drawing of the place.
        let problem = problem.to_string();
        let line = problem.lines().last().unwrap_or_default();
        Self { text: text.to_owned(), problem: line.trim_start_matches("error: ").to_owned() }
    }
}

macro_rules! as_text {
    ($name:ty) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }

        impl Eq for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = PatternError;

            fn try_from(text: String) -> Result<Self, PatternError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(pattern: $name) -> Self {
                pattern.text
            }
        }
    };
}

/// A glob: `*` and `?` stop at `/`, `**` does not, `[a-f]` is one character and `{a,b}` either.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    text: String,
    matcher: GlobMatcher,
    /// What names begin with, where the rest of the glob is one `*`.
    prefix: Option<String>,
}

as_text!(Glob);

impl Glob {
    /// Reads one.
    ///
    /// # Errors
    /// Where a class or an alternative is not closed.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::new(text, "an empty pattern matches nothing"));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| PatternError::new(text, error.kind()))?;
        let prefix = text.strip_suffix('*').filter(|prefix| is_literal(prefix)).map(str::to_owned);
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher(), prefix })
    }

    /// Whether it matches all of a name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match &self.prefix {
            Some(prefix) => name.strip_prefix(prefix.as_str()).is_some_and(|rest| !rest.contains('/')),
            None => self.matcher.is_match(name),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The expression that it comes to, for all of a name.
    pub(super) fn expression(&self) -> &str {
        self.matcher.glob().regex()
    }
}

/// Whether every character of a pattern is only itself.
fn is_literal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
}

/// What everything begins with that an expression matches, as far as that is easily seen.
fn prefix(expression: &str) -> &str {
    let end = expression.bytes().position(|byte| !is_literal(char::from(byte).encode_utf8(&mut [0; 4])));
    let end = end.unwrap_or(expression.len());
    let rest = expression.get(end..).unwrap_or_default();
    // The last may be there any number of times, and with an alternative any of it not at all.
    let end = if rest.starts_with(['?', '*', '+', '{']) { end.saturating_sub(1) } else { end };
    expression.get(..end).filter(|_| !rest.contains('|')).unwrap_or_default()
}

/// A regular expression for all of a name. It takes time in proportion to the name's length.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    text: String,
    /// Shared, for what it remembers while it matches is large.
    regex: Arc<Regex>,
    anchored: bool,
    /// What all names begin with that it matches.
    prefix: String,
}

as_text!(Expression);

/// How large a compiled expression may be, in bytes.
const LIMIT: usize = 1 << 20;

impl Expression {
    /// Reads one. A `^` before it and a `$` behind it are not needed, and are taken off.
    ///
    /// # Errors
    /// Where it is none, or too large.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let inner = text.strip_prefix('^').unwrap_or(text);
        let escapes = |text: &str| text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let inner = inner.strip_suffix('$').filter(|before| !escapes(before)).unwrap_or(inner);
        let regex = RegexBuilder::new(&format!("^(?:{inner})$")).size_limit(LIMIT).build();
        let regex = regex.map_err(|error| PatternError::new(text, error))?;
        let prefix = prefix(inner).to_owned();
        Ok(Self { text: text.to_owned(), regex: Arc::new(regex), anchored: inner != text, prefix })
    }

    /// Whether it matches all of a name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        name.starts_with(&self.prefix) && self.regex.is_match(name)
    }

    /// As it is looked for: for all of a name.
    pub(super) fn expression(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether anchors were written that it has anyway.
    #[must_use]
    pub fn has_anchors(&self) -> bool {
        self.anchored
    }

    /// The names of its groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.regex.capture_names().flatten()
    }

    /// Whether it has groups without a name.
    pub(in crate::retain) fn has_nameless_groups(&self) -> bool {
        self.regex.captures_len() > self.groups().count() + 1
    }

    /// What looks again and again for what a named group holds, if there is such a group.
    pub(in crate::retain) fn captured(&self, group: &str) -> Option<Captured<'_>> {
        let group = self.regex.capture_names().position(|name| name == Some(group))?;
        Some(Captured { regex: &self.regex, group, found: RefCell::new(self.regex.capture_locations()) })
    }

    /// What a named group holds, if it matches.
    pub(super) fn group<'n>(&self, group: &str, name: &'n str) -> Option<&'n str> {
        let found = self.regex.captures(name)?;
        Some(found.name(group).map_or("", |group| group.as_str()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A group of an expression, with room for what is found.
pub(in crate::retain) struct Captured<'a> {
    regex: &'a Regex,
    group: usize,
    found: RefCell<CaptureLocations>,
}

impl Captured<'_> {
    /// Adds what the group holds; nothing where the expression does not match.
    pub(in crate::retain) fn of(&self, name: &str, to: &mut String) {
        let mut found = self.found.borrow_mut();
        if self.regex.captures_read(&mut found, name).is_some()
            && let Some((start, end)) = found.get(self.group)
        {
            to.push_str(name.get(start..end).unwrap_or_default());
        }
    }
}

/// A range of semantic versions: `>=1.0.0`, `^1.2`, `*`. A `v` before a tag's version is no part of it. Pre-releases are in
/// a range that names one of the same version, and in `*`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionRange {
    text: String,
    range: VersionReq,
}

as_text!(VersionRange);

impl VersionRange {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is none.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let range = VersionReq::parse(text).map_err(|error| PatternError::new(text, error))?;
        Ok(Self { text: text.to_owned(), range })
    }

    /// Whether a tag is a version of the range.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        version(tag).is_some_and(|version| self.range == VersionReq::STAR || self.range.matches(&version))
    }
}

/// The version that a tag is: `1.2.3`, `v1.2.3-rc.1`.
pub(in crate::retain) fn version(tag: &str) -> Option<Version> {
    // Most tags are none; this is cheaper than to say why.
    let text = tag.strip_prefix('v').unwrap_or(tag);
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Version::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_begins_with_is_seen_where_nothing_else_can_be_there() -> Result<(), PatternError> {
        for (text, expected) in [
            ("pr-(?<pr>[0-9]+)", "pr-"),
            ("latest", "latest"),
            ("ab?c", "a"),
            ("ab{0}c", "a"),
            ("ab*", "a"),
            ("ab+", "a"),
            ("a|b", ""),
            ("a(b|c)", ""),
            ("(?i)abc", ""),
            (".*", ""),
            ("v1\\..*", "v1"),
            ("^rc-[0-9]$", "rc-"),
        ] {
            assert_eq!(Expression::new(text)?.prefix, expected, "{text}");
        }
        assert!(Expression::new("(?i)ab")?.matches("AB") && Expression::new("ab?c")?.matches("ac"));
        Ok(())
    }

    #[test]
    fn a_glob_that_is_only_a_beginning_matches_as_any_other() -> Result<(), PatternError> {
        for text in ["*", "v*", "a/*", "nightly-*"] {
            let glob = Glob::new(text)?;
            for name in ["", "v", "v1", "v1/2", "a/", "a/b", "a/b/c", "nightly-", "nightly-1", "nightly"] {
                assert!(glob.prefix.is_some());
                assert_eq!(glob.matches(name), glob.matcher.is_match(name), "{text} {name:?}");
            }
        }
        assert!(
            ["**", "a*b*", "[ab]*", "{a}*", "a?*", "a\\*"]
                .iter()
                .all(|text| Glob::new(text).is_ok_and(|it| it.prefix.is_none()))
        );
        Ok(())
    }
}
