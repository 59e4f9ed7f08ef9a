//! `{{date 'format' tz='zone'}}` and `{{commit_date …}}`.

use jiff::Timestamp;

use super::{error::ActionProblem, js, moment, profile::Profile, strict::StrictProblem, template::Value};

/// The zone of dates that name none.
const UTC: &str = "UTC";

/// `instant` as the arguments say: a format, and the option `tz`. `None` is a date that cannot be read.
pub(super) fn shown(
    instant: Option<Timestamp>,
    args: &[Value],
    hash: &[(String, Value)],
    profile: Profile,
) -> Result<String, ActionProblem> {
    let format = match args {
        [format] => format,
        [] | [_, Value::Undefined | Value::Null, ..] => {
            return Err(ActionProblem::Crash("Cannot read properties of undefined (reading 'hash')"));
        }
        [_, _, ..] => return Err(ActionProblem::Crash("Cannot convert undefined or null to object")),
    };
    let mut zone = UTC;
    for (key, value) in hash {
        if key != "tz" {
            return Err(ActionProblem::UnknownDateOption(key.clone()));
        }
        zone = zone_name(value)?;
    }
    if profile.is_strict() && zone != UTC && !is_zone(zone)? {
        return Err(StrictProblem::UnknownZone(zone.to_owned()).into());
    }
    let Some(instant) = instant else {
        return if profile.is_strict() {
            Err(StrictProblem::InvalidCommitDate.into())
        } else {
            Ok("Invalid date".to_owned())
        };
    };
    let format = match format {
        Value::Text(format) => Some(format.as_str()),
        Value::Undefined | Value::Null | Value::Bool(false) => None,
        Value::Number(number) if *number == 0.0 || number.is_nan() => None,
        Value::Number(_) | Value::Bool(true) | Value::List(_) => {
            return Err(ActionProblem::Crash("format.match is not a function"));
        }
    };
    spelled(instant, zone, format)
}

/// Every zone has an abbreviation at any time, and what is no zone has none.
fn is_zone(name: &str) -> Result<bool, ActionProblem> {
    spelled(Timestamp::UNIX_EPOCH, name, Some("z")).map(|abbreviation| !abbreviation.is_empty())
}

fn spelled(instant: Timestamp, zone: &str, format: Option<&str>) -> Result<String, ActionProblem> {
    moment::format(instant, zone, format).map_err(|error| ActionProblem::Zone(error.to_string()))
}

/// The name of a zone. What counts as nothing in a condition ends in a crash of the action, all else that is no text
/// in an error.
fn zone_name(value: &Value) -> Result<&str, ActionProblem> {
    let no_text = |what: String| Err(ActionProblem::Zone(format!("Time zone name must be a string, got {what}")));
    match value {
        Value::Text(name) if !name.is_empty() => Ok(name),
        Value::Text(_) | Value::Undefined | Value::Null | Value::Bool(false) => {
            Err(ActionProblem::Crash("Cannot read properties of undefined (reading 'format')"))
        }
        Value::Number(number) if *number == 0.0 || number.is_nan() => {
            Err(ActionProblem::Crash("Cannot read properties of undefined (reading 'format')"))
        }
        Value::Number(number) => no_text(format!("{} [number]", js::display(*number))),
        Value::Bool(true) => no_text("true [boolean]".to_owned()),
        Value::List(_) => no_text("[object]".to_owned()),
    }
}
