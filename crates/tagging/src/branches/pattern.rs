//! Patterns for the names of branches: one wildcard, and alternatives in braces.

use std::{fmt, str::FromStr};

use super::PatternError;
use crate::excerpt::quoted;

const MOST: usize = 256;

/// A pattern for the names of branches: `release{,s}{/,-}*`.
///
/// | In a pattern | Stands for |
/// |---|---|
/// | `{a,b}` | one of these texts, which can be empty |
/// | `*`, once at most | one character or more, `/` too; it is what the branch is about |
/// | `#`, instead of `*` | the same, when it starts with a digit |
/// | anything else | itself; case counts, as in git |
///
/// A match takes time in proportion to the name, whatever the pattern.
///
/// ```
/// use lockage_tagging::branches::BranchPattern;
///
/// let pattern: BranchPattern = "release{,s}{/,-}*".parse()?;
/// assert_eq!(pattern.capture("releases/1.2"), Some("1.2"));
/// assert_eq!(pattern.capture("release-1.2"), Some("1.2"));
/// assert_eq!(pattern.capture("release/"), None);
/// # Ok::<(), lockage_tagging::branches::PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchPattern {
    text: String,
    alternatives: Vec<Alternative>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Alternative {
    before: String,
    /// The wildcard and what follows it.
    wildcard: Option<(Wildcard, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    Any,
    Number,
}

impl BranchPattern {
    /// What the wildcard stands for in `branch`, the whole name for a pattern without one; `None` for no match.
    pub fn capture<'a>(&self, branch: &'a str) -> Option<&'a str> {
        self.alternatives.iter().find_map(|alternative| alternative.capture(branch))
    }
}

impl Alternative {
    fn capture<'a>(&self, branch: &'a str) -> Option<&'a str> {
        let Some((wildcard, after)) = &self.wildcard else {
            return (branch == self.before).then_some(branch);
        };
        let found = branch.strip_prefix(self.before.as_str())?.strip_suffix(after.as_str())?;
        let legal = match wildcard {
            Wildcard::Any => !found.is_empty(),
            Wildcard::Number => found.starts_with(|first: char| first.is_ascii_digit()),
        };
        legal.then_some(found)
    }
}

impl FromStr for BranchPattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let wildcard = |character: char| matches!(character, '*' | '#');
        let alternatives = expand(pattern)?.into_iter().map(|text| {
            let mut parts = text.splitn(2, wildcard);
            let before = parts.next().unwrap_or_default().to_owned();
            let kind = if text.contains('#') { Wildcard::Number } else { Wildcard::Any };
            let after = parts.next().map(str::to_owned);
            match after.as_ref().is_some_and(|after| after.contains(wildcard)) {
                true => Err(PatternError::Wildcards { pattern: quoted(pattern) }),
                false => Ok(Alternative { before, wildcard: after.map(|after| (kind, after)) }),
            }
        });
        Ok(Self { text: pattern.to_owned(), alternatives: alternatives.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for BranchPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Every text that the braces of `pattern` stand for.
fn expand(pattern: &str) -> Result<Vec<String>, PatternError> {
    let braces = || PatternError::Braces { pattern: quoted(pattern) };
    let mut texts = vec![String::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let (fixed, after) = match rest.split_once('{') {
            Some((fixed, after)) => (fixed, Some(after)),
            None => (rest, None),
        };
        if fixed.contains('}') {
            return Err(braces());
        }
        texts.iter_mut().for_each(|text| text.push_str(fixed));
        let Some(after) = after else { break };
        let (choices, next) = after.split_once('}').filter(|(inner, _)| !inner.contains('{')).ok_or_else(braces)?;
        if texts.len() * choices.split(',').count() > MOST {
            return Err(PatternError::Alternatives { pattern: quoted(pattern) });
        }
        texts = texts.iter().flat_map(|text| choices.split(',').map(move |choice| format!("{text}{choice}"))).collect();
        rest = next;
    }
    Ok(texts)
}
