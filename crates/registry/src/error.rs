//! The one error of this crate: what was done, to what, why it failed, and what to do about it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use lockage_tagging::Digest;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms that a caller can act on.
///
/// Only [`NotFound`](ErrorKind::NotFound) ever means "there is none": an answer that could not be had or
/// understood is one of the others, and never an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The registry says that it has no such manifest, blob, tag or repository (404).
    NotFound,
    /// No credentials, or credentials that the registry does not accept (401).
    Unauthorized,
    /// The credentials are known and lack the right (403).
    Denied,
    /// Too many requests (429).
    RateLimited,
    /// The registry failed or is overloaded (5xx).
    Unavailable,
    /// No connection could be made, or it broke.
    Unreachable,
    /// No progress within the time limit.
    Timeout,
    /// The TLS handshake failed: wrong certificate, or a peer that does not speak TLS.
    Tls,
    /// The backend cannot do this at all, now or later.
    Unsupported,
    /// The request makes no sense as it was asked: a caller's mistake.
    Invalid,
    /// The registry refused the content (400, 413, 422 and the like).
    Rejected,
    /// A document is larger than the limit for its kind.
    TooLarge,
    /// The bytes are not those that the digest promises.
    DigestMismatch,
    /// There are more or fewer bytes than the descriptor promises.
    SizeMismatch,
    /// An answer breaks the distribution specification.
    Protocol,
    /// A URL that a registry named may not be followed.
    UrlRefused,
    /// The tag is immutable and holds another digest.
    TagImmutable,
    /// Others kept overwriting what was written, until it was given up.
    Contended,
    /// A setting, a file or an environment variable is unusable.
    Configuration,
    /// Credentials could not be obtained: a helper failed, or a token server refused.
    Credentials,
    /// The local disk failed.
    Io,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The same request will fail the same way.
    Permanent,
    /// The same request may succeed later.
    Temporary,
    /// It was temporary and has been retried already: do not multiply the retries.
    Persistent,
}

/// An error with its kind, its status, what was being done and to what.
///
/// `Display` is one line and does not repeat [`source`](StdError::source); [`remedy`](Error::remedy) says what to
/// do about it. No credential, token or presigned query is ever part of it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    status: Status,
    operation: &'static str,
    subject: String,
    message: Option<String>,
    remedy: Option<String>,
    answer: Option<Answer>,
    codes: Vec<OciError>,
    retry_after: Option<Duration>,
    current: Option<Digest>,
    attempts: u32,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a registry answered, as the cause of an [`Error`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The request's method.
    pub method: String,
    /// The request's URL without its query, which may carry a signature.
    pub url: String,
    /// The HTTP status code.
    pub status: u16,
    /// The registry's own id of the request, for its operators.
    pub request_id: Option<String>,
    /// The errors in the body, as far as it was an OCI error document.
    pub errors: Vec<OciError>,
}

/// One entry of an OCI error document (distribution-spec, "Error Codes").
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct OciError {
    /// The code, such as `MANIFEST_UNKNOWN`.
    #[serde(default)]
    pub code: String,
    /// The registry's own words.
    #[serde(default)]
    pub message: String,
}

impl Error {
    /// An error of `kind` while doing `operation` ("pull manifest") to `subject` (a reference).
    ///
    /// Its status follows from the kind: a rate limit, an unavailable or unreachable registry and a timeout are
    /// temporary, all else is permanent.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str, subject: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            kind,
            status: kind.status(),
            operation,
            subject: one_line(&subject.to_string()),
            message: None,
            remedy: None,
            answer: None,
            codes: Vec::new(),
            retry_after: None,
            current: None,
            attempts: 1,
            source: None,
        }))
    }

    /// Says why, in words that replace the kind's own.
    #[must_use]
    pub fn with_message(mut self, message: impl fmt::Display) -> Self {
        self.0.message = Some(one_line(&message.to_string()));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Keeps the registry's answer as the cause.
    #[must_use]
    pub fn with_answer(mut self, answer: Answer) -> Self {
        self.0.answer = Some(answer);
        self
    }

    /// Adds an OCI error code, for a backend that a server will speak for.
    #[must_use]
    pub fn with_code(mut self, code: &str, message: impl Into<String>) -> Self {
        self.0.codes.push(OciError { code: code.to_owned(), message: message.into() });
        self
    }

    /// Keeps how long the registry asked to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Keeps that this was tried `attempts` times.
    #[must_use]
    pub fn tried(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Keeps what the tag holds that could not be moved.
    #[must_use]
    pub fn with_current(mut self, current: Digest) -> Self {
        self.0.current = Some(current);
        self
    }

    /// Keeps that this was tried `attempts` times, and makes a temporary error persistent.
    #[must_use]
    pub fn given_up_after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        if self.0.status == Status::Temporary {
            self.0.status = Status::Persistent;
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// What was being done, such as "pull manifest".
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What it was done to: a reference, a blob, a URL without its query.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// True where the registry said that there is no such thing, and for nothing else.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// True where the same request may succeed later and has not been retried yet.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.status == Status::Temporary
    }

    /// The registry's answer, where there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.0.answer.as_ref()
    }

    /// The OCI errors: those of the registry's answer, or those that a local backend gave.
    #[must_use]
    pub fn oci_errors(&self) -> &[OciError] {
        match &self.0.answer {
            Some(answer) => &answer.errors,
            None => &self.0.codes,
        }
    }

    /// How long the registry asked to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What the tag holds, where it is immutable and could not be moved.
    #[must_use]
    pub fn current(&self) -> Option<&Digest> {
        self.0.current.as_ref()
    }

    /// How often it was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What to do about it, in one or two sentences.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref().or_else(|| self.0.kind.remedy())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.0.message.as_deref().unwrap_or_else(|| self.0.kind.words());
        write!(f, "{} {}: {why}", self.0.operation, self.0.subject)?;
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.source, &self.0.answer) {
            (Some(source), _) => Some(source.as_ref()),
            (None, Some(answer)) => Some(answer),
            (None, None) => None,
        }
    }
}

impl Answer {
    /// The answer `status` to a request; `url` must not carry a query.
    #[must_use]
    pub fn new(method: impl Into<String>, url: impl Into<String>, status: u16) -> Self {
        Self { method: method.into(), url: url.into(), status, request_id: None, errors: Vec::new() }
    }

    /// True where one of the body's errors has this code.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.errors.iter().any(|error| error.code == code)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} answered {}", self.method, self.url, self.status)?;
        for error in &self.errors {
            write!(f, " {error}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl StdError for Answer {}

#[cfg(any(feature = "client", feature = "oci-client"))]
impl OciError {
    /// The errors in a body. One that is no error document (a proxy's page, say) has nothing to add to its status.
    pub(crate) fn in_document(body: &[u8]) -> Vec<Self> {
        #[derive(serde::Deserialize)]
        struct Document {
            #[serde(default)]
            errors: Vec<OciError>,
        }
        serde_json::from_slice::<Document>(body).map(|document| document.errors).unwrap_or_default()
    }
}

impl OciError {
    fn says_immutable(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains("immutable") && message.contains("tag") || message.contains("configured as immutable")
    }
}

impl fmt::Display for OciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.code))?;
        if !self.message.is_empty() {
            write!(f, " ({})", one_line(&self.message))?;
        }
        Ok(())
    }
}

impl ErrorKind {
    /// The one place where a status and the OCI codes beside it become a kind.
    ///
    /// A code decides before the status where registries disagree about the latter: `TOOMANYREQUESTS` comes with
    /// 403 and 429, and `TAG_IMMUTABLE` (ECR's `ImageTagAlreadyExistsException`) with 400, 403, 409 and 412.
    #[must_use]
    pub fn of_answer(status: u16, errors: &[OciError]) -> Self {
        for error in errors {
            match error.code.as_str() {
                "TOOMANYREQUESTS" => return Self::RateLimited,
                "TAG_IMMUTABLE" | "ImageTagAlreadyExistsException" => return Self::TagImmutable,
                "UNSUPPORTED" if status != 401 && status != 403 => return Self::Unsupported,
                // Harbor and others have no code of their own for it.
                _ if matches!(status, 400 | 403 | 409 | 412) && error.says_immutable() => return Self::TagImmutable,
                _ => {}
            }
        }
        match status {
            401 => Self::Unauthorized,
            403 => Self::Denied,
            404 => Self::NotFound,
            405 | 501 => Self::Unsupported,
            408 => Self::Timeout,
            429 => Self::RateLimited,
            // A proxy's: the client is said to have gone, and it has not.
            499 => Self::Unavailable,
            400..=499 => Self::Rejected,
            500..=599 => Self::Unavailable,
            _ => Self::Protocol,
        }
    }

    fn status(self) -> Status {
        match self {
            Self::RateLimited | Self::Unavailable | Self::Unreachable | Self::Timeout | Self::Contended => {
                Status::Temporary
            }
            _ => Status::Permanent,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Unauthorized => "not authorised",
            Self::Denied => "denied",
            Self::RateLimited => "too many requests",
            Self::Unavailable => "the registry is unavailable",
            Self::Unreachable => "the registry cannot be reached",
            Self::Timeout => "no progress within the time limit",
            Self::Tls => "the TLS handshake failed",
            Self::Unsupported => "not supported by this registry",
            Self::Invalid => "the request makes no sense",
            Self::Rejected => "refused by the registry",
            Self::TooLarge => "too large",
            Self::DigestMismatch => "the bytes are not those that the digest promises",
            Self::SizeMismatch => "not as many bytes as promised",
            Self::Protocol => "the answer breaks the distribution specification",
            Self::UrlRefused => "the registry named a URL that may not be followed",
            Self::TagImmutable => "the tag is immutable and holds another image",
            Self::Contended => "others keep overwriting it",
            Self::Configuration => "unusable setting",
            Self::Credentials => "no credentials could be obtained",
            Self::Io => "the local disk failed",
        }
    }

    fn remedy(self) -> Option<&'static str> {
        Some(match self {
            Self::NotFound => "Check the name; a registry may also answer \"not found\" to those who may not read.",
            Self::Unauthorized => "Log in to this registry, or name other credentials.",
            Self::Denied => "Ask for the right on this repository, or use other credentials.",
            Self::RateLimited | Self::Unavailable | Self::Timeout | Self::Contended => "Try again later.",
            Self::Unreachable => "Check the host, the port and the network.",
            Self::Tls => {
                "If this registry speaks plain http, name it as a plain-http host; else check its certificate."
            }
            Self::DigestMismatch | Self::SizeMismatch => {
                "The registry, or something between, changed the content: do not use it, and tell its operators."
            }
            Self::TagImmutable => "Choose another tag, or promote by digest without a pin.",
            _ => return None,
        })
    }
}

/// Foreign text on one line, so that it cannot forge another line of a log.
fn one_line(text: &str) -> String {
    const MOST: usize = 512;
    /// Separators of lines and paragraphs, and what makes a terminal show text in another order than it is written.
    const REORDERS: [char; 11] = [
        '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
        '\u{2068}', '\u{2069}',
    ];
    let mut line = String::with_capacity(text.len().min(MOST));
    for c in text.chars() {
        if line.len() >= MOST {
            line.push('…');
            break;
        }
        if c.is_control() || REORDERS.contains(&c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_body_says_what_it_says_on_one_line(status: u16, text in "[\\n\\r\\u{2028}\\u{202e}\\u{2066}a]*|\\PC*", body in "\\PC*") {
            let document = serde_json::json!({ "errors": [{ "code": text, "message": text }] }).to_string();
            for body in [document, body] {
                let mut answer = Answer::new("GET", "https://registry.example/v2/", status);
                answer.errors = OciError::in_document(body.as_bytes());
                assert!(!answer.to_string().contains(|c: char| c.is_control() || "\u{2028}\u{202e}\u{2066}".contains(c)));
                let kind = ErrorKind::of_answer(status, &answer.errors);
                assert!(kind != ErrorKind::NotFound || status == 404);
            }
        }
    }
}
