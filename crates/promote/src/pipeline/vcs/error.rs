//! `VcsError`: a forge, or another API, that did not say what it was asked.

use std::fmt;
use std::time::Duration;

/// Why something that was asked is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {kind}{}{why}", if .why.is_empty() { "" } else { ": " })]
#[non_exhaustive]
pub struct VcsError {
    /// What kind of failure it is.
    pub kind: VcsErrorKind,
    /// What was asked: a method and a URL without its query, or words.
    pub what: String,
    /// What was said to it.
    pub why: String,
    /// When to ask again, where that was said.
    pub retry_after: Option<Duration>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VcsErrorKind {
    /// There is no such thing, or it is hidden from who asks (404).
    NotFound,
    /// No credentials, or such as are not accepted (401).
    Unauthorized,
    /// The credentials lack the right (403).
    Denied,
    /// Too many requests (429, or 403 with a rate limit that is used up).
    RateLimited,
    /// It moved elsewhere (3xx), where the token is not sent.
    Moved,
    /// The request was refused (other 4xx).
    Refused,
    /// It failed (5xx).
    Unavailable,
    /// No connection, or one that broke or took too long.
    Unreachable,
    /// An answer that is not what its documentation says, or not whole.
    Unreadable,
    /// An answer, or a list, that is longer than is read.
    TooMuch,
}

impl VcsError {
    /// A failure of this kind, and what was asked.
    #[must_use]
    pub fn new(kind: VcsErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: String::new(), retry_after: None }
    }

    /// The same with what was said.
    #[must_use]
    pub fn because(self, why: impl fmt::Display) -> Self {
        Self { why: why.to_string(), ..self }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            VcsErrorKind::NotFound => {
                "Check the name; what is private is not there for a token without the right to it."
            }
            VcsErrorKind::Unauthorized => "Give a token, or one that has not expired.",
            VcsErrorKind::Denied => {
                "Give the token the right to read the repository, its checks and its pull requests."
            }
            VcsErrorKind::RateLimited => "Ask again later, or with a token of your own.",
            VcsErrorKind::Moved => "Give the name that it has now.",
            VcsErrorKind::Refused => "Check what was asked for.",
            VcsErrorKind::Unavailable | VcsErrorKind::Unreachable => "Nothing was decided. Ask again later.",
            VcsErrorKind::Unreadable => "Check that the base URL is that of the API.",
            VcsErrorKind::TooMuch => "Ask about less.",
        }
    }
}

impl fmt::Display for VcsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotFound => "there is no such thing, or it may not be seen",
            Self::Unauthorized => "the credentials are not accepted",
            Self::Denied => "the credentials lack the right",
            Self::RateLimited => "too many requests",
            Self::Moved => "it has moved",
            Self::Refused => "the request was refused",
            Self::Unavailable => "the server failed",
            Self::Unreachable => "it could not be reached",
            Self::Unreadable => "the answer cannot be used",
            Self::TooMuch => "the answer is too long",
        })
    }
}
