//! Times at which a window is active: once, or every week, in the hours of a place.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span as Length, Timestamp, ToSpan as _};

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
        self.around(at).iter().any(|(from, until)| *from <= at && at < *until)
    }

    /// The first moment after `at` at which an occurrence begins or ends.
    pub(super) fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.around(at).iter().flat_map(|(from, until)| [*from, *until]).filter(|change| *change > at).min()
    }

    /// The occurrences from one that could still be active to the next that begins, and perhaps others.
    fn around(&self, at: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        match self {
            Self::Once(once) => vec![(once.from, once.until)],
            Self::Weekly(weekly) => weekly.around(at),
        }
    }
}

impl Weekly {
    fn around(&self, at: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = at.to_zoned(self.zone.clone()).date();
        // Yesterday's may last until today; a week on, each day has come again; one day more, for the change of clocks.
        (-2..=8)
            .filter_map(|days: i64| today.checked_add(Length::new().try_days(days).ok()?).ok())
            .filter_map(|day| self.on(day))
            .collect()
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
