//! One call of the client: its errors become ours in one function, and so does a panic.

use std::error::Error as StdError;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;

use ::oci_client::errors::{DigestError, OciDistributionError, OciEnvelope};
use futures::FutureExt as _;

use crate::{Answer, Error, ErrorKind, OciError, Result};

/// Awaits a call of the client.
///
/// The client unwraps what registries and token servers send in a few places (a token that is no header's value, for
/// one). A peer must not be able to end the process of a caller, so that such a panic is an error here.
pub(super) async fn call<T>(
    operation: &'static str,
    subject: impl Display,
    future: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result.map_err(|error| map(operation, subject, error)),
        Err(_) => Err(Error::new(ErrorKind::Protocol, operation, subject)
            .with_message("the crate oci-client panicked over the answer")
            .with_remedy("Report it to the project oci-client; this crate's own client does not use it.")),
    }
}

/// The client's error as ours.
///
/// No URL is kept with its query, which may carry a signature: where the client's error has one it is taken apart.
pub(super) fn map(operation: &'static str, subject: impl Display, error: OciDistributionError) -> Error {
    use OciDistributionError as E;

    let of = |kind| Error::new(kind, operation, &subject);
    match error {
        E::RegistryError { envelope, url } => of_envelope(of, envelope, &url),
        E::ServerError { code, url, message } => {
            let mut answer = Answer::new("", without_query(&url), code);
            answer.errors = OciError::in_document(message.as_bytes());
            of(ErrorKind::of_answer(code, &answer.errors)).with_answer(answer)
        }
        E::UnauthorizedError { url } => {
            of(ErrorKind::Unauthorized).with_answer(Answer::new("", without_query(&url), 401))
        }
        E::RequestError(error) => {
            let kind = if error.is_timeout() {
                ErrorKind::Timeout
            } else if let Some(status) = error.status() {
                ErrorKind::of_answer(status.as_u16(), &[])
            } else if error.is_builder() || error.is_decode() || error.is_redirect() {
                ErrorKind::Protocol
            } else {
                ErrorKind::Unreachable
            };
            of(kind).with_source(error.without_url())
        }
        E::IoError(error) => of_io(of, error),
        E::ImageManifestNotFoundError(_) => of(ErrorKind::NotFound).with_source(error),
        E::DigestError(error) => of(digest_kind(&error)).with_source(error),
        E::AuthenticationFailure(_) | E::RegistryTokenDecodeError(_) => {
            // The text is the whole answer of a token server, which nobody has vetted.
            of(ErrorKind::Credentials).with_message("the token server refused")
        }
        E::UnsupportedMediaTypeError(_)
        | E::UnsupportedSchemaVersionError(_)
        | E::IncompatibleLayerMediaTypeError(_) => of(ErrorKind::Unsupported).with_source(error),
        E::PushNoDataError
        | E::PushLayerNoDataError
        | E::PullNoLayersError
        | E::ConfigConversionError(_)
        | E::ImageIndexParsingNoPlatformResolverError => of(ErrorKind::Invalid).with_source(error),
        E::UrlParseError(_) => of(ErrorKind::Protocol).with_message("the registry named a URL that is none"),
        // A Location that is relative to the request's path becomes a generic error.
        E::GenericError(_)
        | E::HeaderValueError(_)
        | E::JsonError(_)
        | E::ManifestEncodingError(_)
        | E::ManifestParsingError(_)
        | E::RegistryNoDigestError
        | E::RegistryNoLocationError
        | E::SpecViolationError(_)
        | E::VersionedParsingError(_) => of(ErrorKind::Protocol).with_source(error),
    }
}

/// What went wrong while a blob came: a broken connection, or the client's check of the digest.
pub(super) fn map_io(operation: &'static str, subject: impl Display, error: io::Error) -> Error {
    of_io(|kind| Error::new(kind, operation, &subject), error)
}

/// True where the registry answered 202 to a mount: the specification's way to say "upload it".
pub(super) fn is_no_mount(error: &OciDistributionError) -> bool {
    use OciDistributionError as E;

    match error {
        E::SpecViolationError(_) => true,
        // The token may not cover the other repository, and a registry may refuse where it should answer 202.
        E::ServerError { code, .. } => (400..=499).contains(code) && *code != 429,
        E::UnauthorizedError { .. } => true,
        _ => false,
    }
}

fn of_envelope(of: impl Fn(ErrorKind) -> Error, envelope: OciEnvelope, url: &str) -> Error {
    let errors: Vec<_> =
        envelope.errors.into_iter().map(|error| OciError { code: code(&error.code), message: error.message }).collect();
    // The client keeps the codes of an answer between 400 and 499, and loses its status: the codes tell.
    let status = errors.iter().find_map(|error| status_of(&error.code));
    let kind = match status {
        Some(status) => ErrorKind::of_answer(status, &errors),
        None => ErrorKind::of_answer(400, &errors),
    };
    let listed: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let error = of(kind).with_message(format_args!("{} answered {}", without_query(url), listed.join(" ")));
    errors.into_iter().fold(error, |error, listed| error.with_code(&listed.code, listed.message))
}

/// The code as the registry wrote it.
fn code(code: &::oci_client::errors::OciErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The status that the distribution specification, or else habit, gives a code.
fn status_of(code: &str) -> Option<u16> {
    Some(match code {
        "BLOB_UNKNOWN" | "BLOB_UPLOAD_UNKNOWN" | "MANIFEST_UNKNOWN" | "NAME_UNKNOWN" | "NOT_FOUND" => 404,
        "UNAUTHORIZED" => 401,
        "DENIED" => 403,
        "UNSUPPORTED" => 405,
        "TOOMANYREQUESTS" => 429,
        _ => return None,
    })
}

fn of_io(of: impl Fn(ErrorKind) -> Error, error: io::Error) -> Error {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<DigestError>()) {
        return of(digest_kind(error)).with_message(error);
    }
    let kind = if error.kind() == io::ErrorKind::TimedOut { ErrorKind::Timeout } else { ErrorKind::Unreachable };
    // The outer errors may name a URL with its query; the innermost is about a connection.
    let mut cause = error.get_ref().map(|inner| inner as &(dyn StdError + 'static));
    while let Some(inner) = cause.and_then(StdError::source) {
        cause = Some(inner);
    }
    match cause {
        Some(cause) => of(kind).with_message(without_queries(&cause.to_string())),
        None => of(kind).with_message(&error),
    }
}

fn digest_kind(error: &DigestError) -> ErrorKind {
    match error {
        DigestError::VerificationError { .. } => ErrorKind::DigestMismatch,
        DigestError::UnsupportedAlgorithm(_) => ErrorKind::Unsupported,
        DigestError::InvalidHeader(_) | DigestError::MissingAlgorithm => ErrorKind::Protocol,
    }
}

fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn without_queries(text: &str) -> String {
    text.split(' ').map(without_query).collect::<Vec<_>>().join(" ")
}
