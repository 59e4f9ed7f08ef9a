//! `Fault`: what an interceptor can make go wrong, so that clients can be tried against a registry that misbehaves.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Response, StatusCode};

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
    /// The request is not performed, and the connection is closed without an answer.
    Cut,
    /// The request is performed, and the connection is closed without an answer.
    CutAfter,
    /// The body of the answer stops after this many bytes and the connection breaks; `Content-Length` stays true.
    Truncate(u64),
    /// The first byte of the answer's body is another one.
    Corrupt,
    /// A header of the answer is set to this value.
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
    pub(super) fn instead(&self) -> Option<Reply> {
        let Self::Answer { status, code, retry_after } = self else {
            return None;
        };
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = refusal::refuse(status, code, "this answer was asked for by the interceptor");
        Some(match retry_after {
            Some(after) => reply.header(http::header::RETRY_AFTER, after.as_secs()),
            None => reply,
        })
    }

    /// Spoils the answer. A header that cannot be set is a mistake in the interceptor, shown by a 500.
    pub(super) fn spoil(&self, response: &mut Response<Payload>) {
        match self {
            Self::Truncate(after) => response.body_mut().harm(Harm::Truncate { left: *after }),
            Self::Corrupt => response.body_mut().harm(Harm::Corrupt),
            Self::Header { name, value } => match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => drop(response.headers_mut().insert(name, value)),
                _ => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::RemoveHeader(name) => drop(response.headers_mut().remove(name.as_str())),
            Self::None | Self::Answer { .. } | Self::Cut | Self::CutAfter | Self::Delay(_) => {}
        }
    }
}
