//! Lengths of time as policies write them: exact ones, and months and years of the calendar.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::retain::snapshot::timestamp;

/// A length of time: `90s`, `15m`, `36h`, `14d`, `2w` are exact, a day has 24 hours; `6mo` and `7y` are months and years of the
/// calendar in UTC, so that a year from 29 February ends with 28 February and is over on 1 March.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age {
    number: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Exact(&'static str, i64),
    Months,
    Years,
}

const SECOND: i64 = 1_000_000;
const EXACT: [(&str, i64); 5] =
    [("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND), ("d", 86_400 * SECOND), ("w", 604_800 * SECOND)];

/// A text that is no [`Age`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no length of time: write one such as 90s, 15m, 36h, 14d, 2w, 6mo or 7y")]
pub struct AgeError(String);

impl Age {
    /// So many seconds.
    #[must_use]
    pub fn seconds(number: u32) -> Self {
        Self { number, unit: Unit::Exact("s", SECOND) }
    }

    /// So many days of 24 hours.
    #[must_use]
    pub fn days(number: u32) -> Self {
        Self { number, unit: Unit::Exact("d", 86_400 * SECOND) }
    }

    /// So many years of the calendar.
    #[must_use]
    pub fn years(number: u32) -> Self {
        Self { number, unit: Unit::Years }
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.number == 0
    }

    /// Whether it may end before the other one that begins with it, whenever that is.
    pub(in crate::retain) fn may_be_shorter_than(self, other: Self) -> bool {
        match (self.months(), other.months()) {
            (Some(own), Some(other)) => own < other,
            _ => self.lengths().0 < other.lengths().1,
        }
    }

    /// How many months of the calendar it has, if it is of the calendar.
    fn months(self) -> Option<i64> {
        match self.unit {
            Unit::Exact(..) => None,
            Unit::Months => Some(i64::from(self.number)),
            Unit::Years => Some(i64::from(self.number) * 12),
        }
    }

    /// How many microseconds it is at least and at most.
    fn lengths(self) -> (i64, i64) {
        let length = |from: Date| {
            let from = from.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond();
            Some(self.after(from).saturating_sub(from))
        };
        // The calendar repeats after 400 years. A month is longest from its first day, and shortest from its last.
        let all = (1..=4800_i16).filter_map(|month| {
            let first = Date::new(2000 + (month - 1) / 12, i8::try_from((month - 1) % 12 + 1).ok()?, 1).ok()?;
            Some([length(first)?, length(first.last_of_month())?])
        });
        match self.unit {
            Unit::Exact(_, micros) => [i64::from(self.number).saturating_mul(micros); 2].into(),
            Unit::Months | Unit::Years => {
                all.flatten().fold((i64::MAX, 0), |(least, most), one| (least.min(one), most.max(one)))
            }
        }
    }

    /// The microsecond that is so much later. What no calendar reaches is never.
    pub(in crate::retain) fn after(self, from: i64) -> i64 {
        match self.unit {
            Unit::Exact(_, micros) => from.saturating_add(i64::from(self.number).saturating_mul(micros)),
            Unit::Months => months(from, i64::from(self.number)),
            Unit::Years => months(from, i64::from(self.number) * 12),
        }
    }
}

/// A day that a month does not have is the first of the next one.
fn months(from: i64, months: i64) -> i64 {
    let add = || {
        let at = timestamp(from)?.to_zoned(TimeZone::UTC).datetime();
        let month = i64::from(at.year()) * 12 + i64::from(at.month()) - 1 + months;
        let (year, month) = (i16::try_from(month.div_euclid(12)).ok()?, i8::try_from(month.rem_euclid(12) + 1).ok()?);
        let day = Date::new(year, month, at.day()).ok().or_else(|| {
            let last = Date::new(year, month, 1).ok()?.last_of_month();
            last.tomorrow().ok()
        })?;
        let later = day.to_datetime(at.time()).to_zoned(TimeZone::UTC).ok()?;
        Some(later.timestamp().as_microsecond())
    };
    add().unwrap_or(i64::MAX)
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let wrong = || AgeError(text.chars().take(40).collect());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
        if number.is_empty() || number.len() > 6 {
            return Err(wrong());
        }
        let number = number.parse().map_err(|_| wrong())?;
        let unit = match unit {
            "mo" => Unit::Months,
            "y" => Unit::Years,
            unit => {
                let (unit, micros) = EXACT.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
                Unit::Exact(unit, micros)
            }
        };
        Ok(Self { number, unit })
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Exact(unit, _) => unit,
            Unit::Months => "mo",
            Unit::Years => "y",
        };
        write!(f, "{}{unit}", self.number)
    }
}

impl TryFrom<String> for Age {
    type Error = AgeError;

    fn try_from(text: String) -> Result<Self, AgeError> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(from: &str, age: &str) -> String {
        let from: jiff::Timestamp = from.parse().unwrap();
        timestamp(age.parse::<Age>().unwrap().after(from.as_microsecond())).unwrap().to_string()
    }

    #[test]
    fn days_are_exact_and_years_are_of_the_calendar() {
        for (from, age, expected) in [
            ("2026-06-01T12:00:00Z", "36h", "2026-06-03T00:00:00Z"),
            ("2026-06-01T12:00:00Z", "90s", "2026-06-01T12:01:30Z"),
            ("2024-02-29T12:00:00Z", "1y", "2025-03-01T12:00:00Z"),
            ("2024-02-29T12:00:00Z", "4y", "2028-02-29T12:00:00Z"),
            ("2026-01-31T00:00:00Z", "1mo", "2026-03-01T00:00:00Z"),
            ("2026-01-31T00:00:00Z", "14mo", "2027-03-31T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "7y", "2033-12-31T23:59:59Z"),
            ("2023-01-01T00:00:00Z", "365d", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00Z", "365d", "2024-12-31T00:00:00Z"),
        ] {
            assert_eq!(after(from, age), expected, "{from} {age}");
        }
        assert_eq!(Age::years(99_999).after(0), i64::MAX, "never");
    }

    #[test]
    fn of_two_lengths_one_is_shorter_if_it_ever_ends_first() {
        let age = |text: &str| text.parse::<Age>().unwrap();
        for (one, other, expected) in [
            ("83mo", "7y", true),
            ("84mo", "7y", false),
            ("7y", "84mo", false),
            ("12mo", "370d", true),
            ("1y", "366d", true),
            ("1y", "365d", false),
            ("366d", "1y", false),
            ("365d", "1y", true),
            ("2557d", "7y", false),
            ("2556d", "7y", true),
            ("1mo", "28d", false),
            ("1mo", "29d", true),
            ("31d", "1mo", false),
            ("24h", "1d", false),
            ("23h", "1d", true),
        ] {
            assert_eq!(age(one).may_be_shorter_than(age(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        for text in ["90s", "15m", "36h", "14d", "2w", "6mo", "7y", "0d"] {
            assert_eq!(text.parse::<Age>().unwrap().to_string(), text);
        }
        for text in ["", "d", "7", "-7d", "7 d", "1.5d", "7D", "9999999d", "1y6mo", "7µ"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }
}
