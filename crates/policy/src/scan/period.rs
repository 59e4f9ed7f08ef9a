//! Lengths of time as people write them into configurations, and limits that may be lifted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize, de::Error as _};

/// The most of something that is allowed: a length of time, or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is a limit or there is none")]
pub enum Limit {
    /// No more than this.
    Within(Duration),
    /// No limit, also where the length is not known.
    Unlimited,
}

/// A length of time: `90m`, `24h`, `7d`, `2w`. A day has 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(pub(super) Duration);

const UNITS: [(char, u64); 4] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60)];

/// A day of 24 hours.
pub const DAY: Duration = Duration::from_secs(86_400);

fn read(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
    let number = text.strip_suffix(unit)?;
    if number.is_empty() || number.len() > 6 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(*seconds)?))
}

pub(super) fn write(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let whole = UNITS.iter().find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    match whole {
        Some((letter, unit)) => format!("{}{letter}", seconds / unit),
        None => format!("{}m", seconds / 60),
    }
}

const EXPECTED: &str = "write a length of time such as 90m, 24h, 7d or 2w";

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write(self.0))
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(&String::deserialize(deserializer)?).map(Self).ok_or_else(|| D::Error::custom(EXPECTED))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(duration) => f.write_str(&write(*duration)),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "unlimited" => Ok(Self::Unlimited),
            text => read(text).map(Self::Within).ok_or_else(|| D::Error::custom(format!("{EXPECTED}, or unlimited"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        for (text, seconds) in [("90m", 5400), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("0d", 0)] {
            let read = read(text).unwrap();
            assert_eq!(read.as_secs(), seconds, "{text}");
            assert_eq!(super::read(&write(read)), Some(read), "{text} {}", write(read));
        }
        for text in ["", "d", "7", "-7d", "7 d", "1.5d", "7D", "9999999w", "seven days"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
