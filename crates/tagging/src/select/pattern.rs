//! Regular expressions of users: Go's dialect on an engine that takes linear time, within limits.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::error::SelectError;
use crate::excerpt::quoted;

/// The most bytes that an expression can have.
const LENGTH_LIMIT: usize = 4096;
/// The most memory that a compiled expression can have, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// What is wrong with a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternProblem {
    /// It cannot be read.
    Syntax {
        /// What the engine says, in one line.
        message: String,
    },
    /// It has more text, or takes more memory, than an expression can have.
    TooLarge,
    /// It reads differently in Go.
    Dialect {
        /// What does.
        construct: &'static str,
        /// Where, in bytes from 0.
        position: usize,
    },
}

impl PatternProblem {
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "write it in RE2's syntax, without look-around and back-references",
            Self::TooLarge => "write a shorter expression, with smaller numbers of repetitions",
            Self::Dialect { .. } => {
                "put a backslash before punctuation that is meant literally, a group around what is repeated twice"
            }
        }
    }
}

impl fmt::Display for PatternProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message } => f.write_str(message),
            Self::TooLarge => f.write_str("it is too large"),
            Self::Dialect { construct, position } => {
                write!(f, "{construct} at byte {position} does not mean here what it means in Go")
            }
        }
    }
}

/// Compiles `pattern`, unanchored.
pub(super) fn compile(pattern: &str) -> Result<Regex, SelectError> {
    let fail = |problem| SelectError::Pattern { pattern: quoted(pattern), problem };
    if pattern.len() > LENGTH_LIMIT {
        return Err(fail(PatternProblem::TooLarge));
    }
    check_dialect(pattern).map_err(fail)?;
    RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).nest_limit(100).build().map_err(
        |error| match error {
            regex::Error::CompiledTooBig(_) => fail(PatternProblem::TooLarge),
            error => {
                // The engine draws the place over several lines and says what it is in the last.
                let message = error.to_string();
                let last = message.lines().next_back().unwrap_or_default();
                let message = last.strip_prefix("error: ").unwrap_or(last).to_owned();
                fail(PatternProblem::Syntax { message })
            }
        },
    )
}

/// Refuses what both dialects accept and read differently.
fn check_dialect(pattern: &str) -> Result<(), PatternProblem> {
    let mut rest = pattern;
    let mut before = Before::Other;
    while let Some(first) = rest.chars().next() {
        let position = pattern.len() - rest.len();
        let now = before.then(first);
        let construct = match first {
            '\\' => escape(rest),
            '(' => flags(rest),
            '[' => {
                rest = class(pattern, rest)?;
                before = Before::Other;
                continue;
            }
            '{' if not_a_repetition(rest) => Some("a brace that is no repetition"),
            _ if now == Before::Twice => Some("a repetition of a repetition"),
            '{' => {
                before = now;
                rest = rest.split_once('}').map_or("", |(_, behind)| behind);
                continue;
            }
            _ => None,
        };
        before = now;
        if let Some(construct) = construct {
            return Err(PatternProblem::Dialect { construct, position });
        }
        let length = if first == '\\' { escaped_length(rest) } else { first.len_utf8() };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// How many bytes a backslash and what belongs to it take: `\p{Greek}` and `\x{41}` as a whole, so that their braces
/// are not taken for a repetition.
fn escaped_length(text: &str) -> usize {
    let behind = text.get(1..).unwrap_or_default();
    let Some(escaped) = behind.chars().next() else { return 1 };
    let length = 1 + escaped.len_utf8();
    let braces = text.get(length..).filter(|_| matches!(escaped, 'p' | 'P' | 'x')).unwrap_or_default();
    match braces.find('}') {
        Some(end) if braces.starts_with('{') => length + end + 1,
        _ => length,
    }
}

fn escape(text: &str) -> Option<&'static str> {
    match text.get(1..)?.chars().next()? {
        '<' => Some(r"\<"),
        '>' => Some(r"\>"),
        'b' | 'B' if text.get(2..)?.starts_with('{') => Some(r"{ behind \b"),
        'u' => Some(r"\u"),
        'U' => Some(r"\U"),
        _ => None,
    }
}

/// Go has the flags i, m, s and U.
fn flags(text: &str) -> Option<&'static str> {
    let flags = text.strip_prefix("(?")?;
    let end = flags.find(|flag: char| !flag.is_ascii_alphabetic() && flag != '-')?;
    let foreign = flags.get(..end)?.contains(['x', 'u', 'R']);
    (foreign && flags.get(end..)?.starts_with([':', ')'])).then_some("the flag x, u or R")
}

/// Go reads a brace literally when it is not `{2}`, `{2,}` or `{2,3}`.
fn not_a_repetition(text: &str) -> bool {
    let repetition = || {
        let (inside, _) = text.strip_prefix('{')?.split_once('}')?;
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (!least.is_empty() && digits(least) && digits(most)).then_some(())
    };
    repetition().is_none()
}

/// What stands before a place in an expression, as far as it matters for repetitions: Go has no repetition of a
/// repetition without a group between them, and takes a `?` behind one for the mark that it is lazy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Other,
    Repetition,
    Lazy,
    Twice,
}

impl Before {
    fn then(self, character: char) -> Self {
        match (self, character) {
            (Self::Repetition, '?') => Self::Lazy,
            (Self::Other, '*' | '+' | '?' | '{') => Self::Repetition,
            (_, '*' | '+' | '?' | '{') => Self::Twice,
            _ => Self::Other,
        }
    }
}

/// Passes over the class that `text` starts with; Go knows no classes in classes and no operators between them.
fn class<'a>(pattern: &str, text: &'a str) -> Result<&'a str, PatternProblem> {
    let body = text.strip_prefix('[').unwrap_or(text);
    let body = body.strip_prefix('^').unwrap_or(body);
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let position = pattern.len() - rest.len();
        let refuse = |construct| Err(PatternProblem::Dialect { construct, position });
        let length = match first {
            ']' if rest.len() < body.len() => return Ok(rest.get(1..).unwrap_or_default()),
            '[' => match named_class(rest) {
                Some(length) => length,
                None => return refuse("a [ in a class"),
            },
            '&' | '~' | '-' if rest.get(1..).unwrap_or_default().starts_with(first) => {
                return refuse("an operator in a class");
            }
            '\\' => match escape(rest) {
                Some(construct) => return refuse(construct),
                None => escaped_length(rest),
            },
            first => first.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    // Unclosed: the engine says so.
    Ok("")
}

/// How many bytes `[:alpha:]` takes, if `text` starts with something like it.
fn named_class(text: &str) -> Option<usize> {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
        "word", "xdigit",
    ];
    let (name, _) = text.strip_prefix("[:")?.split_once(":]")?;
    NAMES.contains(&name.strip_prefix('^').unwrap_or(name)).then_some(name.len() + 4)
}
