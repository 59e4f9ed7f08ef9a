//! Regular expressions of JavaScript, bounded: none takes longer than a step budget allows.
//!
//! A backtracking machine has JavaScript's meaning, down to UTF-16 units. When an expression sends it astray, a linear
//! engine takes over where both mean the same; elsewhere the search ends with an error.

mod case;
mod class;
mod escape;
mod linear;
mod machine;
mod node;
mod parser;
mod program;
mod set;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use machine::{Machine, OutOfSteps, Spans};

/// The longest expression, in UTF-16 units.
const MAX_PATTERN: usize = 2048;
/// The longest text that is searched, in bytes.
const MAX_TEXT: usize = 16 * 1024;
/// The steps after which a linear engine takes over.
const SHORT_BUDGET: usize = 20_000;
/// The steps that a search may take at all.
const BUDGET: usize = 500_000;

/// What the groups of a match are, the whole match first. A group that took no part is `None`.
pub(crate) type Captures = Vec<Option<String>>;

/// Why an expression cannot be read, or a search gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegexError {
    /// There is no such flag, or not beside the others.
    #[error("Invalid flags supplied to RegExp constructor '{0}'")]
    Flags(String),
    /// The expression breaks the grammar.
    #[error("Invalid regular expression: {0}")]
    Syntax(&'static str),
    /// The expression or the text is longer than what is searched with and in.
    #[error("a regular expression or the text for it is too long: at most {limit} {unit}")]
    TooLong {
        /// How much is allowed.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// The expression backtracks too much on this text.
    #[error("the regular expression takes too many steps on this text")]
    Budget,
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    global: bool,
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    unicode: bool,
    sticky: bool,
}

impl Flags {
    fn parse(text: &str) -> Result<Self, RegexError> {
        let mut flags = Self::default();
        let mut indices = false;
        for flag in text.chars() {
            let field = match flag {
                'g' => &mut flags.global,
                'i' => &mut flags.ignore_case,
                'm' => &mut flags.multiline,
                's' => &mut flags.dot_all,
                'u' => &mut flags.unicode,
                'y' => &mut flags.sticky,
                'd' => &mut indices,
                'v' => return Err(RegexError::Syntax("flag v is not supported")),
                _ => return Err(RegexError::Flags(text.to_owned())),
            };
            if std::mem::replace(field, true) {
                return Err(RegexError::Flags(text.to_owned()));
            }
        }
        Ok(flags)
    }
}

/// A regular expression. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Regex(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    flags: Flags,
    program: program::Program,
    /// The expression for the linear engine, if it means the same there.
    linear: Option<String>,
    compiled: OnceLock<Option<::regex::Regex>>,
}

impl Regex {
    /// Reads an expression as `new RegExp(pattern, flags)` does.
    ///
    /// # Errors
    ///
    /// When a flag is unknown or repeated, or the pattern is none. Flag `v` is not supported.
    pub(crate) fn parse(pattern: &str, flags: &str) -> Result<Self, RegexError> {
        let flags = Flags::parse(flags)?;
        let units = units(pattern, flags.unicode);
        if units.len() > MAX_PATTERN {
            return Err(RegexError::TooLong { limit: MAX_PATTERN, unit: "UTF-16 units of pattern" });
        }
        let parsed = parser::parse(&units, flags)?;
        let linear = linear::translate(&parsed, flags);
        let program = program::compile(&parsed, flags);
        Ok(Self(Arc::new(Inner { flags, program, linear, compiled: OnceLock::new() })))
    }

    /// Reads the pattern of a rule: `/pattern/flags`, or a pattern alone.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub(crate) fn delimited(text: &str) -> Result<Self, RegexError> {
        let line_end = |text: &str| text.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        match text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
            Some((pattern, flags)) if !pattern.is_empty() && !line_end(text) => Self::parse(pattern, flags),
            _ => Self::parse(text, ""),
        }
    }

    /// Whether the flags ask for all matches.
    pub(crate) fn is_global(&self) -> bool {
        self.0.flags.global
    }

    /// The first match in `text`.
    ///
    /// # Errors
    ///
    /// When `text` is too long, or the search takes too many steps.
    pub(crate) fn search(&self, text: &str) -> Result<Option<Captures>, RegexError> {
        self.answer(
            text,
            |machine| Ok(machine.search(0)?.map(|spans| machine.captures(&spans))),
            |regex| {
                let group = |found: Option<::regex::Match<'_>>| found.map(|found| found.as_str().to_owned());
                regex.captures(text).map(|found| found.iter().map(group).collect())
            },
        )
    }

    /// All matches in `text`, as flag `g` asks for.
    ///
    /// # Errors
    ///
    /// When `text` is too long, or the search takes too many steps.
    pub(crate) fn all(&self, text: &str) -> Result<Vec<String>, RegexError> {
        self.answer(
            text,
            |machine| {
                let mut matches = Vec::new();
                let mut from = 0;
                while let Some(spans) = machine.search(from)? {
                    let Some((start, end)) = Spans::get(&spans, 0) else { break };
                    matches.push(machine.text(start, end));
                    from = if end == start { end + 1 } else { end };
                }
                Ok(matches)
            },
            |regex| {
                let mut matches = Vec::new();
                let mut from = 0;
                while let Some(found) = (from <= text.len()).then(|| regex.find_at(text, from)).flatten() {
                    matches.push(found.as_str().to_owned());
                    let next = text.get(found.end()..).and_then(|rest| rest.chars().next());
                    from = if found.is_empty() { found.end() + next.map_or(1, char::len_utf8) } else { found.end() };
                }
                matches
            },
        )
    }

    /// What `machine` says within its budget, or else `linear`.
    fn answer<T>(
        &self,
        text: &str,
        machine: impl Fn(&mut Machine<'_>) -> Result<T, OutOfSteps>,
        linear: impl Fn(&::regex::Regex) -> T,
    ) -> Result<T, RegexError> {
        if text.len() > MAX_TEXT {
            return Err(RegexError::TooLong { limit: MAX_TEXT, unit: "bytes of text" });
        }
        let Inner { flags, program, linear: source, compiled } = &*self.0;
        let units = units(text, flags.unicode);
        // Units are characters to both engines, unless a character has two.
        let same = flags.unicode || text.chars().all(|character| character.len_utf16() == 1);
        let source = source.as_deref().filter(|_| same);
        let budget = if source.is_some() { SHORT_BUDGET } else { BUDGET };
        if let Ok(answer) = machine(&mut Machine::new(program, *flags, &units, budget)) {
            return Ok(answer);
        }
        let Some(source) = source else {
            return Err(RegexError::Budget);
        };
        match compiled.get_or_init(|| linear::compile(source)) {
            Some(regex) => Ok(linear(regex)),
            None => machine(&mut Machine::new(program, *flags, &units, BUDGET)).map_err(|_| RegexError::Budget),
        }
    }
}

/// What an expression is matched against: code points with flag `u`, UTF-16 units without.
fn units(text: &str, unicode: bool) -> Vec<u32> {
    if unicode { text.chars().map(u32::from).collect() } else { text.encode_utf16().map(u32::from).collect() }
}
