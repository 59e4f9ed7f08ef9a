//! What GitLab says when it refuses: limits, missing rights, and tags that a rule protects.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::Token;
use super::projects::DELETE;
use crate::ErrorKind;
use crate::client::api::Refusal;

/// How long to wait where GitLab names no time.
const UNTOLD: Duration = Duration::from_secs(60);

/// What an answer to this operation means.
pub(super) fn refusal(token: &Token, operation: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let said = said(body);
    let words = said.as_deref().unwrap_or("it does not say why");
    let lower = words.to_ascii_lowercase();
    let (kind, message, remedy) = match status {
        401 => (
            ErrorKind::Unauthorized,
            format!("GitLab does not accept the token: {words}"),
            Some(match token {
                Token::Access(_) => "Use an access token with the scope api that is neither expired nor revoked.",
                Token::Job(_) => "A job's token is valid while its job runs.",
            }),
        ),
        403 if operation == DELETE && (lower.contains("protect") || lower.contains("immutable")) => (
            ErrorKind::TagImmutable,
            format!("a rule of the project protects it: {words}"),
            Some("Keep it, or change the project's protected or immutable tags."),
        ),
        403 => (
            ErrorKind::Denied,
            format!("the token may not do this: {words}"),
            Some(match token {
                Token::Access(_) => {
                    "Use a token with the scope api, of someone who is Developer in the project, or more where tags are \
                     protected."
                }
                Token::Job(_) => "A job's token reaches the registry of its own project alone.",
            }),
        ),
        // Some proxy's 404 says nothing about tags.
        404 if said.is_none() => (ErrorKind::Protocol, "the answer is not one of GitLab's".to_owned(), None),
        404 => (ErrorKind::NotFound, format!("it is not there, or the token may not see it: {words}"), None),
        429 => {
            return Refusal {
                message: Some(format!("GitLab takes no more requests for now: {words}")),
                retry_after: (!headers.contains_key(RETRY_AFTER)).then_some(UNTOLD),
                ..Refusal::new(ErrorKind::RateLimited)
            };
        }
        _ => (ErrorKind::of_answer(status, &[]), format!("GitLab answered {status}: {words}"), None),
    };
    Refusal { message: Some(message), remedy: remedy.map(str::to_owned), ..Refusal::new(kind) }
}

/// Its words are under one of two names, and may be a text or a document.
fn said(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let words = document.get("message").or_else(|| document.get("error"))?;
    Some(words.as_str().map_or_else(|| words.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Secret;

    #[test]
    fn the_status_the_words_and_the_operation_decide() {
        let token = Token::Access(Secret::new("glpat-hidden"));
        for (operation, status, body, expected) in [
            (DELETE, 401, r#"{"message":"401 Unauthorized"}"#, ErrorKind::Unauthorized),
            (DELETE, 403, r#"{"message":"403 Forbidden - Cannot delete protected tag"}"#, ErrorKind::TagImmutable),
            (DELETE, 403, r#"{"message":"403 Forbidden"}"#, ErrorKind::Denied),
            ("list tags of", 403, r#"{"message":"403 Forbidden - protected"}"#, ErrorKind::Denied),
            (DELETE, 404, r#"{"message":"404 Tag Not Found"}"#, ErrorKind::NotFound),
            (DELETE, 404, r#"{"error":"404 Not Found"}"#, ErrorKind::NotFound),
            (DELETE, 404, "<html>", ErrorKind::Protocol),
            (DELETE, 400, r#"{"message":{"name_regex":["is no expression"]}}"#, ErrorKind::Rejected),
            (DELETE, 429, "Retry later", ErrorKind::RateLimited),
            (DELETE, 502, "", ErrorKind::Unavailable),
        ] {
            let refusal = refusal(&token, operation, status, &HeaderMap::new(), body.as_bytes());
            assert_eq!(refusal.kind, expected, "{operation} {status} {body}");
            assert!(!format!("{refusal:?}").contains("hidden"));
        }
    }
}
