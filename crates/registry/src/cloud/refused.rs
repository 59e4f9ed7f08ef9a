//! What a service that gives tokens for tokens says where it refuses.

use serde::Deserialize;

use crate::ErrorKind;
use crate::client::api::Refusal;

/// OAuth's errors (RFC 6749 section 5.2).
#[derive(Default, Deserialize)]
pub(super) struct OAuthError {
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}

impl OAuthError {
    /// An explanation that cannot be read is an empty one, and leaves the status to speak.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// Nothing is looked up there: that there is none is a wrong address.
pub(super) fn of_status(status: u16) -> ErrorKind {
    if status == 404 { ErrorKind::Protocol } else { ErrorKind::of_answer(status, &[]) }
}

/// A refusal in the words of the service, where it has any.
pub(super) fn explained(
    who: &str,
    status: u16,
    kind: ErrorKind,
    code: String,
    words: &str,
    remedy: Option<&str>,
) -> Refusal {
    let message = match code.is_empty() {
        true => format!("{who} answered {status} and does not say why"),
        false => format!("{code}: {words}"),
    };
    let code = (!code.is_empty()).then_some(code);
    Refusal { code, message: Some(message), remedy: remedy.map(str::to_owned), ..Refusal::new(kind) }
}
