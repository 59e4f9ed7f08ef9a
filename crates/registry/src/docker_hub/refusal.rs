//! What Docker Hub says when it refuses: limits, missing rights, and its own rules.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::ErrorKind;
use crate::client::api::{Refusal, text};

/// How long to wait where Docker Hub names no time.
const UNTOLD: Duration = Duration::from_secs(60);

/// Whatever is larger is no number of seconds, but a moment.
const MOMENTS: u64 = 1_000_000_000;

/// What an answer means to a request that needs a token with these rights.
pub(super) fn refusal(needs: Option<&str>, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let said = said(body);
    let words = said.as_deref().unwrap_or("it does not say why");
    let needs = needs.unwrap_or("read");
    let (kind, message, remedy) = match status {
        401 => (
            ErrorKind::Unauthorized,
            format!("Docker Hub does not accept the token: {words}"),
            Some("Log in with an access token that is neither expired nor revoked.".to_owned()),
        ),
        403 if words.to_ascii_lowercase().contains("immutable") => (
            ErrorKind::TagImmutable,
            format!("a setting of the repository makes it immutable: {words}"),
            Some("Keep it, or change the repository's immutable tags.".to_owned()),
        ),
        403 => (
            ErrorKind::Denied,
            format!("the token may not do this: {words}"),
            Some(format!("Use an access token with the rights {needs}, of someone who may do this in the namespace.")),
        ),
        // Some proxy's 404 says nothing about tags.
        404 if said.is_none() => (ErrorKind::Protocol, "the answer is not one of Docker Hub's".to_owned(), None),
        404 => (
            ErrorKind::NotFound,
            "there is no such repository or tag, or the token may not see it".to_owned(),
            Some("Check the name; a private repository is shown to tokens with the right on it.".to_owned()),
        ),
        429 => {
            return Refusal {
                message: Some(format!("Docker Hub takes no more requests for now: {words}")),
                retry_after: Some(wait(headers)),
                ..Refusal::new(ErrorKind::RateLimited)
            };
        }
        _ => (ErrorKind::of_answer(status, &[]), format!("Docker Hub answered {status}: {words}"), None),
    };
    Refusal { message: Some(message), remedy, ..Refusal::new(kind) }
}

/// Its words are under one of three names.
fn said(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Document {
        message: Option<String>,
        detail: Option<String>,
        error: Option<serde_json::Value>,
    }
    let document: Document = serde_json::from_slice(body).ok()?;
    document.message.or(document.detail).or_else(|| document.error.map(|error| error.to_string()))
}

/// `X-Retry-After` and `X-RateLimit-Reset` are moments, in seconds of the Unix epoch; `Retry-After` is a number of seconds.
fn wait(headers: &HeaderMap) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    wait_from(headers, now)
}

fn wait_from(headers: &HeaderMap, now: u64) -> Duration {
    let told = ["x-retry-after", "retry-after", "x-ratelimit-reset"]
        .iter()
        .find_map(|name| text(headers, name)?.parse::<u64>().ok());
    match told {
        None => UNTOLD,
        // A second for what the two clocks differ.
        Some(moment) if moment >= MOMENTS => Duration::from_secs(moment.saturating_sub(now).saturating_add(1)),
        Some(seconds) => Duration::from_secs(seconds),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_moment_is_told_from_a_number_of_seconds() {
        for (name, value, expected) in [
            ("x-retry-after", "1700000030", 31),
            ("x-retry-after", "1600000000", 1),
            ("retry-after", "7", 7),
            ("x-ratelimit-reset", "1700000060", 61),
            ("x-ratelimit-limit", "180", 60),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(wait_from(&headers, 1_700_000_000).as_secs(), expected, "{name}: {value}");
        }
    }

    #[test]
    fn the_status_and_the_words_decide() {
        for (status, body, expected) in [
            (401, r#"{"detail":"token expired"}"#, ErrorKind::Unauthorized),
            (403, r#"{"message":"forbidden","errinfo":{}}"#, ErrorKind::Denied),
            (403, r#"{"message":"tag is immutable"}"#, ErrorKind::TagImmutable),
            (404, r#"{"message":"httperror 404: object not found","errinfo":{}}"#, ErrorKind::NotFound),
            (404, "<html>", ErrorKind::Protocol),
            (429, r#"{"detail":"Rate limit exceeded","error":false}"#, ErrorKind::RateLimited),
            (503, "", ErrorKind::Unavailable),
        ] {
            assert_eq!(refusal(None, status, &HeaderMap::new(), body.as_bytes()).kind, expected, "{status} {body}");
        }
    }
}
