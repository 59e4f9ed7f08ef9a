//! Foreign text made fit for a one-line message: quoted, escaped and cut.

/// The most characters of an input that a message repeats.
const LIMIT: usize = 80;

/// `input` in quotes, with control characters escaped and the end cut off when it is long.
pub(crate) fn quoted(input: &str) -> String {
    let mut text = String::from('"');
    let mut room = LIMIT;
    for character in input.chars() {
        let escaped = character.escape_debug();
        let Some(left) = room.checked_sub(escaped.len()) else {
            text.push('…');
            break;
        };
        room = left;
        text.extend(escaped);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_input_is_repeated_whole() {
        assert_eq!(quoted("app:1"), "\"app:1\"");
        assert_eq!(quoted(&"a".repeat(LIMIT)), format!("\"{}\"", "a".repeat(LIMIT)));
    }

    #[test]
    fn long_input_is_cut() {
        assert_eq!(quoted(&"a".repeat(LIMIT + 1)), format!("\"{}…\"", "a".repeat(LIMIT)));
    }

    #[test]
    fn nothing_that_moves_the_cursor_survives() {
        assert_eq!(quoted("a\n\u{1b}[2J\u{202e}"), "\"a\\n\\u{1b}[2J\\u{202e}\"");
    }
}
