//! `KeylessError`: what keeps an identity from signing, and which service it was.

use std::fmt;

use thiserror::Error as ThisError;

/// What kept an identity from signing. Nothing was stored in a registry for it; tokens are never part of it.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum KeylessError {
    /// The identity token is none, or has expired.
    #[error("the identity token cannot be used: {why}")]
    Token {
        /// What is wrong.
        why: String,
    },
    /// A workflow that may not ask for an identity token.
    #[error("this workflow may not ask GitHub for an identity token")]
    NoPermission,
    /// There is no workflow of GitHub Actions around.
    #[error("an identity token was asked of GitHub Actions, and this is no workflow of it")]
    NoWorkflow,
    /// The address of a service.
    #[error("{service} cannot be at {url:?}: {why}")]
    Url {
        /// Which service.
        service: Service,
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A signing configuration that cannot be used.
    #[error("the signing configuration cannot be used: {why}")]
    Configuration {
        /// What is wrong.
        why: String,
    },
    /// A service did not do what it was asked for.
    #[error("{service} at {url}: {failure}")]
    Service {
        /// Which service.
        service: Service,
        /// Its address, without the query.
        url: String,
        /// How it failed.
        failure: Failure,
    },
    /// The old layout needs the promise of a log of version 1.
    #[error("the old layout cannot be written: it holds the promise of Rekor v1, and the log at {url} is Rekor v2")]
    NoLegacy {
        /// The log.
        url: String,
    },
    /// What the services made does not pass the trusted root that signatures will be verified with.
    #[error("the signature was made, and is not believed by the trusted root: {why}")]
    NotBelieved {
        /// Why it would be rejected.
        why: String,
    },
    /// A key, a signature or the HTTP client could not be made.
    #[error("this machine could not prepare a signature: {why}")]
    Machine {
        /// Why.
        why: String,
    },
}

/// A service that is needed to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
    /// The timestamp authority (RFC 3161).
    Timestamp,
    /// GitHub's provider of identity tokens.
    Actions,
}

/// How a service failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No connection could be made, or it broke.
    Unreachable,
    /// There was no answer within the time limit.
    Timeout,
    /// It answered with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, cut to one short line.
        message: String,
    },
    /// It answered what makes no sense.
    Answer {
        /// What is wrong.
        why: String,
    },
}

impl KeylessError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Token { .. } => "Ask for a new token with the audience sigstore; it is valid for minutes only.",
            Self::NoPermission => "Give the job `permissions: id-token: write`.",
            Self::NoWorkflow => "Pass an identity token, or run in a workflow of GitHub Actions.",
            Self::Url { .. } => "Use an https URL; plain http is for loopback only.",
            Self::Configuration { .. } => {
                "Pass a signing configuration of version 0.2 that names a Fulcio and a Rekor."
            }
            Self::NoLegacy { .. } => "Write bundles only, or sign with a log of version 1.",
            Self::NotBelieved { .. } => "Use the trusted root of the instance that signs; nothing was stored.",
            Self::Machine { .. } => "See whether this machine has random numbers and certificates of authorities.",
            Self::Service { service, failure, .. } => match (failure, service) {
                (Failure::Refused { status: 401 | 403, .. }, Service::Actions) => {
                    "Give the job `permissions: id-token: write`, and ask while the job runs."
                }
                (Failure::Refused { status: 400 | 401 | 403, .. }, Service::Fulcio) => {
                    "The token is not one that this Fulcio takes: see its issuer, its audience (sigstore) and its age."
                }
                (Failure::Refused { .. } | Failure::Answer { .. }, _) => {
                    "See the status of the service; nothing was stored, and signing can be tried again."
                }
                (Failure::Unreachable | Failure::Timeout, _) => {
                    "See whether the service can be reached from here; nothing was stored, and signing can be tried again."
                }
            },
        }
    }

    /// True where the same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Service { failure: Failure::Refused { status, .. }, .. } => *status == 429 || *status >= 500,
            Self::Service { failure: Failure::Unreachable | Failure::Timeout, .. } => true,
            _ => false,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fulcio => "Fulcio",
            Self::Rekor => "Rekor",
            Self::Timestamp => "the timestamp authority",
            Self::Actions => "GitHub's identity provider",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("it could not be reached"),
            Self::Timeout => f.write_str("it did not answer in time"),
            Self::Refused { status, message } if message.is_empty() => write!(f, "it answered {status}"),
            Self::Refused { status, message } => write!(f, "it answered {status}: {message}"),
            Self::Answer { why } => write!(f, "its answer makes no sense: {why}"),
        }
    }
}
