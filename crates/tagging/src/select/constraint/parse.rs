//! From the text of a constraint to its terms.

use semver::{BuildMetadata, Prerelease, Version};

use super::{
    Alternative, Constraint, Depth, Operator, Term,
    error::{ConstraintError, ConstraintProblem},
    hyphen::Rewritten,
};

/// The most bytes that a constraint can have; the dialect itself knows no limit.
const LIMIT: usize = 4096;

/// What the dialect takes for white space.
pub(super) fn blank(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

pub(super) fn constraint(input: &str) -> Result<Constraint, ConstraintError> {
    if input.len() > LIMIT {
        let problem = ConstraintProblem::TooLong { length: input.len(), limit: LIMIT };
        return Err(ConstraintError::new(input, 0, problem));
    }
    let source = Rewritten::new(input);
    let mut start = 0;
    let mut alternatives = Vec::new();
    for text in source.text.split("||") {
        let alternative = alternative(text).map_err(|Fault { rest, problem }| {
            let (position, written) = source.origin(start + text.len() - rest);
            ConstraintError::new(input, position, if written { problem } else { ConstraintProblem::Range })
        })?;
        alternatives.push(alternative);
        start += text.len() + "||".len();
    }
    Ok(Constraint { alternatives })
}

/// A problem, and how many bytes stand from its place to the end of the alternative.
struct Fault {
    rest: usize,
    problem: ConstraintProblem,
}

fn alternative(text: &str) -> Result<Alternative, Fault> {
    let mut terms = Vec::new();
    let mut rest = text;
    loop {
        let (term, behind) = term(rest.trim_start_matches(blank))?;
        terms.push(term);
        let next = behind.trim_start_matches(blank);
        match next.chars().next() {
            None => return Ok(Alternative { terms }),
            Some(',') => rest = next.get(1..).unwrap_or_default(),
            Some(_) if next.len() < behind.len() => rest = next,
            Some(found) => {
                return Err(Fault { rest: next.len(), problem: ConstraintProblem::Separator { found } });
            }
        }
    }
}

fn term(text: &str) -> Result<(Term, &str), Fault> {
    let (operator, behind) = Operator::ALL
        .into_iter()
        .find_map(|operator| Some((operator, text.strip_prefix(operator.sign())?)))
        .unwrap_or((Operator::Equal { written: false }, text));
    let start = behind.trim_start_matches(blank);
    let Some(partial) = Partial::read(start) else {
        let problem = ConstraintProblem::Version { found: start.chars().next() };
        return Err(Fault { rest: start.len(), problem });
    };
    let (version, depth) = partial.version().map_err(|problem| Fault { rest: start.len(), problem })?;
    Ok((Term { operator, version, depth, text: partial.text.into() }, partial.rest))
}

/// A version with parts left out or replaced by wildcards, as far as the text looks like one.
pub(super) struct Partial<'a> {
    pub(super) text: &'a str,
    major: &'a str,
    minor: Option<&'a str>,
    patch: Option<&'a str>,
    pre: Option<&'a str>,
    pub(super) rest: &'a str,
}

impl<'a> Partial<'a> {
    /// Reads as much of `text` as looks like a version; `None` when it does not start with one.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (major, rest) = number(text.strip_prefix('v').unwrap_or(text))?;
        let (minor, rest) = optional(rest, '.', number);
        // Without a second number there is no `.` for a third.
        let (patch, rest) = optional(rest, '.', number);
        let (pre, rest) = optional(rest, '-', identifiers);
        let (_build, rest) = optional(rest, '+', identifiers);
        let text = text.get(..text.len() - rest.len())?;
        Some(Self { text, major, minor, patch, pre, rest })
    }

    /// The version, with zeros for what is missing, and how much of it was written.
    ///
    /// Nothing behind the first wildcard is read, only the pre-release.
    fn version(&self) -> Result<(Version, Depth), ConstraintProblem> {
        let mut version = Version::new(0, 0, 0);
        let mut depth = Depth::Nothing;
        let numbers = [
            (Some(self.major), &mut version.major, Depth::Major),
            (self.minor, &mut version.minor, Depth::Minor),
            (self.patch, &mut version.patch, Depth::Patch),
        ];
        for (text, number, reached) in numbers {
            let Some(text) = text.filter(|text| !matches!(*text, "x" | "X" | "*")) else { break };
            *number = value(text)?;
            depth = reached;
        }
        if let Some(pre) = self.pre {
            version.pre = Prerelease::new(pre).map_err(|_| ConstraintProblem::prerelease(pre))?;
        }
        version.build = BuildMetadata::EMPTY;
        Ok((version, depth))
    }
}

fn value(text: &str) -> Result<u64, ConstraintProblem> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ConstraintProblem::number(text));
    }
    text.parse().map_err(|_| ConstraintProblem::number(text))
}

/// What `read` finds behind `separator`; without it, nothing is consumed.
fn optional<'a>(
    text: &'a str,
    separator: char,
    read: impl Fn(&'a str) -> Option<(&'a str, &'a str)>,
) -> (Option<&'a str>, &'a str) {
    match text.strip_prefix(separator).and_then(read) {
        Some((found, rest)) => (Some(found), rest),
        None => (None, text),
    }
}

/// The dialect takes a `|` for a part of a number, and finds out later that it is none.
fn number(text: &str) -> Option<(&str, &str)> {
    run(text, |character| character.is_ascii_digit() || matches!(character, 'x' | 'X' | '*' | '|'))
}

/// Identifiers with dots between them, as in a pre-release.
fn identifiers(text: &str) -> Option<(&str, &str)> {
    let identifier = |text| run(text, |character| character.is_ascii_alphanumeric() || character == '-');
    let (_, mut rest) = identifier(text)?;
    while let Some((_, behind)) = rest.strip_prefix('.').and_then(identifier) {
        rest = behind;
    }
    Some((text.get(..text.len() - rest.len())?, rest))
}

/// The longest start of `text` of characters that `fit`, unless that is nothing.
fn run(text: &str, fit: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|character| !fit(character)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
