//! What Harbor says when it refuses: an error document like that of the distribution API, with codes of its own.

use crate::client::api::Refusal;
use crate::{ErrorKind, OciError};

/// What an answer means to a request of `user` that needs these permissions.
pub(super) fn refusal(needs: &str, user: Option<&str>, status: u16, body: &[u8]) -> Refusal {
    let errors = OciError::in_document(body);
    let (code, said) = match errors.first() {
        Some(error) => (Some(error.code.clone()), error.message.clone()),
        None => (None, "it does not say why".to_owned()),
    };
    let user = user.unwrap_or("nobody");
    let lower = said.to_ascii_lowercase();
    let (kind, message, remedy) = match status {
        401 => (
            ErrorKind::Unauthorized,
            format!("Harbor does not accept the credentials of {user}: {said}"),
            Some(format!("Log in with a user or a robot that has the permissions {needs}; robots expire.")),
        ),
        403 => (
            ErrorKind::Denied,
            format!("{user} may not do this: {said}"),
            Some(format!("Give the robot the permissions {needs} on the project, or the user a role that has them.")),
        ),
        // Some proxy's 404 says nothing about artifacts.
        404 if errors.is_empty() => (ErrorKind::Protocol, "the answer is not one of Harbor's".to_owned(), None),
        404 => (ErrorKind::NotFound, said, None),
        412 if lower.contains("immutable") => (
            ErrorKind::TagImmutable,
            format!("a rule of the project makes it immutable: {said}"),
            Some("Keep it, or change the project's rules of tag immutability.".to_owned()),
        ),
        412 => (
            ErrorKind::Rejected,
            format!("Harbor refuses: {said}"),
            Some("Delete the index that names it first.".to_owned()),
        ),
        _ => (ErrorKind::of_answer(status, &[]), format!("Harbor answered {status}: {said}"), None),
    };
    Refusal { code, message: Some(message), remedy, ..Refusal::new(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_and_the_words_decide() {
        for (status, code, message, expected) in [
            (401, "UNAUTHORIZED", "unauthorized", ErrorKind::Unauthorized),
            (403, "FORBIDDEN", "forbidden", ErrorKind::Denied),
            (404, "NOT_FOUND", "artifact team/app@sha256:0 not found", ErrorKind::NotFound),
            (412, "PRECONDITION", "the tag v1 configured as immutable, cannot be deleted", ErrorKind::TagImmutable),
            (412, "PRECONDITION", "the deleting artifact is referenced by others", ErrorKind::Rejected),
            (429, "TOO_MANY_REQUEST", "", ErrorKind::RateLimited),
            (500, "UNKNOWN", "internal server error", ErrorKind::Unavailable),
        ] {
            let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string();
            let refusal = refusal("delete artifact", Some("robot$team+cleaner"), status, body.as_bytes());
            assert_eq!((refusal.kind, refusal.code.as_deref()), (expected, Some(code)), "{status} {message}");
        }
        assert_eq!(refusal("", None, 404, b"<html>").kind, ErrorKind::Protocol);
    }

    proptest::proptest! {
        #[test]
        fn only_harbor_says_not_found(status in 300u16..600, body in "\\PC*") {
            let refusal = refusal("", None, status, body.as_bytes());
            assert!(refusal.kind != ErrorKind::NotFound || status == 404 && body.contains("errors"));
        }
    }
}
