//! `Fault`: what an interceptor can make go wrong, so that clients can be tried against a registry that misbehaves.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_LENGTH, LOCATION, RANGE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::payload::{Harm, Payload};
use super::refusal;
use super::reply::Reply;

/// Decides for each request, as it arrives, what goes wrong with it.
///
/// It is called on the server's own tasks and must not block.
pub type Intercept = Arc<dyn Fn(&RequestHead) -> Fault + Send + Sync>;

/// The first line of a request, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestHead {
    /// How many requests had arrived before this one since the server started.
    pub index: usize,
    /// The method: `GET`.
    pub method: String,
    /// The path and, behind a `?`, the query.
    pub path: String,
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The request is not performed, and answered with an error document.
    Answer {
        /// The status; one that HTTP does not have becomes 500.
        status: u16,
        /// The OCI error code, such as `TOOMANYREQUESTS`.
        code: String,
        /// What `Retry-After` says, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// The same, and `Retry-After` is a date (RFC 9110, section 10.2.3), to the second.
    RetryAt {
        /// The status; one that HTTP does not have becomes 500.
        status: u16,
        /// The OCI error code.
        code: String,
        /// The date; one before 1970 or after 9999 becomes the next of these.
        at: SystemTime,
    },
    /// The request is not performed, and the connection is closed without an answer.
    Cut,
    /// The request is performed, and the connection is closed without an answer.
    CutAfter,
    /// The connection is closed when this many bytes of the request's body have been read and more follow: what
    /// arrived counts as that of a client that went away, so an upload can go on from there.
    CutUpload(u64),
    /// The body of the answer stops after this many bytes and the connection breaks; `Content-Length` stays true.
    Truncate(u64),
    /// The body of the answer ends after this many bytes, and `Content-Length` says so: nothing shows that it is not
    /// all, but its digest or its grammar.
    Shorten(u64),
    /// The body of the answer comes slowly.
    Slow {
        /// So many bytes, one at least, come at once.
        bytes: usize,
        /// After each time so long.
        pause: Duration,
    },
    /// The first byte of the answer's body is another one.
    Corrupt,
    /// A `Range` of the request is ignored: the answer is 200 with the whole content.
    IgnoreRange,
    /// A `Range` of the request is replaced by all from this byte on, which may be another part than was asked for: the
    /// answer is 206 and says so.
    RangeFrom(u64),
    /// The request is not performed, and answered with 307 to this place (a scheme and a host) and the request's own path,
    /// as registries do that keep blobs elsewhere.
    Redirect(String),
    /// A header of the answer is set to this value: a wrong `Range` behind an upload, a wrong `Content-Range` behind a
    /// download, a wrong `Docker-Content-Digest`. The body stays as it is.
    Header {
        /// Its name, such as `Docker-Content-Digest`.
        name: String,
        /// Its value.
        value: String,
    },
    /// A header is left out of the answer.
    RemoveHeader(String),
    /// The request is performed this much later.
    Delay(Duration),
}

impl Fault {
    /// The answer that is given without performing the request.
    pub(super) fn instead(&self, path: &str) -> Option<Reply> {
        let (status, code, after) = match self {
            Self::Answer { status, code, retry_after } => {
                (status, code, retry_after.map(|after| after.as_secs().to_string()))
            }
            Self::RetryAt { status, code, at } => (status, code, Some(date(*at))),
            Self::Redirect(place) => {
                return Some(
                    Reply::new(StatusCode::TEMPORARY_REDIRECT).header(LOCATION, format_args!("{place}{path}")),
                );
            }
            _ => return None,
        };
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = refusal::refuse(status, code, "this answer was asked for by the interceptor");
        Some(match after {
            Some(after) => reply.header(RETRY_AFTER, after),
            None => reply,
        })
    }

    /// Changes what part is asked for.
    pub(super) fn misread(&self, headers: &mut HeaderMap) {
        match (self, headers.contains_key(RANGE)) {
            (Self::IgnoreRange, true) => drop(headers.remove(RANGE)),
            (Self::RangeFrom(first), true) => {
                if let Ok(range) = HeaderValue::try_from(format!("bytes={first}-")) {
                    headers.insert(RANGE, range);
                }
            }
            _ => {}
        }
    }

    /// How much of the request's body is read.
    pub(super) fn upload_limit(&self) -> Option<u64> {
        match self {
            Self::CutUpload(most) => Some(*most),
            _ => None,
        }
    }

    /// Spoils the answer. A header that cannot be set is a mistake in the interceptor, shown by a 500.
    pub(super) fn spoil(&self, response: &mut Response<Payload>) {
        match self {
            Self::Truncate(after) => response.body_mut().harm(Harm::Truncate { left: *after }),
            Self::Shorten(to) => shorten(response, *to),
            Self::Slow { bytes, pause } => response.body_mut().harm(Harm::slow(*bytes, *pause)),
            Self::Corrupt => response.body_mut().harm(Harm::Corrupt),
            Self::Header { name, value } => match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => drop(response.headers_mut().insert(name, value)),
                _ => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::RemoveHeader(name) => drop(response.headers_mut().remove(name.as_str())),
            Self::None
            | Self::Answer { .. }
            | Self::RetryAt { .. }
            | Self::Cut
            | Self::CutAfter
            | Self::CutUpload(_)
            | Self::IgnoreRange
            | Self::RangeFrom(_)
            | Self::Redirect(_)
            | Self::Delay(_) => {}
        }
    }
}

fn shorten(response: &mut Response<Payload>, to: u64) {
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > to) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(to));
        response.body_mut().harm(Harm::Shorten { left: to });
    }
}

/// As HTTP writes it.
fn date(at: SystemTime) -> String {
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    httpdate::fmt_http_date(at.clamp(UNIX_EPOCH, last))
}
