//! The first moments at which something is old.

use jiff::{SignedDuration, Timestamp};

/// The first moment at which something is as old as this, if there is one.
pub(super) fn as_old_from(at: Timestamp, age: SignedDuration) -> Option<Timestamp> {
    at.checked_add(age).ok()
}

/// The first moment at which something is older than this, if there is one.
#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "in some systems it is old before that"))]
pub(super) fn older_from(at: Timestamp, age: SignedDuration) -> Option<Timestamp> {
    as_old_from(at, age)?.checked_add(SignedDuration::from_nanos(1)).ok()
}
