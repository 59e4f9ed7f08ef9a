//! Ranges: the part of a blob that is asked for (RFC 9110, section 14), and where a chunk belongs.

/// What a `Range` header asks of some content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// From the first to the last of these bytes, both included.
    Bytes { first: u64, last: u64 },
    /// Bytes that it does not have.
    Outside,
}

/// The part of `size` bytes that `header` asks for.
///
/// A header that cannot be understood, or that asks for several parts, is ignored, and one that ends before it begins
/// is refused: RFC 9110, section 14.2, lets a server do both.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Part {
    header.and_then(|header| understood(header, size)).unwrap_or(Part::Whole)
}

fn understood(header: &str, size: u64) -> Option<Part> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let end = size.checked_sub(1);
    match (first.trim(), last.trim()) {
        ("", suffix) => {
            let suffix = number(suffix)?;
            let Some(last) = end.filter(|_| suffix > 0) else {
                return Some(Part::Outside);
            };
            Some(Part::Bytes { first: size.saturating_sub(suffix), last })
        }
        (first, last) => {
            let first = number(first)?;
            let last = if last.is_empty() { u64::MAX } else { number(last)? };
            let Some(end) = end.filter(|end| first <= last && first <= *end) else {
                return Some(Part::Outside);
            };
            Some(Part::Bytes { first, last: last.min(end) })
        }
    }
}

/// The first and the last byte that a chunk's `Content-Range` names: `0-1023`, without a unit (distribution-spec,
/// "Pushing a blob in chunks"); `bytes 0-1023/*`, as HTTP writes it, is understood too.
pub(super) fn chunk(header: &str) -> Option<(u64, u64)> {
    let header = header.trim();
    let header = header.strip_prefix("bytes").map_or(header, |rest| rest.trim_start_matches([' ', '=']));
    let range = header.split('/').next()?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    // No upload has a byte behind the last that can be numbered, and its chunk would have a length that cannot.
    (first <= last && last < u64::MAX).then_some((first, last))
}

/// Digits only: `parse` would take a sign as well.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Part, chunk, wanted};

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        let of_ten = |header| wanted(Some(header), 10);
        assert_eq!(of_ten("bytes=2-4"), Part::Bytes { first: 2, last: 4 });
        assert_eq!(of_ten("bytes=2-"), Part::Bytes { first: 2, last: 9 });
        assert_eq!(of_ten("bytes=-3"), Part::Bytes { first: 7, last: 9 });
        assert_eq!(of_ten("bytes=-30"), Part::Bytes { first: 0, last: 9 });
        assert_eq!(of_ten("bytes=9-99"), Part::Bytes { first: 9, last: 9 });
    }

    #[test]
    fn a_range_outside_is_told_from_none() {
        for header in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=4-2"] {
            assert_eq!(wanted(Some(header), 10), Part::Outside, "{header}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Part::Outside);
        for header in ["bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=", "bytes=-", "bytes=+1-2"] {
            assert_eq!(wanted(Some(header), 10), Part::Whole, "{header}");
        }
        assert_eq!(wanted(None, 10), Part::Whole);
    }

    #[test]
    fn a_chunk_says_where_it_belongs() {
        assert_eq!(chunk("0-1023"), Some((0, 1023)));
        assert_eq!(chunk("bytes 5-6/*"), Some((5, 6)));
        for header in ["", "5", "6-5", "-5", "5-", "a-b", "0-18446744073709551615", "0-18446744073709551616"] {
            assert_eq!(chunk(header), None, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_part_lies_within_and_a_chunk_has_a_length(text in "(bytes[ =])?[0-9]{0,21}-[0-9]{0,21}(/\\*)?|\\PC*", size: u64) {
            if let Part::Bytes { first, last } = wanted(Some(&text), size) {
                assert!(first <= last && last < size);
            }
            if let Some((first, last)) = chunk(&text) {
                assert!((last - first).checked_add(1).is_some());
            }
        }
    }
}
