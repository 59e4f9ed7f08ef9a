//! Answers: from a response, or the lack of one, to bytes or the one error of this crate.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use url::Url;

use super::deadline::NoAnswer;
use super::retry_after;
use crate::{Answer, Error, ErrorKind, OciError, Result};

/// The largest error document that is read (64 KiB): a registry's explanation, not its web page.
const ERROR_LIMIT: u64 = 64 * 1024;

/// A URL fit for a log: its query may carry a signature.
pub(super) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// The error for a response that is not a success.
pub(super) async fn refused(
    operation: &'static str,
    subject: impl fmt::Display,
    method: &str,
    url: &Url,
    mut response: reqwest::Response,
    stall: Duration,
) -> Error {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut answer = Answer::new(method, without_query(url), status);
    answer.request_id = request_id(&headers);
    let retry_after = retry_after(&headers);
    // An explanation that cannot be read leaves the status to speak.
    if let Ok(body) = collect(&mut response, ERROR_LIMIT, stall, operation, "").await {
        answer.errors = OciError::in_document(&body);
    }
    let error = Error::new(ErrorKind::of_answer(status, &answer.errors), operation, subject).with_answer(answer);
    match retry_after {
        Some(after) => error.with_retry_after(after),
        None => error,
    }
}

/// The error for a request that got no response.
pub(super) fn no_answer(operation: &'static str, subject: impl fmt::Display, why: NoAnswer) -> Error {
    match why {
        NoAnswer::Stalled(limit) => Error::new(ErrorKind::Timeout, operation, subject)
            .with_message(format_args!("no progress for {} s", limit.as_secs_f32())),
        NoAnswer::Failed(error) => failed(operation, subject, error),
    }
}

/// The error for a connection that could not be made or broke.
pub(super) fn failed(operation: &'static str, subject: impl fmt::Display, error: reqwest::Error) -> Error {
    // An error of ours that a body carried through the HTTP library comes out as it went in.
    let error = error.without_url();
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    let mut tls = false;
    while let Some(layer) = cause {
        if let Some(ours) = layer.downcast_ref::<Carried>()
            && let Some(inner) = ours.take()
        {
            return inner;
        }
        tls |= is_tls(layer);
        cause = layer.source();
    }
    let kind = match () {
        () if tls => ErrorKind::Tls,
        () if error.is_timeout() => ErrorKind::Timeout,
        () => ErrorKind::Unreachable,
    };
    Error::new(kind, operation, subject).with_source(error)
}

/// The TLS library's errors are wrapped in those of I/O; their text is what remains of their type.
fn is_tls(layer: &(dyn StdError + 'static)) -> bool {
    let text = layer.to_string();
    ["InvalidContentType", "invalid peer certificate", "received fatal alert", "InvalidMessage", "corrupt message"]
        .iter()
        .any(|sign| text.contains(sign))
}

/// One of our errors on its way through the HTTP library, which insists on its own.
pub(super) struct Carried(std::sync::Mutex<Option<Error>>, String);

impl Carried {
    pub(super) fn new(error: Error) -> Self {
        let text = error.to_string();
        Self(std::sync::Mutex::new(Some(error)), text)
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl StdError for Carried {}

/// A whole body of at most `limit` bytes.
pub(super) async fn collect(
    response: &mut reqwest::Response,
    limit: u64,
    stall: Duration,
    operation: &'static str,
    subject: impl fmt::Display + Copy,
) -> Result<Bytes> {
    let too_large = || {
        Error::new(ErrorKind::TooLarge, operation, subject)
            .with_message(format_args!("the answer is larger than {limit} bytes"))
    };
    if content_length(response.headers()).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    loop {
        let chunk = tokio::time::timeout(stall, response.chunk())
            .await
            .map_err(|_| no_answer(operation, subject, NoAnswer::Stalled(stall)))?
            .map_err(|e| failed(operation, subject, e))?;
        match chunk {
            Some(chunk) if (bytes.len() + chunk.len()) as u64 > limit => return Err(too_large()),
            Some(chunk) => bytes.extend_from_slice(&chunk),
            None => return Ok(bytes.freeze()),
        }
    }
}

/// A header as text, where it is there and is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok())
}

pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "x-amzn-requestid", "x-ms-correlation-request-id", "x-github-request-id"]
        .iter()
        .find_map(|name| text(headers, name))
        .map(str::to_owned)
}

pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    text(headers, RETRY_AFTER.as_str()).and_then(|text| retry_after::parse(text, SystemTime::now()))
}
