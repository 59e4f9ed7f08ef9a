//! Reading answers, and what may stand in a URL.

use serde::de::DeserializeOwned;

use crate::pipeline::vcs::{VcsError, VcsErrorKind};

/// An answer as what its documentation says that it is.
pub(crate) fn read<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, VcsError> {
    serde_json::from_slice(body).map_err(|error| VcsError::new(VcsErrorKind::Unreadable, what).because(error))
}

/// A piece of a path that is neither empty nor a way out of it.
pub(crate) fn segment<'t>(what: &str, text: &'t str) -> Result<&'t str, VcsError> {
    let refused = |why: String| VcsError::new(VcsErrorKind::Refused, what).because(why);
    match text {
        "" | "." | ".." => Err(refused(format!("{text:?} is no name"))),
        text if text.chars().any(char::is_control) => Err(refused("a name has control characters".to_owned())),
        text => Ok(text),
    }
}
