//! Ages: `30d`, `2592000s`, `1.5s`.

use std::fmt;

use jiff::SignedDuration;

/// How old a version is: a number of seconds, minutes, hours or days of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(SignedDuration);

/// As many seconds as the API takes: some ten thousand years.
const MOST_SECONDS: i64 = 315_576_000_000;

impl Age {
    /// Reads `30d`, `12h`, `90m`, `2592000s`, `1.5s`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let (whole, part) = match number.split_once('.') {
            Some((whole, part)) if unit == "s" => (whole, Some(part)),
            Some(_) => return None,
            None => (number, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || part.is_some_and(|part| !digits(part) || part.len() > 9) {
            return None;
        }
        let nanos = part.map_or(Some(0), |part| format!("{part:0<9}").parse().ok())?;
        let seconds = whole.parse::<i64>().ok()?.checked_mul(seconds).filter(|all| *all <= MOST_SECONDS)?;
        Some(Self(SignedDuration::new(seconds, nanos)))
    }

    pub(super) fn duration(self) -> SignedDuration {
        self.0
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_nanos()) {
            (seconds, 0) if seconds % 86_400 == 0 && seconds > 0 => write!(f, "{}d", seconds / 86_400),
            (seconds, 0) => write!(f, "{seconds}s"),
            (seconds, nanos) => write!(f, "{seconds}.{nanos:09}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_number_and_one_unit() {
        let days = |days: i64| Some(Age(SignedDuration::from_hours(24 * days)));
        let table = [
            ("30d", days(30)),
            ("2592000s", days(30)),
            ("720h", days(30)),
            ("43200m", days(30)),
            ("0s", days(0)),
            ("1.5s", Some(Age(SignedDuration::from_millis(1500)))),
            ("1.5d", None),
            ("30", None),
            ("d", None),
            ("-1d", None),
            ("+1d", None),
            ("30D", None),
            ("1w", None),
            ("1d2h", None),
            (" 1d", None),
            ("", None),
            ("é", None),
            ("9999999999999999999d", None),
            ("106751991167301d", None),
        ];
        for (text, expected) in table {
            assert_eq!(Age::parse(text), expected, "{text}");
        }
    }
}
