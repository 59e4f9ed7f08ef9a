//! Sharing: one failure, told to each of those who waited for its outcome.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::{Error, Status};

/// An error that says what `error` says: its kind, words, remedy, answer and causes, and whether it was given up.
pub(crate) fn copy_of(error: &Arc<Error>) -> Error {
    let text = error.to_string();
    let prefix = format!("{} {}: ", error.operation(), error.subject());
    let message = text.strip_prefix(&prefix).unwrap_or(&text);
    let attempts = format!(" (after {} attempts)", error.attempts());
    let message = message.strip_suffix(&attempts).unwrap_or(message);
    let copy = Error::new(error.kind(), error.operation(), error.subject()).with_message(message);
    let mut copy = match error.status() {
        Status::Persistent => copy.given_up_after(error.attempts()),
        _ => copy.tried(error.attempts()),
    };
    if let Some(remedy) = error.remedy() {
        copy = copy.with_remedy(remedy);
    }
    if let Some(after) = error.retry_after() {
        copy = copy.with_retry_after(after);
    }
    if let Some(answer) = error.answer() {
        copy = copy.with_answer(answer.clone());
    }
    match error.source() {
        Some(_) => copy.with_source(CauseOf(Arc::clone(error))),
        None => copy,
    }
}

/// The cause of a shared error, as if it were owned.
#[derive(Debug)]
struct CauseOf(Arc<Error>);

impl fmt::Display for CauseOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |cause| write!(f, "{cause}"))
    }
}

impl StdError for CauseOf {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().and_then(StdError::source)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Answer, ErrorKind};

    fn chain(error: &dyn StdError) -> Vec<String> {
        let mut said = vec![error.to_string()];
        said.extend(error.source().map(chain).unwrap_or_default());
        said
    }

    #[test]
    fn a_copy_says_what_the_original_says() {
        let answer = Error::new(ErrorKind::RateLimited, "ask", "a").with_answer(Answer::new("GET", "https://t", 429));
        let error = Error::new(ErrorKind::RateLimited, "log in to", "r.example")
            .with_message("its token server: answered 429")
            .with_retry_after(Duration::from_secs(7))
            .with_remedy("Wait.")
            .with_source(answer);
        let error = Arc::new(error);
        let copy = copy_of(&error);
        assert_eq!(chain(&copy), chain(error.as_ref()));
        assert_eq!(chain(&copy).len(), 3);
        assert_eq!((copy.kind(), copy.remedy(), copy.status()), (error.kind(), error.remedy(), error.status()));
        assert_eq!(copy.retry_after(), error.retry_after());
        let plain = Arc::new(Error::new(ErrorKind::Io, "read", "x"));
        assert_eq!(chain(&copy_of(&plain)), chain(plain.as_ref()));
        let given_up = Arc::new(Error::new(ErrorKind::Unavailable, "log in to", "r.example").given_up_after(5));
        let copy = copy_of(&given_up);
        assert_eq!(chain(&copy), chain(given_up.as_ref()));
        assert_eq!((copy.status(), copy.attempts()), (Status::Persistent, 5));
    }
}
