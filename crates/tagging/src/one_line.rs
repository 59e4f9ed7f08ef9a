//! `OneLine`: what others wrote, on a line of ours.

use std::fmt::{self, Write as _};

/// What others wrote, on one line: a character that would end the line, move a terminal's cursor, or turn the direction of the
/// text is shown as what it is, and does nothing.
///
/// ```
/// use lockage_tagging::OneLine;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_wrote_ends_a_line_or_moves_a_cursor() {
        for acts in ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2066}']
        {
            let shown = OneLine(format_args!("größe {acts}x")).to_string();
            assert_eq!(shown, format!("größe \\u{{{:x}}}x", u32::from(acts)));
        }
        assert_eq!(OneLine("größe → 1").to_string(), "größe → 1");
    }
}
