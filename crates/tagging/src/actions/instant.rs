//! Instants as events and git write them.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde_json::Value;

use super::js;

/// Reads a date as the runtime of the action reads it: RFC 3339, a date alone, both without an offset (UTC), and what
/// git writes for `%ci`, in quotes or not. `None` is an invalid date.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = js::trim(text).trim_matches('"');
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim_start();
    if rest.is_empty() {
        return format!("{date}T00:00:00Z").parse().ok();
    }
    let clock = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at_checked(clock)?;
    let civil: DateTime = format!("{date}T{clock}").parse().ok()?;
    read_offset(offset.trim())?.to_timestamp(civil).ok()
}

/// Reads what an event has for a timestamp. Nothing at all is an invalid date, `null` is the epoch.
pub(super) fn read_value(value: Option<&Value>) -> Option<Timestamp> {
    match value? {
        Value::String(text) => read(text),
        Value::Null => Some(Timestamp::UNIX_EPOCH),
        Value::Number(number) => Timestamp::from_millisecond(number.as_i64()?).ok(),
        _ => None,
    }
}

/// `instant` in UTC, to the millisecond: `2024-03-09T17:05:06.789Z`.
pub(super) fn to_iso(instant: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(instant);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
        civil.millisecond()
    )
}

/// `Z`, `+hh:mm`, `+hhmm`, or nothing, which is UTC.
fn read_offset(text: &str) -> Option<Offset> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2).filter(|_| digits.len() == 4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes: i32 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    let hours: i32 = hours.parse().ok()?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::{read, to_iso};

    fn iso(text: &str) -> Option<String> {
        read(text).map(to_iso)
    }

    #[test]
    fn the_forms_of_events_and_of_git_are_read() {
        for (text, expected) in [
            ("2024-03-08T23:45:12-05:00", "2024-03-09T04:45:12.000Z"),
            ("2024-03-08T23:45:12.345Z", "2024-03-08T23:45:12.345Z"),
            ("2024-03-08 23:45:12 -0500", "2024-03-09T04:45:12.000Z"),
            ("\"2024-03-08 23:45:12 +0530\"", "2024-03-08T18:15:12.000Z"),
            ("2024-03-08T23:45", "2024-03-08T23:45:00.000Z"),
            ("2024-03-08", "2024-03-08T00:00:00.000Z"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "garbage", "2024-13-01", "2024-03-08T25:00:00Z", "2024-03-08T10:00:00+99", "né-né-né-né"] {
            assert_eq!(iso(text), None, "{text}");
        }
    }
}
