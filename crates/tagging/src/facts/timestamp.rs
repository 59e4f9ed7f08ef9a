//! A point in time as commits carry it, and the calendar day it falls on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::Error as _};

use crate::{Date, excerpt::quoted};

const DAY: i64 = 86_400;

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST: i64 = 253_402_300_799;

/// The first second of the year 1, where the calendar starts.
const FIRST: i64 = -62_135_596_800;

/// A point in time, to the second, in the years 1 to 9999.
///
/// Read from RFC 3339, as git's `%cI` and every build system write it. The offset is applied and forgotten: the same
/// commit has the same timestamp, and hence the same tags, wherever it was made. It prints in UTC.
///
/// ```
/// use lockage_tagging::Timestamp;
///
/// let committed: Timestamp = "2024-03-10T00:30:00+01:00".parse()?;
/// assert_eq!(committed.to_string(), "2024-03-09T23:30:00Z");
/// assert_eq!(committed.date().to_string(), "2024-03-09");
/// # Ok::<(), lockage_tagging::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text or a number that is no [`Timestamp`] or no [`Date`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} is not a date and time such as 2024-03-09T16:41:09Z")]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// The point in time `seconds` after the start of 1970 in UTC.
    ///
    /// # Errors
    ///
    /// When it falls outside of the years 1 to 9999.
    pub fn from_unix(seconds: i64) -> Result<Self, TimestampError> {
        match (FIRST..=LAST).contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err(TimestampError { text: seconds.to_string() }),
        }
    }

    /// Seconds since the start of 1970 in UTC.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// The calendar day in UTC.
    pub fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(DAY))
    }

    /// `20240309164109`: year, month, day, hour, minute and second in UTC, which sort as text.
    pub(crate) fn digits(self) -> String {
        self.to_string().chars().filter(char::is_ascii_digit).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY);
        write!(f, "{}T{:02}:{:02}:{:02}Z", self.date(), second / 3600, second / 60 % 60, second % 60)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        read(text)
            .filter(|at| (FIRST..=LAST).contains(at))
            .map(Self)
            .ok_or_else(|| TimestampError { text: quoted(text) })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Reads `2024-03-09T16:41:09[.123](Z|+01:00)` as seconds since 1970; a fraction is dropped.
fn read(text: &str) -> Option<i64> {
    let (day, rest) = (text.get(..10)?, text.get(10..)?);
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = (clock.get(..8)?, clock.get(8..)?);
    let [hour, minute, second] = numbers::<3>(time)?;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    if rest.starts_with('.') && zone.len() + 1 == rest.len() {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let [hours, minutes] = numbers::<2>(zone.strip_prefix(['+', '-'])?)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 3600 + minutes * 60)
        }
    };
    // 23:59:60 is a leap second, which is counted as the second after it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let date: Date = day.parse().ok()?;
    Some(date.days() * DAY + hour * 3600 + minute * 60 + second - offset)
}

/// `N` numbers of two digits each, with colons between them.
fn numbers<const N: usize>(text: &str) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(':');
    for number in &mut numbers {
        let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
