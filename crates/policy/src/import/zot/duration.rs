//! Durations as Go writes them: `24h`, `1h30m`, `1.5s`.

use std::fmt;

use jiff::SignedDuration;

/// A span of time, as Go writes it. There are no days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

const HOUR: u64 = 3_600_000_000_000;

impl Span {
    pub(super) const ONE_HOUR: Self = Self(HOUR);

    /// Reads numbers with units one after another: `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`. Not below nothing, and not beyond
    /// what Go holds, some 292 years.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Some(Self(0));
        }
        let mut all: u128 = 0;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let (part, after) = match after.strip_prefix('.') {
                Some(after) => digits(after),
                None => ("", after),
            };
            if whole.is_empty() && part.is_empty() || whole.len() > 19 || part.len() > 18 {
                return None;
            }
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, next) = after.split_at_checked(end)?;
            let unit = unit_of(unit)?;
            let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
            let part_of: u128 = if part.is_empty() { 0 } else { part.parse().ok()? };
            let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
            all = all.checked_add(whole.checked_mul(unit)?)?.checked_add(part_of.checked_mul(unit)? / scale)?;
            rest = next;
        }
        let nanos = i64::try_from(all).ok().filter(|_| !text.is_empty() && text != "+")?;
        u64::try_from(nanos).ok().map(Self)
    }

    pub(super) fn duration(self) -> SignedDuration {
        SignedDuration::from_nanos(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit_of(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => u128::from(HOUR),
        _ => return None,
    })
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(HOUR) { write!(f, "{}h", self.0 / HOUR) } else { write!(f, "{}ns", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_go_reads_it() {
        let table = [
            ("24h", Some(24 * HOUR)),
            ("1h30m", Some(HOUR + HOUR / 2)),
            ("1.5h", Some(HOUR + HOUR / 2)),
            (".5h", Some(HOUR / 2)),
            ("1.h", Some(HOUR)),
            ("1s", Some(1_000_000_000)),
            ("1µs", Some(1_000)),
            ("1us1ns", Some(1_001)),
            ("100ms", Some(100_000_000)),
            ("0", Some(0)),
            ("+1h", Some(HOUR)),
            ("2562047h", Some(2_562_047 * HOUR)),
            ("2562048h", None),
            ("-1h", None),
            ("1d", None),
            ("24", None),
            ("h", None),
            (".h", None),
            ("1 h", None),
            ("", None),
            ("+", None),
            ("1h-1m", None),
        ];
        for (text, expected) in table {
            assert_eq!(Span::parse(text), expected.map(Span), "{text}");
        }
    }
}
