//! Times for people: absolute, and how long ago beside it.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::pipeline::output::times::rough;

/// `2026-11-21T10:42:00Z`.
pub(super) struct Absolute(pub(super) SystemTime);

/// `2026-11-21T10:42:00Z (12 days)`, as seen at the second of the two.
pub(super) struct Since(pub(super) SystemTime, pub(super) SystemTime);

impl fmt::Display for Absolute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::try_from(self.0) {
            Ok(time) => write!(f, "{time:.0}"),
            Err(_) => f.write_str("a time beyond the calendar"),
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Absolute(self.0))?;
        match self.1.duration_since(self.0) {
            Ok(ago) => write!(f, " ({})", rough(ago)),
            // Another machine's clock.
            Err(error) => write!(f, " (in {})", rough(error.duration())),
        }
    }
}
