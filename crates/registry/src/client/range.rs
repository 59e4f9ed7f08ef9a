//! Ranges: what `Content-Range` and `Range` say of bytes that were sent and bytes that have arrived.

use super::answer;
use reqwest::header::{HeaderMap, RANGE};

/// `bytes FIRST-LAST/TOTAL`, where the total may be `*` (RFC 9110 section 14.4).
pub(super) fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = first_and_last(range)?;
    let total = match total {
        "*" => None,
        total => Some(number(total)?),
    };
    (last < u64::MAX && total.is_none_or(|total| last < total)).then_some((first, last, total))
}

/// How many bytes of an upload have arrived, by the `Range` of an answer: `0-LAST` (distribution-spec, "Pushing a blob in
/// chunks"). It cannot say "none" otherwise than by `0-0`, which also says "one".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// None, or one.
    Hardly,
    Bytes(u64),
}

/// What the answer says of it; `None` where it says nothing.
///
/// # Errors
/// The header, where it is not of that form.
pub(super) fn arrived(headers: &HeaderMap) -> Result<Option<Arrived>, String> {
    let Some(said) = answer::text(headers, RANGE.as_str()) else { return Ok(None) };
    upload_range(said).map(Some).ok_or_else(|| said.to_owned())
}

fn upload_range(text: &str) -> Option<Arrived> {
    // Some write it as the specification of HTTP does.
    let text = text.trim();
    let range = text.strip_prefix("bytes=").or_else(|| text.strip_prefix("bytes ")).unwrap_or(text);
    match first_and_last(range)? {
        (0, 0) => Some(Arrived::Hardly),
        (0, last) => last.checked_add(1).map(Arrived::Bytes),
        _ => None,
    }
}

fn first_and_last(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

/// Digits and nothing else: `+5` is no number here.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_content_range() {
        for (text, expected) in [
            ("bytes 5-9/10", Some((5, 9, Some(10)))),
            ("bytes 0-0/*", Some((0, 0, None))),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes */10", None),
            ("bytes 0-18446744073709551615/*", None),
            ("items 5-9/10", None),
            ("bytes -5-9/10", None),
            ("bytes +5-9/10", None),
            ("", None),
        ] {
            assert_eq!(content_range(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_what_has_arrived() {
        for (text, expected) in [
            ("0-0", Some(Arrived::Hardly)),
            ("0-1", Some(Arrived::Bytes(2))),
            ("bytes=0-99", Some(Arrived::Bytes(100))),
            ("1-99", None),
            ("0-18446744073709551615", None),
            ("0--1", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(upload_range(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(bytes )?\\PC*") {
            content_range(&text);
            upload_range(&text);
        }
    }
}
