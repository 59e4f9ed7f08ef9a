//! Templates over the groups of a match, by the rules of Go's `Regexp.Expand`.

use regex::Captures;

/// `template` with `$name`, `${name}`, `$1` and `${1}` replaced by what the groups matched, and `$$` by `$`.
///
/// A name is the longest run of letters, digits and underscores: `$1x` is the group `1x`, not the group 1. A group that
/// does not exist, or that took no part in the match, is replaced by nothing. A `$` that starts no name stays.
pub(super) fn expand(template: &str, captures: &Captures<'_>) -> String {
    let mut expanded = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(behind) = behind.strip_prefix('$') {
            expanded.push('$');
            rest = behind;
        } else if let Some((name, behind)) = name(behind) {
            let group = match index(name) {
                Some(index) => captures.get(index),
                None => captures.name(name),
            };
            expanded.push_str(group.map_or("", |group| group.as_str()));
            rest = behind;
        } else {
            expanded.push('$');
            rest = behind;
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The `name` or `{name}` that `text` starts with.
fn name(text: &str) -> Option<(&str, &str)> {
    let unbraced = text.strip_prefix('{');
    let start = unbraced.unwrap_or(text);
    let part = |character: char| character.is_alphanumeric() || character == '_';
    let end = start.find(|character| !part(character)).unwrap_or(start.len());
    let (name, rest) = start.split_at(end);
    let rest = if unbraced.is_some() { rest.strip_prefix('}')? } else { rest };
    (!name.is_empty()).then_some((name, rest))
}

/// The number that `name` is; with a leading zero, or more than nine digits, it is a name.
fn index(name: &str) -> Option<usize> {
    let number = name.bytes().all(|byte| byte.is_ascii_digit()) && name.len() <= 9;
    if !number || (name.starts_with('0') && name.len() > 1) {
        return None;
    }
    name.parse().ok()
}
