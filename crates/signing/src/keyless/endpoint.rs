//! `Endpoint`: where a service is, whether it may be asked there, and what it says when it fails.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::{Either, select};
use sigstore_sign::reqwest::redirect::Policy;
use sigstore_sign::reqwest::{Client, Url};

use super::{Failure, KeylessError, Service};

/// How much of what a service says is repeated.
const SAID: usize = 200;

/// The address of a service.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    service: Service,
    url: Url,
}

impl Endpoint {
    /// Reads an address: https, or plain http on loopback.
    pub(super) fn new(service: Service, text: &str) -> Result<Self, KeylessError> {
        let plain = text.split(['?', '#']).next().unwrap_or_default();
        let refused = |url: String, why| KeylessError::Url { service, url, why };
        let Ok(url) = Url::parse(text) else { return Err(refused(plain.to_owned(), "it is no URL")) };
        let endpoint = Self { service, url };
        let url = &endpoint.url;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(endpoint.shown(), "it has credentials"));
        }
        match url.scheme() {
            "https" => Ok(endpoint),
            "http" if is_loopback(url) => Ok(endpoint),
            "http" => Err(refused(endpoint.shown(), "plain http shows the token to everybody on the way")),
            _ => Err(refused(endpoint.shown(), "it is not https")),
        }
    }

    /// The address as the clients take it.
    pub(super) fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The address with a parameter more.
    pub(super) fn with(&self, name: &str, value: &str) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair(name, value);
        url
    }

    /// The address without what may be secret.
    pub(super) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        // An address that cannot have credentials has none.
        let _cannot = url.set_username("");
        let _cannot = url.set_password(None);
        url.as_str().trim_end_matches('/').to_owned()
    }

    pub(super) fn failed(&self, failure: Failure) -> KeylessError {
        KeylessError::Service { service: self.service, url: self.shown(), failure }
    }

    pub(super) fn nonsense(&self, why: impl ToString) -> KeylessError {
        self.failed(Failure::Answer { why: line(&why.to_string()) })
    }

    /// It answered with a status that is no success.
    pub(super) fn refused(&self, status: u16, said: &str) -> KeylessError {
        self.failed(Failure::Refused { status, message: line(said) })
    }

    /// Waits for a service no longer than this.
    pub(super) async fn within<T>(&self, limit: Duration, answer: impl Future<Output = T>) -> Result<T, KeylessError> {
        match select(Box::pin(answer), futures_timer::Delay::new(limit)).await {
            Either::Left((answer, _)) => Ok(answer),
            Either::Right(_) => Err(self.failed(Failure::Timeout)),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.service, self.shown())
    }
}

/// The client of all services. It follows nobody elsewhere: what is sent is a token.
pub(super) fn client() -> Result<Client, KeylessError> {
    Client::builder()
        .redirect(Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .user_agent(concat!("lockage/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| KeylessError::Machine { why: error.to_string() })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One short line.
fn line(text: &str) -> String {
    let words: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let mut short: String = words.trim().chars().take(SAID).collect();
    if short.len() < words.trim().len() {
        short.push('\u{2026}');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_spoken_outside_of_loopback() {
        for good in ["https://fulcio.example", "http://127.0.0.1:1", "http://localhost:5/x", "http://[::1]:7"] {
            Endpoint::new(Service::Fulcio, good).expect(good);
        }
        let bad = [
            "http://fulcio.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://10.0.0.1",
            "ftp://fulcio.example",
            "https://user:secret@fulcio.example",
            "fulcio.example",
            "",
        ];
        for bad in bad {
            let error = Endpoint::new(Service::Fulcio, bad).expect_err(bad);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        let endpoint = Endpoint::new(Service::Timestamp, "https://tsa.example/stamp?key=secret").unwrap();
        assert_eq!(endpoint.shown(), "https://tsa.example/stamp");
        assert!(!endpoint.refused(500, "no").to_string().contains("secret"));
        assert!(!format!("{endpoint:?}").contains("secret"));
        assert!(endpoint.as_str().contains("secret"));
    }

    #[test]
    fn what_a_service_says_is_one_short_line() {
        assert_eq!(line(" a\nb\u{7}c "), "a b c");
        assert_eq!(line(&"\u{e9}".repeat(500)).chars().count(), SAID + 1);
    }
}
