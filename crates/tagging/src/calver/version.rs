//! One version by the calendar, which compares by its numbers and not by its text.

use std::{cmp::Ordering, fmt};

use super::layout::Unit;
use crate::Date;

/// A version by the calendar, read by a [`CalverLayout`](super::CalverLayout).
///
/// It compares by year, month or week, day and `MICRO`, as numbers and in this order, whatever the order of the layout:
/// `2024.9` is before `2024.10`. Versions of different layouts compare by what both have.
#[derive(Clone, Debug)]
pub struct Calver {
    parts: Parts,
    lines: Vec<String>,
    text: String,
}

impl Calver {
    pub(super) fn new(parts: Parts, lines: Vec<String>, text: &str) -> Self {
        Self { parts, lines, text: text.to_owned() }
    }

    /// The version as its layout writes it, without a `v`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of the release within its date; 0 where the layout has none.
    pub fn micro(&self) -> u64 {
        self.parts.micro
    }

    /// The lines that the version is in, the narrowest first: `2024.03`, `2024`.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl PartialEq for Calver {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Calver {}

impl PartialOrd for Calver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Calver {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl fmt::Display for Calver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The numbers of a version, the most significant first; 0 for what its layout does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parts {
    year: u64,
    month: u64,
    week: u64,
    day: u64,
    pub(super) micro: u64,
}

impl Parts {
    /// The parts of `date` that a layout `has`.
    pub(super) fn of(date: Date, has: impl Fn(Unit) -> bool) -> Self {
        let (week_year, week) = date.iso_week();
        let part = |unit, number: u8| if has(unit) { number.into() } else { 0 };
        Self {
            year: if has(Unit::Week) { week_year } else { date.year() }.into(),
            month: part(Unit::Month, date.month()),
            week: part(Unit::Week, week),
            day: part(Unit::Day, date.day()),
            micro: 0,
        }
    }

    pub(super) fn is_same_date(&self, other: &Self) -> bool {
        Self { micro: 0, ..*self } == Self { micro: 0, ..*other }
    }

    /// The number that is written for `unit`. A year before 2000 has no short form, and 1000 stands for none.
    pub(super) fn get(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Year => self.year,
            Unit::ShortYear => self.year.checked_sub(2000).unwrap_or(1000),
            Unit::Month => self.month,
            Unit::Week => self.week,
            Unit::Day => self.day,
            Unit::Micro => self.micro,
        }
    }

    pub(super) fn set(&mut self, unit: Unit, number: u64) {
        match unit {
            Unit::Year => self.year = number,
            // Three digits at most, so it cannot overflow.
            Unit::ShortYear => self.year = 2000 + number,
            Unit::Month => self.month = number,
            Unit::Week => self.week = number,
            Unit::Day => self.day = number,
            Unit::Micro => self.micro = number,
        }
    }

    /// Whether the calendar has such a day, month or week. A 0 that was not read is no part of the layout.
    pub(super) fn is_in_calendar(&self, has: impl Fn(Unit) -> bool) -> bool {
        let (Ok(year), Ok(month), Ok(day)) =
            (u16::try_from(self.year), u8::try_from(self.month), u8::try_from(self.day))
        else {
            return false;
        };
        let month = if has(Unit::Month) { month } else { 1 };
        let day = if has(Unit::Day) { day } else { 1 };
        // The 28th of December is always in the last week of its year.
        let weeks = || Date::new(year, 12, 28).map_or(0, |date| date.iso_week().1.into());
        Date::new(year, month, day).is_ok() && (!has(Unit::Week) || (1..=weeks()).contains(&self.week))
    }
}
