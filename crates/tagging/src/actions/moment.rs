//! Dates in the format language of moment.js, in English.

mod token;
mod zone;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub(crate) use zone::ZoneError;

/// `instant` as it is spelled in `zone`, by `format` or, when that is missing or empty, by ISO 8601 to the second.
///
/// Zones are those of the tz database that comes with the crate, in any case. An unknown one is UTC without a name, which
/// is what the action makes of it on its runners.
///
/// # Errors
///
/// When `zone` is empty.
pub(crate) fn format(instant: Timestamp, zone: &str, format: Option<&str>) -> Result<String, ZoneError> {
    let local = zone::local(instant, zone)?;
    let format = match format {
        Some(format) if !format.is_empty() => format,
        _ if local.named && local.offset == 0 => "YYYY-MM-DDTHH:mm:ss[Z]",
        _ => "YYYY-MM-DDTHH:mm:ssZ",
    };
    let mut spelled = String::new();
    cut(&expand(format), &token::TOKENS, Escape::Anything, |piece| match piece {
        Piece::Token(token) => token::spell(token, &local, &mut spelled),
        Piece::Bracket(text) => spelled.push_str(text),
        Piece::Escaped(text) => spelled.extend(text.chars().filter(|&character| character != '\\')),
        // Line ends and a last backslash fall through the cracks of the token grammar.
        Piece::Text(character) if character == '\\' || is_line_end(character) => {}
        Piece::Text(character) => spelled.push(character),
    });
    Ok(spelled)
}

/// The format with its long forms spelled out.
fn expand(format: &str) -> String {
    let mut expanded = String::new();
    cut(format, &token::LONG_FORMS, Escape::Tokens, |piece| match piece {
        Piece::Token(token) => expanded.push_str(token::long_form(token)),
        Piece::Bracket(text) => expanded.extend(["[", text, "]"]),
        Piece::Escaped(text) => expanded.extend(["\\", text]),
        Piece::Text(character) => expanded.push(character),
    });
    expanded
}

enum Piece<'format> {
    Token(&'static str),
    /// What stands between brackets.
    Bracket(&'format str),
    /// What stands behind a backslash.
    Escaped(&'format str),
    Text(char),
}

/// What a backslash can stand before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Tokens,
    Anything,
}

/// Cuts `format` into pieces. Of the tokens the first that fits is taken: longer ones stand before their beginnings.
fn cut<'format>(format: &'format str, tokens: &[&'static str], escape: Escape, mut take: impl FnMut(Piece<'format>)) {
    let find = |text: &str| tokens.iter().copied().find(|token| text.starts_with(token));
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let (piece, length) = if first == '['
            && let Some(text) = bracketed(after)
        {
            (Piece::Bracket(text), text.len() + 2)
        } else if first == '\\'
            && let Some(text) = escaped(after, find(after), escape)
        {
            (Piece::Escaped(text), text.len() + 1)
        } else if let Some(token) = find(rest) {
            (Piece::Token(token), token.len())
        } else {
            (Piece::Text(first), first.len_utf8())
        };
        take(piece);
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// What is quoted by the bracket before `text`: all up to the last closing bracket before another one opens.
fn bracketed(text: &str) -> Option<&str> {
    let reach = text.split('[').next()?;
    Some(reach.rsplit_once(']')?.0)
}

fn escaped<'format>(after: &'format str, token: Option<&str>, escape: Escape) -> Option<&'format str> {
    if let Some(token) = token {
        return after.get(..token.len());
    }
    let next = after.chars().next()?;
    if escape == Escape::Tokens || is_line_end(next) {
        return None;
    }
    after.get(..next.len_utf8())
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}
