//! What others wrote, on a line of ours.

use std::fmt::{self, Write as _};

/// What others wrote, on one line: a character that would end the line, move a terminal's cursor, or turn the direction of the
/// text is shown as what it is, and does nothing. It is what `lockage_promote::OneLine` is, on which no planner depends.
pub(crate) struct OneLine<T>(pub(crate) T);

/// Writes what acts as what it is.
struct Shown<'a, 'f>(&'a mut fmt::Formatter<'f>);

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
        text.chars().try_for_each(|character| match acts(character) {
            true => write!(self.0, "{}", character.escape_unicode()),
            false => self.0.write_char(character),
        })
    }
}
