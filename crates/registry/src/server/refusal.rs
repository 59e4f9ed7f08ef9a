//! Refusals: the one place where an error becomes a status and an OCI error document (distribution-spec, "Error
//! Codes").

use std::str::FromStr;
use std::time::Duration;

use http::{Method, StatusCode, header};
use lockage_tagging::{Digest, Host, NameError, Repository};
use serde_json::{Value, json};

use super::reply::Reply;
use super::route::Route;
use crate::{Error, ErrorKind, OciError};

/// Why a request is not answered as it was meant.
pub(super) enum Refusal {
    /// The request itself is at fault; this is the answer.
    Said(Box<Reply>),
    /// The backend failed.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Reply> for Refusal {
    fn from(reply: Reply) -> Self {
        Self::Said(Box::new(reply))
    }
}

impl Refusal {
    pub(super) fn into_reply(self, method: &Method, route: &Route) -> Reply {
        match self {
            Self::Said(reply) => *reply,
            Self::Failed(error) => failed(&error, method, route),
        }
    }
}

/// An answer with one error.
pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> Reply {
    document(status, &[OciError { code: code.to_owned(), message: message.to_owned() }])
}

/// The repository that a path names.
pub(super) fn repository(host: &Host, name: &str) -> Result<Repository, Refusal> {
    Repository::new(host.clone(), name).map_err(|error| bad("NAME_INVALID", &error))
}

/// The digest that a path or a query names.
pub(super) fn digest(text: &str) -> Result<Digest, Refusal> {
    Digest::from_str(text).map_err(|error| bad("DIGEST_INVALID", &error))
}

fn bad(code: &str, error: &NameError) -> Refusal {
    refuse(StatusCode::BAD_REQUEST, code, &error.to_string()).into()
}

/// What the backend's error says to the client: all of it where the request is at fault, and nothing but the kind
/// where something behind the server is, because paths and addresses are nobody's business.
fn failed(error: &Error, method: &Method, route: &Route) -> Reply {
    let reading = method == Method::GET || method == Method::HEAD;
    let status = status(error, reading, method == Method::DELETE);
    let reply = if status.is_server_error() {
        refuse(status, "UNKNOWN", status.canonical_reason().unwrap_or("unknown error"))
    } else if error.oci_errors().is_empty() {
        refuse(status, code(error.kind(), route), &error.to_string())
    } else {
        document(status, error.oci_errors())
    };
    match error.retry_after() {
        Some(after) => reply.header(header::RETRY_AFTER, whole_seconds(after)),
        None => reply,
    }
}

fn status(error: &Error, reading: bool, deleting: bool) -> StatusCode {
    match error.kind() {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Denied => StatusCode::FORBIDDEN,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable | ErrorKind::Contended => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unreachable | ErrorKind::Tls | ErrorKind::Protocol | ErrorKind::UrlRefused => {
            StatusCode::BAD_GATEWAY
        }
        // Who only reads has sent no content: what is refused is then the content that is stored.
        ErrorKind::DigestMismatch | ErrorKind::SizeMismatch | ErrorKind::Rejected | ErrorKind::TooLarge if reading => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TagImmutable => StatusCode::CONFLICT,
        ErrorKind::Unsupported if deleting => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Unsupported
        | ErrorKind::Invalid
        | ErrorKind::Rejected
        | ErrorKind::DigestMismatch
        | ErrorKind::SizeMismatch => StatusCode::BAD_REQUEST,
        ErrorKind::Configuration | ErrorKind::Credentials | ErrorKind::Io => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The code for an error that brings none.
fn code(kind: ErrorKind, route: &Route) -> &'static str {
    match kind {
        ErrorKind::NotFound => route.unknown(),
        ErrorKind::Unauthorized => "UNAUTHORIZED",
        ErrorKind::Denied => "DENIED",
        ErrorKind::RateLimited => "TOOMANYREQUESTS",
        ErrorKind::DigestMismatch => "DIGEST_INVALID",
        ErrorKind::SizeMismatch | ErrorKind::TooLarge => "SIZE_INVALID",
        ErrorKind::TagImmutable => "TAG_IMMUTABLE",
        ErrorKind::Unsupported => "UNSUPPORTED",
        _ => route.invalid(),
    }
}

fn document(status: StatusCode, errors: &[OciError]) -> Reply {
    let errors: Vec<Value> = errors.iter().map(entry).collect();
    Reply::new(status).json("application/json", &json!({ "errors": errors }))
}

/// A missing blob is named in the detail as well, where docker's registry names it.
fn entry(error: &OciError) -> Value {
    let mut entry = json!({ "code": error.code, "message": error.message });
    if error.code == "MANIFEST_BLOB_UNKNOWN"
        && Digest::from_str(&error.message).is_ok()
        && let Some(fields) = entry.as_object_mut()
    {
        fields.insert("detail".to_owned(), json!({ "digest": error.message }));
    }
    entry
}

fn whole_seconds(after: Duration) -> u64 {
    after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http_body_util::BodyExt as _;

    use super::*;

    async fn told(error: Error, method: Method) -> (u16, String, Option<String>) {
        let route = Route::Manifest { name: "app".to_owned(), reference: "v1".to_owned() };
        let response = Refusal::from(error).into_reply(&method, &route).into_response(false);
        let retry = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap(), retry)
    }

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "read", "/var/lib/secret").with_message("inner matters").with_code("INNER", "matters")
    }

    #[tokio::test]
    async fn nothing_is_told_of_what_is_behind_the_server() {
        for kind in [ErrorKind::Io, ErrorKind::Configuration, ErrorKind::Credentials, ErrorKind::Unreachable] {
            let (status, body, _) = told(error(kind), Method::PUT).await;
            assert!(status >= 500, "{kind:?}");
            assert!(body.contains(r#""code":"UNKNOWN""#), "{body}");
            assert!(!body.contains("secret") && !body.to_lowercase().contains("inner"), "{body}");
        }
    }

    #[tokio::test]
    async fn a_mismatch_is_the_fault_of_who_sent_the_content() {
        assert_eq!(told(error(ErrorKind::DigestMismatch), Method::PUT).await.0, 400);
        assert_eq!(told(error(ErrorKind::DigestMismatch), Method::GET).await.0, 500);
    }

    #[tokio::test]
    async fn an_error_without_a_code_gets_that_of_its_kind() {
        for (kind, method, status, code) in [
            (ErrorKind::NotFound, Method::GET, 404, "MANIFEST_UNKNOWN"),
            (ErrorKind::Denied, Method::GET, 403, "DENIED"),
            (ErrorKind::Rejected, Method::PUT, 400, "MANIFEST_INVALID"),
            (ErrorKind::TooLarge, Method::PUT, 413, "SIZE_INVALID"),
            (ErrorKind::TagImmutable, Method::PUT, 409, "TAG_IMMUTABLE"),
            (ErrorKind::Unsupported, Method::DELETE, 405, "UNSUPPORTED"),
        ] {
            let (answered, body, _) = told(Error::new(kind, "do", "app:v1"), method).await;
            assert_eq!(answered, status, "{kind:?}");
            assert!(body.contains(&format!(r#""code":"{code}""#)), "{body}");
        }
        let limited = Error::new(ErrorKind::RateLimited, "do", "app:v1").with_retry_after(Duration::from_millis(1500));
        let (status, _, retry) = told(limited, Method::GET).await;
        assert_eq!((status, retry.as_deref()), (429, Some("2")));
    }
}
