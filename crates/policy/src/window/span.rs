//! Times at which a window is active: once, or every week, in the hours of a place.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::rule::Weekday;

/// When a window is active. An occurrence holds its beginning, and not its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Span {
    Once(Once),
    Weekly(Weekly),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Once {
    from: Timestamp,
    until: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weekly {
    pub(super) weekdays: Vec<Weekday>,
    pub(super) from: Time,
    pub(super) until: Time,
    pub(super) zone: TimeZone,
}

impl Once {
    /// Nothing where it does not end after it begins, or one of them cannot be reckoned with.
    pub(super) fn new(from: DateTime, until: DateTime, zone: &TimeZone) -> Option<Self> {
        let (from, until) = (instant(from, zone)?, instant(until, zone)?);
        (from < until).then_some(Self { from, until })
    }
}

impl Span {
    /// Whether it is active.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let holds = |(from, until)| from <= at && at < until;
        match self {
            Self::Once(once) => holds((once.from, once.until)),
            // An occurrence lasts a day at most, or a little more where the clocks are put back.
            Self::Weekly(weekly) => weekly.around(at, -2..=0).any(holds),
        }
    }

    /// The first moment after `at` at which an occurrence begins or ends.
    pub(super) fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let first = |changes: [Timestamp; 2]| changes.into_iter().find(|change| *change > at);
        match self {
            Self::Once(once) => first([once.from, once.until]),
            // A week on, each day has come again; one more for the change of clocks.
            Self::Weekly(weekly) => weekly.around(at, -2..=8).filter_map(|(from, until)| first([from, until])).min(),
        }
    }

    /// When it ends for good; nothing where it comes again.
    pub(super) fn last(&self) -> Option<Timestamp> {
        match self {
            Self::Once(once) => Some(once.until),
            Self::Weekly(_) => None,
        }
    }
}

impl Weekly {
    /// The occurrences that begin on these days from the day of `at` on.
    fn around(&self, at: Timestamp, days: RangeInclusive<i64>) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = at.to_zoned(self.zone.clone()).date();
        days.filter_map(move |days| self.on(today.checked_add(SignedDuration::from_hours(24 * days)).ok()?))
    }

    /// The occurrence that begins on `day`; none where the change of clocks leaves nothing of it.
    fn on(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.weekdays.iter().any(|weekday| weekday.is(day.weekday())) {
            return None;
        }
        let last = if self.until <= self.from { day.checked_add(1.day()).ok()? } else { day };
        let from = instant(day.to_datetime(self.from), &self.zone)?;
        let until = instant(last.to_datetime(self.until), &self.zone)?;
        (from < until).then_some((from, until))
    }
}

/// A time that comes twice is its first; one that does not come at all is as much later as the clocks are put forward.
fn instant(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(zone.to_ambiguous_zoned(at).compatible().ok()?.timestamp())
}
