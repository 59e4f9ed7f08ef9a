//! Numbers, and what others wrote, as people read them.

use std::fmt::{self, Write as _};
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

/// What others wrote, on one line: a character that would end the line, move a terminal's cursor, or turn the direction of the
/// text is shown as what it is, and does nothing.
///
/// ```
/// use lockage_promote::OneLine;
/// assert_eq!(OneLine("bad\n\u{1b}[2K").to_string(), r"bad\u{a}\u{1b}[2K");
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is made by naming what was written")]
#[must_use]
pub struct OneLine<T>(pub T);

/// Writes what acts as what it is.
struct Shown<'a, 'f>(&'a mut fmt::Formatter<'f>);

/// Whether it ends a line, is a control character of C0 or C1, or turns the direction of a text.
fn acts(character: char) -> bool {
    let turns = matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Shown(f), "{}", self.0)
    }
}

impl fmt::Write for Shown<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.contains(acts) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|character| match acts(character) {
            true => write!(self.0, "{}", character.escape_unicode()),
            false => self.0.write_char(character),
        })
    }
}

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
    fn nothing_that_others_wrote_ends_a_line_or_moves_a_cursor() {
        for acts in ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2066}']
        {
            let shown = OneLine(format_args!("größe {acts}x")).to_string();
            assert_eq!(shown, format!("größe \\u{{{:x}}}x", u32::from(acts)));
        }
        assert_eq!(OneLine("größe → 1").to_string(), "größe → 1");
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
