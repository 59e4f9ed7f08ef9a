//! Instants as a snapshot stores them: microseconds, and one number that says that nothing is known.

use jiff::Timestamp;

/// A time that is not known.
pub(in crate::retain) const UNKNOWN: i64 = i64::MIN;

/// Microseconds since 1970.
pub(in crate::retain) fn micros(at: Option<Timestamp>) -> i64 {
    at.map_or(UNKNOWN, Timestamp::as_microsecond)
}

/// The instant, unless it is unknown or no calendar reaches it.
pub(in crate::retain) fn timestamp(micros: i64) -> Option<Timestamp> {
    if micros == UNKNOWN { None } else { Timestamp::from_microsecond(micros).ok() }
}
