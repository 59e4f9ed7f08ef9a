//! Text that others wrote, made harmless in Markdown.

use std::fmt::Write as _;

/// One line of HTML `code`, in which GitHub and GitLab make no links and no mentions; every character that Markdown or HTML
/// could take for something else is a reference to itself.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// The same without the `code`: for what is known to be words.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' ' | ',' | '.' | '-' => escaped.push(character),
            _ if character.is_control() || is_turning(character) => escaped.push(' '),
            _ if character.is_ascii_punctuation() => {
                // Writing to a string does not fail.
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// What turns the direction of a text, or breaks its line, so that it reads otherwise than it is.
fn is_turning(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_means_something() {
        let escaped = plain("a|b\n<script>@team [x](http://y) `c` --> \u{202e}#1 &amp;");
        let is_safe = |c: char| c.is_ascii_alphanumeric() || " ,.-&#;".contains(c);
        assert!(escaped.chars().all(is_safe), "{escaped}");
        assert!(!escaped.contains("-->") && !escaped.contains("&amp"), "{escaped}");
        assert_eq!(plain("2 of 3, waiting"), "2 of 3, waiting");
        assert_eq!(code("a@b"), "<code>a&#64;b</code>");
    }
}
