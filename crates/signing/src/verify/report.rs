//! Outcomes as JSON, for programs: its names are stable.

use std::error::Error as _;
use std::time::SystemTime;

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::{Outcome, Rejection};
use crate::Error;

/// `{"verdict": "verified" | "unsigned" | "rejected" | "indeterminate", …}`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
enum Report<'a, V> {
    Verified(&'a V),
    Unsigned,
    Rejected { rejected: &'a [Rejection] },
    Indeterminate { errors: Vec<String>, rejected: &'a [Rejection] },
}

impl<V: Serialize> Serialize for Outcome<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Verified(verified) => Report::Verified(verified),
            Self::Unsigned => Report::Unsigned,
            Self::Rejected(rejected) => Report::Rejected { rejected },
            Self::Indeterminate(undecided) => Report::Indeterminate {
                errors: undecided.errors.iter().map(text).collect(),
                rejected: &undecided.rejected,
            },
        }
        .serialize(serializer)
    }
}

/// An error with its causes, in one line.
pub(crate) fn text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

/// In RFC 3339, in UTC.
pub(crate) fn times<S: Serializer>(times: &[SystemTime], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(times.len()))?;
    for time in times {
        let time = jiff::Timestamp::try_from(*time).map_err(S::Error::custom)?;
        list.serialize_element(&time.to_string())?;
    }
    list.end()
}
