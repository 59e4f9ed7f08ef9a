//! Patterns of tags, as Go's `filepath.Match` reads them on Unix.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::excerpt::quoted;

/// A pattern that matches the whole of a text.
///
/// | Text | Matches |
/// |---|---|
/// | `*` | any number of characters other than `/` |
/// | `?` | one character other than `/` |
/// | `[a-f0]` | one of these characters |
/// | `[^a-f0]` | one character that is none of these |
/// | `\*` | the character behind the backslash, in a class as well |
/// | anything else | itself |
///
/// There is no `**`, no `{a,b}` and no `[!a]`.
///
/// ```
/// use lockage_tagging::select::Glob;
///
/// let nightly: Glob = "*-nightly.[0-9]*".parse()?;
/// assert!(nightly.matches("1.2-nightly.20250310"));
/// assert!(!nightly.matches("1.2-nightly"));
/// assert_eq!("[x-]".parse::<Glob>().unwrap_err().position(), 3);
/// # Ok::<(), lockage_tagging::select::GlobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Glob {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Many,
    One,
    Literal(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A text that is no [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern {input}: {expected} is expected at byte {position}")]
pub struct GlobError {
    input: String,
    position: usize,
    expected: &'static str,
}

impl GlobError {
    /// Where in the text the problem is, in bytes from 0.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What to do about it, as a short imperative for people.
    pub fn remedy(&self) -> &'static str {
        "close each class with ], and put a backslash before -, [, ] and \\ that are meant literally"
    }
}

impl Glob {
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches the whole of `text`. Takes time in the product of both lengths at most.
    pub fn matches(&self, text: &str) -> bool {
        let (mut parts, mut rest) = (self.parts.as_slice(), text);
        // Where to go on when a part does not match: behind the last star, with one more character for the star.
        let mut resume: Option<(&[Part], &str)> = None;
        loop {
            match parts.split_first() {
                Some((Part::Many, behind)) => {
                    parts = behind;
                    resume = Some((behind, rest));
                    continue;
                }
                Some((part, behind)) => {
                    let mut characters = rest.chars();
                    if characters.next().is_some_and(|character| part.matches(character)) {
                        (parts, rest) = (behind, characters.as_str());
                        continue;
                    }
                }
                None if rest.is_empty() => return true,
                None => {}
            }
            let Some((behind, start)) = resume else { return false };
            let mut characters = start.chars();
            match characters.next() {
                None | Some('/') => return false,
                Some(_) => {
                    (parts, rest) = (behind, characters.as_str());
                    resume = Some((behind, rest));
                }
            }
        }
    }
}

impl Part {
    fn matches(&self, character: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => character != '/',
            Self::Literal(literal) => character == *literal,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        }
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        let fail =
            |rest: &str, expected| GlobError { input: quoted(text), position: text.len() - rest.len(), expected };
        while let Some(character) = rest.next() {
            parts.push(match character {
                '*' => Part::Many,
                '?' => Part::One,
                '\\' => Part::Literal(rest.next().ok_or_else(|| fail("", "a character"))?),
                '[' => {
                    let (part, behind) = class(rest.as_str()).map_err(|(rest, expected)| fail(rest, expected))?;
                    rest = behind.chars();
                    part
                }
                literal => Part::Literal(literal),
            });
        }
        Ok(Self { text: text.into(), parts })
    }
}

type Expected<'a> = (&'a str, &'static str);

/// Reads a class behind its `[`.
fn class(text: &str) -> Result<(Part, &str), Expected<'_>> {
    let negated = text.starts_with('^');
    let mut rest = text.strip_prefix('^').unwrap_or(text);
    let mut ranges = Vec::new();
    loop {
        if let Some(behind) = rest.strip_prefix(']').filter(|_| !ranges.is_empty()) {
            return Ok((Part::Class { negated, ranges }, behind));
        }
        let (low, behind) = member(rest)?;
        let (high, behind) = match behind.strip_prefix('-') {
            Some(behind) => member(behind)?,
            None => (low, behind),
        };
        ranges.push((low, high));
        rest = behind;
    }
}

/// Reads one character of a class, behind which something must follow.
fn member(text: &str) -> Result<(char, &str), Expected<'_>> {
    let unescaped = text.strip_prefix('\\');
    let mut characters = unescaped.unwrap_or(text).chars();
    match characters.next() {
        None => Err(("", "a character")),
        Some('-' | ']') if unescaped.is_none() => Err((text, "a character of the class")),
        Some(_) if characters.as_str().is_empty() => Err(("", "a ]")),
        Some(character) => Ok((character, characters.as_str())),
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}
