//! A day of the calendar, without a clock or a time zone.

use std::{fmt, str::FromStr};

/// A day of the Gregorian calendar, in the years 1 to 9999: `2024-03-09`.
///
/// ```
/// use lockage_tagging::Date;
///
/// let date: Date = "2024-12-30".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2024, 12, 30));
/// assert_eq!(date.iso_week(), (2025, 1));
/// # Ok::<(), lockage_tagging::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text, or three numbers, that name no day of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} is not a day such as 2024-03-09")]
pub struct DateError {
    text: String,
}

impl Date {
    /// The day `day` of the month `month` in `year`.
    ///
    /// # Errors
    ///
    /// When the calendar has no such day, or `year` is 0 or has five digits.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        let legal =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        match legal {
            true => Ok(Self { year, month, day }),
            false => Err(DateError { text: format!("{year}-{month}-{day}") }),
        }
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The week of ISO 8601, with the year it belongs to: weeks start on Mondays, and week 1 is the one with the
    /// year's first Thursday. The last days of December can lie in week 1 of the next year.
    pub fn iso_week(self) -> (u16, u8) {
        // 1970-01-01 was a Thursday; the Thursday of a week decides which year the week is in.
        let days = self.days();
        let thursday = days - (days + 3).rem_euclid(7) + 3;
        let year = i64::from(self.year) + i64::from(thursday > day_number(i64::from(self.year), 12, 31))
            - i64::from(thursday < day_number(i64::from(self.year), 1, 1));
        let week = (thursday - day_number(year, 1, 1)) / 7 + 1;
        (u16::try_from(year).unwrap_or(self.year), u8::try_from(week).unwrap_or(1))
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> i64 {
        day_number(i64::from(self.year), i64::from(self.month), i64::from(self.day))
    }

    /// The day `days` after 1970-01-01, which the caller knows to lie in the years 1 to 9999.
    pub(super) fn from_days(days: i64) -> Self {
        // Counted in eras of 400 years that start in March, so that the leap day is the last of its year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(0),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let read = || {
            let mut parts = text.split('-');
            let mut number = |length| {
                let part: &str = parts.next().filter(|part: &&str| part.len() == length)?;
                part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten()
            };
            let (year, month, day) = (number(4)?, number(2)?, number(2)?);
            let date = Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).ok()?;
            parts.next().is_none().then_some(date)
        };
        read().ok_or_else(|| DateError { text: crate::excerpt::quoted(text) })
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_comes_back_and_follows_the_one_before() {
        let first = Date::new(1, 1, 1).unwrap().days();
        let last = Date::new(9999, 12, 31).unwrap().days();
        assert_eq!(Date::from_days(0).to_string(), "1970-01-01");
        let mut before = None;
        for days in first..=last {
            let date = Date::from_days(days);
            assert_eq!(Date::new(date.year, date.month, date.day).map(Date::days), Ok(days));
            assert!(before < Some(date));
            before = Some(date);
        }
    }
}
