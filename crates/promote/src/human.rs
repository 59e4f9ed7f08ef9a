//! Numbers as people read them.

use std::fmt;
#[cfg(feature = "pipeline")]
use std::time::Duration;

/// A length of time by its largest unit and the one below: `2 d 3 h`, `90 s` as `1 min 30 s`.
#[cfg(feature = "pipeline")]
pub(crate) fn duration(time: Duration) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = time.as_secs();
    let mut parts = Vec::new();
    for (length, unit) in units {
        if rest >= length {
            parts.push(format!("{} {unit}", rest / length));
        }
        rest %= length;
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// An amount of bytes: `4.1 MB`.
pub(crate) struct Bytes(pub(crate) u64);

/// A count of things: `1 blob`, `2 blobs`.
pub(crate) struct Many<'a>(pub(crate) usize, pub(crate) &'a str);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut whole, mut tenths, mut unit) = (self.0, 0, "B");
        for larger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
            if whole < 1000 {
                break;
            }
            (whole, tenths, unit) = (whole / 1000, whole % 1000 / 100, larger);
        }
        match (unit, whole) {
            ("B", _) | (_, 100..) => write!(f, "{whole} {unit}"),
            _ => write!(f, "{whole}.{tenths} {unit}"),
        }
    }
}

impl fmt::Display for Many<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, thing) = self;
        write!(f, "{count} {thing}{}", if *count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "pipeline")]
    fn times_are_short() {
        for (seconds, text) in [(0, "0 s"), (90, "1 min 30 s"), (3_600, "1 h"), (183_605, "2 d 3 h")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn bytes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (4_150_000, "4.1 MB"),
            (123_456_789, "123 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert_eq!(Many(1, "blob").to_string() + &Many(0, "blob").to_string(), "1 blob0 blobs");
    }
}
