//! Grants: reading what a token server answers, and how long that is good (distribution, "Token Authentication
//! Specification").

use std::ops::Range;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use crate::client::Secret;
use crate::json;

/// What a token server that says nothing means (`expires_in`).
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// The longest that a token is kept, whatever its server says.
const MAX_LIFE: f64 = 86_400.0;

/// What was granted.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(in crate::client) token: Secret,
    /// An identity token that takes the place of the one that was shown.
    pub(in crate::client) refresh: Option<Secret>,
    /// For how long the token is used.
    pub(in crate::client) life: Duration,
}

/// Why an answer is no grant. Never the parser's own words, which could repeat a part of the token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoGrant {
    NoDocument,
    NoToken,
}

#[derive(Deserialize)]
struct Document {
    token: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    /// Seconds; some servers write them as text.
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    issued_at: Value,
}

/// Reads a token server's answer that came at `now`.
pub(crate) fn parse(bytes: &[u8], now: SystemTime) -> Result<Grant, NoGrant> {
    let document: Document = json::document(bytes).map_err(|_| NoGrant::NoDocument)?;
    let secret = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
    let token = secret(document.token).or_else(|| secret(document.access_token)).ok_or(NoGrant::NoToken)?;
    let granted = seconds(&document.expires_in).unwrap_or(DEFAULT_LIFE);
    let issued = document.issued_at.as_str().and_then(rfc3339);
    // A token may come from a cache. One that seems to be over already, or to come from the future, tells only that
    // the two clocks differ.
    let age = issued.and_then(|issued| now.duration_since(issued).ok()).filter(|age| *age < granted);
    let left = granted.saturating_sub(age.unwrap_or_default());
    // A tenth less, so that a token does not expire on its way.
    Ok(Grant { token, refresh: secret(document.refresh_token), life: left.mul_f32(0.9) })
}

impl NoGrant {
    pub(in crate::client) fn words(&self) -> &'static str {
        match self {
            Self::NoDocument => "its token server answered no token document",
            Self::NoToken => "its token server answered without a token",
        }
    }
}

fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (number > 0.0).then(|| Duration::from_secs_f64(number.min(MAX_LIFE)))
}

/// `2026-11-21T07:03:03.5+01:00` (RFC 3339 section 5.6). Fractions are dropped, and a leap second is the one after it.
fn rfc3339(text: &str) -> Option<SystemTime> {
    let number = |range| number(text, range);
    let is = |at: usize, allowed: &str| text.get(at..at + 1).is_some_and(|c| allowed.contains(c));
    if !(is(4, "-") && is(7, "-") && is(10, "Tt ") && is(13, ":") && is(16, ":")) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !((1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61) {
        return None;
    }
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        // Two digits each: more could be more than there are numbers.
        (sign @ ("+" | "-"), zone) if zone.len() == 5 && zone.get(2..3) == Some(":") => {
            let (hours, minutes) = (self::number(zone, 0..2)?, self::number(zone, 3..5)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = hours * 60 + minutes;
            if sign == "+" { minutes } else { -minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + (hour * 60 + minute - offset) * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Digits and nothing else.
fn number(text: &str, range: Range<usize>) -> Option<i64> {
    let digits = text.get(range)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Days since 1970-01-01 in the Gregorian calendar. The year begins in March, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_time_of_issue_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2009-11-10T23:00:00Z", Some(1_257_894_000)),
            ("2024-02-29T12:00:00.123456789Z", Some(1_709_208_000)),
            ("2024-03-01t00:00:00z", Some(1_709_251_200)),
            ("2026-11-21T08:03:03+01:00", Some(1_795_244_583)),
            ("2026-11-21T02:33:03-04:30", Some(1_795_244_583)),
            ("2026-12-31T23:59:60Z", Some(1_798_761_600)),
            ("0001-01-01T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-21", None),
            ("2026-11-21T08:03:03", None),
            ("2026-11-21T08:03:03+99:00", None),
            ("2026-11-21T08:03:03+0400000000000000000:00", None),
            ("2026-11-21T08:03:03-01:9223372036854775807", None),
            ("2026-11-21T08:03:03+1:00", None),
            ("2026-11-21T08:03:03+01:60", None),
            ("2026-11-21T08:03:03+-1:00", None),
            ("2026-11-2\u{e9}T08:03:03Z", None),
            ("+026-11-21T08:03:03Z", None),
            ("", None),
        ] {
            assert_eq!(rfc3339(text), expected.map(at), "{text}");
        }
    }

    #[test]
    fn a_token_is_used_for_a_tenth_less_than_what_is_left_of_it() {
        // 2009-11-10T23:01:40Z
        let now = at(1_257_894_100);
        for (document, token, life) in [
            (r#"{"token":"t"}"#, "t", 54),
            (r#"{"token":"","access_token":"a"}"#, "a", 54),
            (r#"{"token":"t","access_token":"a","expires_in":300}"#, "t", 270),
            (r#"{"token":"t","expires_in":"300"}"#, "t", 270),
            (r#"{"token":"t","expires_in":300.0}"#, "t", 270),
            (r#"{"token":"t","expires_in":0}"#, "t", 54),
            (r#"{"token":"t","expires_in":-5}"#, "t", 54),
            (r#"{"token":"t","expires_in":"soon"}"#, "t", 54),
            (r#"{"token":"t","expires_in":1e300}"#, "t", 77_760),
            (r#"{"token":"t","expires_in":300,"issued_at":"2009-11-10T23:00:00Z"}"#, "t", 180),
            (r#"{"token":"t","expires_in":300,"issued_at":"2009-11-10T23:10:00Z"}"#, "t", 270),
            (r#"{"token":"t","expires_in":90,"issued_at":"2009-11-10T23:00:00Z"}"#, "t", 81),
            (r#"{"token":"t","expires_in":300,"issued_at":"0001-01-01T00:00:00Z"}"#, "t", 270),
            (r#"{"token":"t","expires_in":300,"issued_at":17}"#, "t", 270),
        ] {
            let grant = parse(document.as_bytes(), now).unwrap();
            assert_eq!((grant.token.expose(), grant.life.as_secs_f32().round() as u64), (token, life), "{document}");
        }
        let refresh = parse(br#"{"token":"t","refresh_token":"r"}"#, now).unwrap().refresh;
        assert_eq!(refresh.unwrap().expose(), "r");
    }

    #[test]
    fn what_is_no_grant_is_said_without_its_words() {
        for (document, expected) in [
            (r#"{"token":s3cret}"#, NoGrant::NoDocument),
            (r#"{"token":["s3cret"]}"#, NoGrant::NoDocument),
            ("", NoGrant::NoDocument),
            ("{}", NoGrant::NoToken),
            (r#"{"token":null,"access_token":""}"#, NoGrant::NoToken),
        ] {
            let no = parse(document.as_bytes(), at(0)).unwrap_err();
            assert!(!format!("{no:?} {}", no.words()).contains("s3cret"));
            assert_eq!(no, expected, "{document}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, issued in "\\PC*", expires: f64) {
            drop(parse(&bytes, at(0)));
            let _ = rfc3339(&issued);
            let document = serde_json::json!({"token": "t", "issued_at": issued, "expires_in": expires});
            drop(parse(document.to_string().as_bytes(), at(1)));
        }

        #[test]
        fn days_follow_each_other(day in 0_i64..200_000) {
            let text = |seconds: i64| rfc3339(&civil(seconds));
            proptest::prop_assert_eq!(text(day), SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(day as u64 * 86_400)));
        }
    }

    /// The date of a day since 1970, counted the slow way.
    fn civil(mut day: i64) -> String {
        let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let mut year = 1970;
        while day >= 365 + i64::from(leap(year)) {
            day -= 365 + i64::from(leap(year));
            year += 1;
        }
        for (month, length) in
            [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].iter().enumerate()
        {
            if day < *length {
                return format!("{year:04}-{:02}-{:02}T00:00:00Z", month + 1, day + 1);
            }
            day -= length;
        }
        unreachable!("a year has twelve months")
    }
}
