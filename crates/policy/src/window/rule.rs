//! One window: when it is active, what it does then, and to which actions.

use std::fmt;

use jiff::civil::{self, Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::span::{Once, Span, Weekly};

/// One window of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Window {
    pub(super) name: String,
    pub(super) effect: Effect,
    pub(super) reason: Option<String>,
    pub(super) except: Vec<Action>,
    pub(super) span: Span,
    written: Written,
}

/// What a window does while it is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a third effect would change what open means")]
pub enum Effect {
    /// Changes may be made while such a window is active, and at no other time.
    Allow,
    /// No change may be made while it is active.
    Deny,
}

/// What is to be done to an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// An image goes on to it.
    Promotion,
    /// It goes back to an image that it had.
    Rollback,
    /// An image enters without having been in the environments before.
    Hotfix,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, missing_docs, reason = "there are seven, and their names say all")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Monday to Friday.
    pub const WORKING: [Self; 5] = [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday];

    pub(super) fn is(self, weekday: civil::Weekday) -> bool {
        let other = match weekday {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        };
        self == other
    }
}

/// A window that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowError {
    window: String,
    place: &'static str,
    problem: &'static str,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window {:?}: {}: {}", self.window, self.place, self.problem)
    }
}

impl std::error::Error for WindowError {}

/// A window as a document has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<Action>,
    from: String,
    until: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    weekdays: Vec<Weekday>,
    zone: String,
}

impl Window {
    /// No change from `from` until `until`, each a day or a day and a time in `zone`: `2026-12-18`, `2026-12-18T18:00`,
    /// `Europe/Berlin`. It begins with its first day, and ends with its last.
    ///
    /// # Errors
    /// Where one of them is none, or the end is not after the beginning.
    pub fn deny(name: &str, from: &str, until: &str, zone: &str) -> Result<Self, WindowError> {
        Self::new(name, Effect::Deny, from, until, &[], zone)
    }

    /// Changes from `from` until `until`, as [`deny`](Self::deny) reads them, and at no time that no other window allows.
    ///
    /// # Errors
    /// As [`deny`](Self::deny).
    pub fn allow(name: &str, from: &str, until: &str, zone: &str) -> Result<Self, WindowError> {
        Self::new(name, Effect::Allow, from, until, &[], zone)
    }

    /// A window on some days of every week, from one time of the day until another in `zone`: `09:00`, `17:30`. One that
    /// ends no later than it begins goes on into the next day.
    ///
    /// # Errors
    /// Where one of them is no time, there is no day, or the zone is not known.
    pub fn weekly(
        name: &str,
        effect: Effect,
        weekdays: &[Weekday],
        (from, until): (&str, &str),
        zone: &str,
    ) -> Result<Self, WindowError> {
        if weekdays.is_empty() {
            return Err(WindowError { window: name.to_owned(), place: "weekdays", problem: "there is no day" });
        }
        Self::new(name, effect, from, until, weekdays, zone)
    }

    /// Says why, to whoever is kept waiting.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        self.written.reason = Some(reason.clone());
        self.reason = Some(reason);
        self
    }

    /// Has no effect on this action: a freeze that may be rolled back in.
    #[must_use]
    pub fn except(mut self, action: Action) -> Self {
        self.written.except.push(action);
        self.except.push(action);
        self
    }

    fn new(
        name: &str,
        effect: Effect,
        from: &str,
        until: &str,
        weekdays: &[Weekday],
        zone: &str,
    ) -> Result<Self, WindowError> {
        let written = Written {
            name: name.to_owned(),
            effect,
            reason: None,
            except: Vec::new(),
            from: from.to_owned(),
            until: until.to_owned(),
            weekdays: weekdays.to_vec(),
            zone: zone.to_owned(),
        };
        Self::try_from(written)
    }
}

impl TryFrom<Written> for Window {
    type Error = WindowError;

    fn try_from(written: Written) -> Result<Self, WindowError> {
        let wrong = |place, problem| WindowError { window: written.name.clone(), place, problem };
        if written.name.trim().is_empty() {
            return Err(wrong("name", "it may not be empty"));
        }
        // The built-in database, whatever the machine has: the same document means the same everywhere.
        let zone = match written.zone.as_str() {
            "UTC" => TimeZone::UTC,
            name => TimeZoneDatabase::bundled()
                .get(name)
                .map_err(|_| wrong("zone", "write a time zone such as Europe/Berlin, or UTC"))?,
        };
        let span = if written.weekdays.is_empty() {
            let from = moment(&written.from, false)
                .ok_or_else(|| wrong("from", "write a day such as 2026-12-18, or 2026-12-18T18:00"))?;
            let until = moment(&written.until, true)
                .ok_or_else(|| wrong("until", "write a day such as 2026-12-18, or 2026-12-18T18:00"))?;
            let once = Once::new(from, until, &zone);
            Span::Once(once.ok_or_else(|| wrong("until", "it is not after the beginning"))?)
        } else {
            let clock =
                |text: &str, place| time(text).ok_or_else(|| wrong(place, "on weekdays, write a time such as 09:00"));
            Span::Weekly(Weekly {
                weekdays: written.weekdays.clone(),
                from: clock(&written.from, "from")?,
                until: clock(&written.until, "until")?,
                zone,
            })
        };
        let reason = written.reason.clone();
        let (name, effect, except) = (written.name.clone(), written.effect, written.except.clone());
        Ok(Self { name, effect, reason, except, span, written })
    }
}

impl From<Window> for Written {
    fn from(window: Window) -> Self {
        window.written
    }
}

/// A day and a time, or a day: its beginning, or its end.
fn moment(text: &str, end: bool) -> Option<DateTime> {
    if text.len() != "2026-12-18".len() {
        let (day, clock) = text.split_once('T')?;
        return Some(day.parse::<Date>().ok()?.to_datetime(time(clock)?));
    }
    let day: Date = text.parse().ok()?;
    let day = if end { day.tomorrow().ok()? } else { day };
    Some(day.to_datetime(Time::midnight()))
}

/// `09:00`, with seconds if they are there; and nothing else that could be read as a time.
fn time(text: &str) -> Option<Time> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = text.split(':').collect();
    let legal = matches!(parts.len(), 2 | 3) && parts.iter().all(|part| digits(part));
    if legal { text.parse().ok() } else { None }
}
