//! `Fault`: how a service goes wrong.

use std::time::Duration;

/// A service of the mock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// Certificates.
    Fulcio,
    /// Either log.
    Rekor,
    /// Timestamps.
    Timestamp,
    /// Identity tokens for workflows.
    Actions,
}

/// How a service goes wrong, until it is told otherwise.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// It answers with this status, and some text.
    Status(u16),
    /// It answers as if all were well, with bytes that mean nothing.
    Garbage,
    /// It answers after this long.
    Slow(Duration),
    /// Its times have a fraction of a second: a timestamp authority may do that.
    Fraction,
}
