//! Time zones: an instant as the clocks of a zone show it.

use std::sync::LazyLock;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};

/// The database in the crate, whatever the machine has: the same inputs give the same tags everywhere.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Why an instant cannot be spelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ZoneError {
    /// The name of the zone is empty.
    #[error("the name of the time zone is empty")]
    Empty,
}

/// What the clocks of a zone show at an instant.
pub(super) struct Local {
    /// Milliseconds since 1970.
    pub(super) milliseconds: i64,
    pub(super) clock: DateTime,
    /// Minutes east of UTC.
    pub(super) offset: i32,
    /// How the zone is abbreviated then.
    pub(super) abbreviation: String,
    /// Whether the database has the zone.
    pub(super) named: bool,
}

pub(super) fn local(instant: Timestamp, name: &str) -> Result<Local, ZoneError> {
    if name.is_empty() {
        return Err(ZoneError::Empty);
    }
    // The action's clock counts milliseconds.
    let milliseconds = instant.as_nanosecond().div_euclid(1_000_000);
    let milliseconds = i64::try_from(milliseconds).unwrap_or_else(|_| instant.as_millisecond());
    let Some(zone) = find(name) else {
        let clock = TimeZone::UTC.to_datetime(instant);
        return Ok(Local { milliseconds, clock, offset: 0, abbreviation: String::new(), named: false });
    };
    let info = zone.to_offset_info(instant);
    Ok(Local {
        milliseconds,
        clock: zone.to_datetime(instant),
        offset: info.offset().seconds().div_euclid(60),
        abbreviation: info.abbreviation().to_owned(),
        named: true,
    })
}

fn find(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    // A slash may be written as an underscore.
    let [first, second] = [1, 2].map(|count| name.replacen('_', "/", count));
    [name, &first, &second].into_iter().find_map(|name| ZONES.get(name).ok())
}
