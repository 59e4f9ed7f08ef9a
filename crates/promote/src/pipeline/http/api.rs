//! `Api`: requests to one origin, and their failures by kind.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LINK, RETRY_AFTER};
use reqwest::{Certificate, Client, Method, StatusCode, redirect};
use url::Url;

use super::Token;
use crate::pipeline::vcs::{VcsError, VcsErrorKind};

/// The largest answer that is read, in bytes.
const LIMIT: usize = 16 * 1024 * 1024;

/// How many pages are read of a list.
const PAGES: usize = 100;

/// One API: its base URL, and a token that is sent there and nowhere else.
///
/// Redirects are not followed, and pages of another origin are refused. Connecting may take ten seconds, an answer thirty.
#[derive(Clone)]
pub struct Api {
    base: Url,
    token: Option<Token>,
    http: Client,
    accept: &'static str,
    is_secret: bool,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Api {
    /// An API below a URL: `https://api.github.com`, `https://gitlab.example/api/v4`.
    ///
    /// # Errors
    /// What is no URL of `https` or `http`, has credentials in it, or would send a token over `http` to another machine.
    pub fn new(base: &str, token: Option<Token>) -> Result<Self, VcsError> {
        Self::build(base, token, None)
    }

    /// The same, with the certificates of this PEM file as the only ones that are trusted: a cluster's `ca.crt`.
    ///
    /// # Errors
    /// As [`new`](Self::new), and what is no PEM file of certificates.
    pub fn trusting(base: &str, token: Option<Token>, pem: &[u8]) -> Result<Self, VcsError> {
        Self::build(base, token, Some(pem))
    }

    fn build(base: &str, token: Option<Token>, pem: Option<&[u8]>) -> Result<Self, VcsError> {
        let refused = |why: &str| VcsError::new(VcsErrorKind::Refused, "use an API").because(why);
        let mut base = Url::parse(base).map_err(|error| refused(&error.to_string()))?;
        if !matches!(base.scheme(), "https" | "http") || base.cannot_be_a_base() {
            return Err(refused("its URL begins neither with https:// nor with http://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(refused("its URL has credentials; give them as a token"));
        }
        if base.scheme() == "http" && token.is_some() && !is_loopback(&base) {
            return Err(refused("a token is not sent over http to another machine"));
        }
        base.set_query(None);
        base.set_fragment(None);
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        let mut http = Client::builder();
        if let Some(pem) = pem {
            let roots = Certificate::from_pem_bundle(pem).map_err(|error| refused(&error.to_string()))?;
            if roots.is_empty() {
                return Err(refused("there is no certificate to trust"));
            }
            http = http.tls_certs_only(roots);
        }
        let http = http
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .user_agent(concat!("lockage/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Self { base, token, http, accept: "application/json", is_secret: false })
    }

    pub(crate) fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// The same where whoever knows its path can write to it: no path of it is in an error or in `Debug`.
    pub(crate) fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// What an error calls a request.
    fn what(&self, method: &str, url: &Url) -> String {
        match self.is_secret {
            true => format!("{method} {}", url.origin().ascii_serialization()),
            false => what(url).replacen("GET", method, 1),
        }
    }

    /// The URL below the base of these segments, each as it is, and a query.
    pub(crate) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// One GET below the base, whatever its answer says: its status and its body, for those who know what each means.
    ///
    /// # Errors
    /// Where nobody answers in time, and where an answer has more than 16 MiB.
    pub async fn read(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<(u16, Vec<u8>), VcsError> {
        let answer = self.call("GET", self.url(segments, query), None, &[]).await?;
        Ok((answer.status, answer.body))
    }

    /// One answer.
    pub(crate) async fn get(&self, url: Url) -> Result<Vec<u8>, VcsError> {
        Ok(self.answer(&url).await?.0)
    }

    /// All pages of a list, each by the `Link` of the one before (RFC 8288).
    pub(crate) async fn pages(&self, url: Url) -> Result<Vec<Vec<u8>>, VcsError> {
        let (mut pages, mut next) = (Vec::new(), Some(url));
        while let Some(url) = next {
            if pages.len() == PAGES {
                return Err(VcsError::new(VcsErrorKind::TooMuch, what(&url)).because(format!("{PAGES} pages")));
            }
            let (body, headers) = self.answer(&url).await?;
            pages.push(body);
            next = self.next(&url, &headers)?;
        }
        Ok(pages)
    }

    fn next(&self, url: &Url, headers: &HeaderMap) -> Result<Option<Url>, VcsError> {
        let unreadable = |why: &str| VcsError::new(VcsErrorKind::Unreadable, what(url)).because(why);
        for value in headers.get_all(LINK) {
            let text = value.to_str().map_err(|_| unreadable("its Link is no text"))?;
            for link in text.split(',') {
                let Some((target, parameters)) = link.trim().strip_prefix('<').and_then(|rest| rest.split_once('>'))
                else {
                    continue;
                };
                let is_next = |one: &str| matches!(one.trim(), r#"rel="next""# | "rel=next");
                if !parameters.split(';').any(is_next) {
                    continue;
                }
                let next = url.join(target).map_err(|_| unreadable("its next page is no URL"))?;
                // The token goes along, so it has to be the same API.
                return match next.origin() == self.base.origin() {
                    true => Ok(Some(next)),
                    false => Err(unreadable("its next page is elsewhere")),
                };
            }
        }
        Ok(None)
    }

    /// One request, and its answer whatever its status is: for those who know what each means. `body` is JSON.
    pub(crate) async fn call(
        &self,
        method: &str,
        url: Url,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, VcsError> {
        let failed = |kind| VcsError::new(kind, self.what(method, &url));
        let own =
            Method::from_bytes(method.as_bytes()).map_err(|error| failed(VcsErrorKind::Refused).because(error))?;
        let mut request = self.http.request(own, url.clone()).header(ACCEPT, self.accept);
        if let Some(token) = &self.token {
            let header =
                token.header().ok_or_else(|| failed(VcsErrorKind::Unauthorized).because("the token is no header"))?;
            request = request.header(header.0, header.1);
        }
        if let Some(body) = body {
            request = request.body(body);
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                request = request.header(CONTENT_TYPE, "application/json");
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let unreachable =
            |error: reqwest::Error| failed(VcsErrorKind::Unreachable).because(chain(&error.without_url()));
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, mut body) = (response.status().as_u16(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(failed(VcsErrorKind::TooMuch).because(format!("more than {LIMIT} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    async fn answer(&self, url: &Url) -> Result<(Vec<u8>, HeaderMap), VcsError> {
        let failed = |kind| VcsError::new(kind, what(url));
        let mut request = self.http.get(url.clone()).header(ACCEPT, self.accept);
        if let Some(token) = &self.token {
            let header =
                token.header().ok_or_else(|| failed(VcsErrorKind::Unauthorized).because("the token is no header"))?;
            request = request.header(header.0, header.1);
        }
        let unreachable =
            |error: reqwest::Error| failed(VcsErrorKind::Unreachable).because(chain(&error.without_url()));
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(failed(VcsErrorKind::TooMuch).because(format!("more than {LIMIT} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK {
            return Ok((body, headers));
        }
        let error = VcsError { retry_after: retry_after(&headers), ..failed(kind(status, &headers)) };
        Err(error.because(format!("{}{}", status.as_u16(), message(&body))))
    }
}

fn kind(status: StatusCode, headers: &HeaderMap) -> VcsErrorKind {
    let is_used_up = headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0");
    match status.as_u16() {
        401 => VcsErrorKind::Unauthorized,
        // GitHub, "Rate limits for the REST API": 403 or 429, with one of the two headers.
        403 if is_used_up || headers.contains_key(RETRY_AFTER) => VcsErrorKind::RateLimited,
        403 => VcsErrorKind::Denied,
        404 | 410 => VcsErrorKind::NotFound,
        429 => VcsErrorKind::RateLimited,
        300..=399 => VcsErrorKind::Moved,
        400..=499 => VcsErrorKind::Refused,
        500..=599 => VcsErrorKind::Unavailable,
        _ => VcsErrorKind::Unreadable,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// What the API says of it, in a line: `message` at GitHub, `message` or `error` at GitLab.
fn message(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Said {
        message: Option<serde_json::Value>,
        error: Option<String>,
    }
    let Ok(said) = serde_json::from_slice::<Said>(body) else { return String::new() };
    let text = match (said.message, said.error) {
        (Some(serde_json::Value::String(text)), _) | (None, Some(text)) => text,
        (Some(other), _) => other.to_string(),
        (None, None) => return String::new(),
    };
    let line: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    format!(" {line}")
}

/// A method and a URL without its query, which may hold what is nobody's business.
fn what(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    format!("GET {shown}")
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        text = format!("{text}: {below}");
        source = below.source();
    }
    text
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.base.origin().ascii_serialization();
        let base = if self.is_secret { &origin } else { self.base.as_str() };
        f.debug_struct("Api").field("base", &base).field("token", &self.token).finish_non_exhaustive()
    }
}
