//! The layout of versions by the calendar: which parts of a date, written how, with what between them.

use std::{fmt, str::FromStr};

use super::{Calver, CalverError, version::Parts};
use crate::{Date, excerpt::quoted};

/// How the versions of a team are written: `YYYY.MM.MICRO`, `YYYY.0M.0D`, `YY.MM`.
///
/// | Token | Is | On 2006-01-05 |
/// |---|---|---|
/// | `YYYY` | the year | `2006` |
/// | `YY`, `0Y` | the year since 2000, bare (to 2999) and with two digits (to 2099) | `6`, `06` |
/// | `MM`, `0M` | the month | `1`, `01` |
/// | `WW`, `0W` | the week of ISO 8601; the year is then the year of the week | `1`, `01` |
/// | `DD`, `0D` | the day of the month | `5`, `05` |
/// | `MICRO` | the number of the release within what stands before it, from 0 | `0` |
///
/// `.`, `-` or `_` stands between the tokens; after `YYYY` and those with a zero it can be left out.
///
/// ```
/// use lockage_tagging::calver::CalverLayout;
///
/// let layout: CalverLayout = "YYYY.0M.MICRO".parse()?;
/// let (old, new) = (layout.read("2024.09.10")?, layout.read("v2024.10.2")?);
/// assert!(old < new);
///
/// let next = layout.next("2024-10-31".parse()?, ["2024.10.2", "2024.10.10", "latest"])?;
/// assert_eq!(next.to_string(), "2024.10.11");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalverLayout {
    tokens: Vec<Token>,
    /// What stands before each token but the first.
    separators: Vec<Option<char>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    name: &'static str,
    unit: Unit,
    digits: Digits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    ShortYear,
    Month,
    Week,
    Day,
    Micro,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    /// Exactly so many, with zeroes before.
    Exactly(usize),
    /// At most so many, without zeroes before.
    UpTo(usize),
}

const TOKENS: [Token; 10] = [
    Token { name: "MICRO", unit: Unit::Micro, digits: Digits::UpTo(19) },
    Token { name: "YYYY", unit: Unit::Year, digits: Digits::Exactly(4) },
    Token { name: "YY", unit: Unit::ShortYear, digits: Digits::UpTo(3) },
    Token { name: "0Y", unit: Unit::ShortYear, digits: Digits::Exactly(2) },
    Token { name: "MM", unit: Unit::Month, digits: Digits::UpTo(2) },
    Token { name: "0M", unit: Unit::Month, digits: Digits::Exactly(2) },
    Token { name: "WW", unit: Unit::Week, digits: Digits::UpTo(2) },
    Token { name: "0W", unit: Unit::Week, digits: Digits::Exactly(2) },
    Token { name: "DD", unit: Unit::Day, digits: Digits::UpTo(2) },
    Token { name: "0D", unit: Unit::Day, digits: Digits::Exactly(2) },
];

impl CalverLayout {
    /// Reads `text`, with or without a leading `v`, as a version.
    ///
    /// # Errors
    ///
    /// [`CalverError::Version`] when it is not written exactly so, or names a day that the calendar has not.
    pub fn read(&self, text: &str) -> Result<Calver, CalverError> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let parts = self.read_parts(bare).filter(|parts| parts.is_in_calendar(|unit| self.has(unit)));
        let no_version = || CalverError::Version { text: quoted(text), layout: self.to_string() };
        Ok(Calver::new(parts.ok_or_else(no_version)?, self.lines(bare), bare))
    }

    /// The version of a release on `date` when these versions exist: with `MICRO`, one more than the highest of the same
    /// date, or 0 for the first. Existing tags that are no versions of the layout do not count.
    ///
    /// # Errors
    ///
    /// [`CalverError::Taken`] when the version exists and there is no `MICRO` to count up, or it cannot be counted
    /// further; [`CalverError::Date`] when the layout cannot write the year.
    pub fn next<T: AsRef<str>>(
        &self,
        date: Date,
        existing: impl IntoIterator<Item = T>,
    ) -> Result<Calver, CalverError> {
        let mut parts = Parts::of(date, |unit| self.has(unit));
        let existing = existing.into_iter().filter_map(|tag| self.read(tag.as_ref()).ok());
        let last = existing.filter(|version| version.parts().is_same_date(&parts)).max();
        if let Some(last) = last {
            // Nineteen digits are all that a layout reads.
            let micro = last.parts().micro + 1;
            let micro = Some(micro).filter(|micro| self.has(Unit::Micro) && *micro < 10_u64.pow(19));
            parts.micro = micro.ok_or_else(|| CalverError::Taken { version: last.to_string() })?;
        }
        let text = self.write(&parts);
        // Reading it back catches the year 1999 in a layout of short years, and a MICRO of too many digits.
        match self.read(&text) {
            Ok(version) if *version.parts() == parts => Ok(version),
            _ => Err(CalverError::Date { layout: self.to_string(), date: date.to_string() }),
        }
    }

    /// How many numbers its versions have, when dots alone stand between them.
    pub(super) fn numbers(&self) -> Option<usize> {
        self.separators.iter().all(|separator| *separator == Some('.')).then_some(self.tokens.len())
    }

    fn has(&self, unit: Unit) -> bool {
        self.tokens.iter().any(|token| token.unit == unit)
    }

    fn write(&self, parts: &Parts) -> String {
        let mut text = String::new();
        let separators = [None].into_iter().chain(self.separators.iter().copied());
        for (token, separator) in self.tokens.iter().zip(separators) {
            text.extend(separator);
            let number = parts.get(token.unit);
            text.push_str(&match token.digits {
                Digits::Exactly(width) => format!("{number:0width$}"),
                Digits::UpTo(_) => number.to_string(),
            });
        }
        text
    }

    fn read_parts(&self, text: &str) -> Option<Parts> {
        let mut parts = Parts::default();
        let mut rest = text;
        let separators = [None].into_iter().chain(self.separators.iter().copied());
        for (token, separator) in self.tokens.iter().zip(separators) {
            if let Some(separator) = separator {
                rest = rest.strip_prefix(separator)?;
            }
            let run = rest.bytes().take_while(u8::is_ascii_digit).count();
            let length = match token.digits {
                Digits::Exactly(width) => width,
                Digits::UpTo(most) => run.min(most),
            };
            let (digits, after) = rest.split_at_checked(length).filter(|_| run >= length && length > 0)?;
            if matches!(token.digits, Digits::UpTo(_)) && digits.len() > 1 && digits.starts_with('0') {
                return None;
            }
            parts.set(token.unit, digits.parse().ok()?);
            rest = after;
        }
        rest.is_empty().then_some(parts)
    }

    /// The shorter and shorter starts of a version, at its separators: `2024.03` and `2024` of `2024.03.1`.
    fn lines(&self, text: &str) -> Vec<String> {
        let ends = text.char_indices().filter(|(_, character)| !character.is_ascii_digit()).map(|(at, _)| at);
        let mut lines: Vec<_> = ends.filter_map(|end| text.get(..end).map(str::to_owned)).collect();
        lines.reverse();
        lines
    }
}

impl FromStr for CalverLayout {
    type Err = CalverError;

    fn from_str(layout: &str) -> Result<Self, CalverError> {
        let broken = || CalverError::Layout { layout: quoted(layout) };
        let mut tokens: Vec<Token> = Vec::new();
        let mut separators = Vec::new();
        let mut rest = layout;
        loop {
            let token = TOKENS.iter().find(|token| rest.starts_with(token.name)).ok_or_else(broken)?;
            tokens.push(*token);
            rest = rest.strip_prefix(token.name).unwrap_or_default();
            let Some(next) = rest.chars().next() else { break };
            let separator = Some(next).filter(|next| matches!(next, '.' | '-' | '_'));
            if separator.is_none() && matches!(token.digits, Digits::UpTo(_)) {
                return Err(broken());
            }
            rest = separator.and_then(|separator| rest.strip_prefix(separator)).unwrap_or(rest);
            separators.push(separator);
        }
        let layout = Self { tokens, separators };
        match layout.problem() {
            Some(problem) => Err(CalverError::Order { layout: layout.to_string(), problem }),
            None => Ok(layout),
        }
    }
}

impl CalverLayout {
    /// What keeps the versions of the layout from being ordered.
    fn problem(&self) -> Option<&'static str> {
        let count = |units: &[Unit]| self.tokens.iter().filter(|token| units.contains(&token.unit)).count();
        match (count(&[Unit::Year, Unit::ShortYear]), count(&[Unit::Month, Unit::Week])) {
            (0, _) => Some("has no year"),
            (2.., _) => Some("has two years"),
            (_, 2..) => Some("has two of month and week"),
            _ if count(&[Unit::Day]) > 0 && count(&[Unit::Month]) == 0 => Some("has a day without a month"),
            _ if count(&[Unit::Day]) > 1 => Some("has two days"),
            _ if count(&[Unit::Micro]) > 1 => Some("has two MICROs"),
            _ => None,
        }
    }
}

impl fmt::Display for CalverLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separators = [None].into_iter().chain(self.separators.iter().copied());
        for (token, separator) in self.tokens.iter().zip(separators) {
            if let Some(separator) = separator {
                write!(f, "{separator}")?;
            }
            f.write_str(token.name)?;
        }
        Ok(())
    }
}
