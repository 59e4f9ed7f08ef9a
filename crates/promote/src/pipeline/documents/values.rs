//! Values of parameters: durations, and whatever is written as a text.

use std::time::Duration;

use super::TableProblem;

pub(super) fn parsed<T: std::str::FromStr>(key: &str, text: &str) -> Result<T, TableProblem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| TableProblem::parameters(format!("{key}: {error}")))
}

/// A day has 24 hours.
pub(super) fn duration(key: &str, text: &str) -> Result<Duration, TableProblem> {
    let span = text.parse::<jiff::Span>().and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()));
    let duration = span.ok().and_then(|span| Duration::try_from(span).ok());
    duration.ok_or_else(|| TableProblem::Parameters {
        why: format!("{key}: {text:?} is no duration"),
        remedy: Some("Write 90m, 36h or 2d 4h.".to_owned()),
    })
}
