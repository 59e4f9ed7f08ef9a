//! Whether an environment is open, since when nobody cares, until when everybody does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody stopped every pipeline. It is a tag in a registry, so whoever asks has looked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KillSwitch {
    /// The tag that is set.
    pub tag: String,
    /// Why, if anybody said.
    pub reason: Option<String>,
}

/// Somebody answers for a change at a time that is closed. It goes with the change into its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Override {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Whether an environment is open for an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WindowStatus {
    /// Whether it is.
    pub open: bool,
    /// Why it is closed, or would be without the override.
    pub reason: Option<String>,
    /// The windows, by name, that close it, or would without the override.
    pub closed_by: Vec<String>,
    /// When it opens; nothing where it is open, or where nothing foreseeable opens it.
    pub next_open: Option<Timestamp>,
    /// When it closes; nothing where it is closed, or where nothing foreseeable closes it.
    pub next_close: Option<Timestamp>,
    /// Why it closes then.
    pub next_close_reason: Option<String>,
    /// The override that opened it.
    pub overridden: Option<Override>,
}

impl KillSwitch {
    /// The tag that stops every pipeline is set.
    #[must_use]
    pub fn new(tag: impl Into<String>) -> Self {
        Self { tag: tag.into(), reason: None }
    }

    /// The same, with what was said of it.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl Override {
    /// Nothing where the person or the reason is empty: an override that nobody answers for is none.
    #[must_use]
    pub fn new(by: &str, reason: &str) -> Option<Self> {
        let named = !by.trim().is_empty() && !reason.trim().is_empty();
        named.then(|| Self { by: by.to_owned(), reason: reason.to_owned() })
    }
}
