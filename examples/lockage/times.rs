//! Times as people write them on a command line, with an example in the error.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// A length of time: `90m`, `36h`, `7d`, `2d 4h`; a day has 24 hours.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    let span = text.parse::<jiff::Span>().and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()));
    let length = span.ok().and_then(|span| Duration::try_from(span).ok());
    length.ok_or_else(|| "it is no length of time: write 90m, 36h or 7d".to_owned())
}

/// A moment: `2026-12-31T12:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "it is no time: write it as 2026-12-31T12:00:00Z".to_owned())
}

/// The same for the clock of the system.
pub(crate) fn system_moment(text: &str) -> Result<SystemTime, String> {
    moment(text).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_clocks_and_days() {
        for (text, seconds) in [("90m", 5_400), ("36h", 129_600), ("7d", 604_800), ("2d 4h", 187_200), ("1w", 604_800)]
        {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "7", "7y", "1mo", "-1h", "soon", "7d ago"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
