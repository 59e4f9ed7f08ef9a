//! `Name`: what environments, edges, gates and images are called.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A name in lower case, as it may stand in a tag, a repository's path and a label: `prod`, `payment-svc`,
/// `team/payment-svc`.
///
/// Cloning is cheap: clones share one text.
///
/// ```
/// use lockage_promote::pipeline::Name;
/// assert_eq!("payment-svc".parse::<Name>()?.as_str(), "payment-svc");
/// assert!("Prod".parse::<Name>().is_err());
/// assert!("".parse::<Name>().is_err());
/// # Ok::<(), lockage_promote::pipeline::NameProblem>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no name: {why}")]
pub struct NameProblem {
    text: String,
    why: &'static str,
}

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameProblem;

    fn from_str(text: &str) -> Result<Self, NameProblem> {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let why = if text.is_empty() {
            "it is empty"
        } else if text.len() > Self::MAX_BYTES {
            "it is longer than 128 bytes"
        } else if !text.chars().all(|c| edge(c) || "-_./".contains(c)) {
            "it has something else than a-z, 0-9, '-', '_', '.' and '/'"
        } else if !text.split('/').all(|part| part.starts_with(edge) && part.ends_with(edge)) {
            "each part begins and ends with a letter or a digit"
        } else {
            return Ok(Self(text.into()));
        };
        Err(NameProblem { text: text.chars().take(Self::MAX_BYTES).collect(), why })
    }
}

impl TryFrom<String> for Name {
    type Error = NameProblem;

    fn try_from(text: String) -> Result<Self, NameProblem> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
