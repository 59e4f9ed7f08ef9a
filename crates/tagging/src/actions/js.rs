//! What the action owes to its runtime: the blanks, numbers and regular expressions of JavaScript.

mod number;
mod regex;

pub(crate) use number::{display, number};
pub(crate) use regex::{Regex, RegexError};

/// `text` without the blanks and line ends that `String.prototype.trim` removes.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Whether `character` is white space or a line terminator of ECMAScript: `U+FEFF` is, `U+0085` is not.
pub(crate) fn is_blank(character: char) -> bool {
    match character {
        '\u{feff}' => true,
        '\u{85}' => false,
        _ => character.is_whitespace(),
    }
}
