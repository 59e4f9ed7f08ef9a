//! `Api`: a registry's own interface beside the distribution API, over the same pools, limits, retries and rules.
#![allow(dead_code, reason = "each provider uses what it needs of this")]

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use lockage_tagging::{Host, Repository};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::answer;
use super::deadline;
use super::host::HostState;
use super::pages;
pub(crate) use super::pages::Followed;
use super::tries::Tries;
use super::{Client, Credentials, Secret};
use crate::{Answer, Error, ErrorKind, OciError, Result};

/// The largest answer that is read, in bytes, unless said otherwise.
const LIMIT: u64 = 64 * 1024 * 1024;

/// A host that answers JSON to requests of one kind.
#[derive(Clone)]
pub(crate) struct Api {
    host: Arc<HostState>,
    /// The largest answer that is read, in bytes.
    limit: u64,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) subject: String,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Bytes,
}

/// A success.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How often it was sent until this came. What an earlier attempt did may be its doing.
    pub(crate) attempts: u32,
}

/// What an answer that is no success says, in the words of its interface.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) remedy: Option<String>,
    /// In place of what `Retry-After` says.
    pub(crate) retry_after: Option<std::time::Duration>,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, code: None, message: None, remedy: None, retry_after: None }
    }
}

/// How an interface is spoken to.
#[async_trait::async_trait]
pub(crate) trait Dialect: Sync {
    /// What goes with an attempt: its authorization above all. It may wait for its turn.
    async fn headers(&self, call: &Call) -> Result<HeaderMap>;

    /// What a refusal means.
    fn refusal(&self, call: &Call, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal;
}

impl Client {
    /// The interface at this host, which shares its limits with all other requests to it.
    pub(crate) fn api(&self, host: &Host) -> Result<Api> {
        Ok(Api { host: self.state(host)?, limit: LIMIT })
    }
}

impl Api {
    /// The scheme and authority, with the path `/`.
    pub(crate) fn root(&self) -> Url {
        self.host.root()
    }

    /// The same, which reads no answer larger than this many bytes.
    pub(crate) fn at_most(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// What the client is logged in with there.
    pub(crate) async fn credentials(&self, repo: &Repository) -> Result<Option<Credentials>> {
        self.host.credentials.credentials(repo).await
    }

    /// The page that an answer names, on this host and other than those that were followed.
    pub(crate) fn follow(&self, page: &Url, target: &str, followed: &mut Followed) -> Result<Url> {
        pages::follow(&self.host, page, target, followed)
    }

    /// The next page of a list, on this host and other than those that were followed.
    pub(crate) fn next(&self, page: &Url, reply: &Reply, followed: &mut Followed) -> Result<Option<Url>> {
        pages::next_page(&self.host, page, &reply.headers, followed)
    }

    /// Sends it, again where that may help. No redirect is followed: the authorization is for this host.
    pub(crate) async fn send(&self, call: &Call, dialect: &dyn Dialect) -> Result<Reply> {
        let mut tries = Tries::new(&self.host);
        loop {
            match self.attempt(call, dialect).await {
                Ok(reply) => return Ok(Reply { attempts: tries.failed().saturating_add(1), ..reply }),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    async fn attempt(&self, call: &Call, dialect: &dyn Dialect) -> Result<Reply> {
        let host = &self.host;
        let headers = dialect.headers(call).await?;
        let mut request = host.pool(&call.url).request(call.method.clone(), call.url.clone()).headers(headers);
        if call.method == Method::POST || !call.body.is_empty() {
            request = request.body(call.body.clone());
        }
        let _permit = host.limiter.request().await;
        let sent = Instant::now();
        let answered = deadline::answered(host.stall, request.send()).await;
        let mut response = answered.map_err(|why| answer::no_answer(call.operation, &call.subject, why))?;
        host.learn(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            answer::collect(&mut response, self.limit, host.stall, call.operation, call.subject.as_str()).await?;
        if status.is_success() {
            host.limiter.went_well();
            return Ok(Reply { headers, body, attempts: 1 });
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            host.limiter.too_many(sent);
        }
        Err(call.refused(status, &headers, &body, dialect))
    }
}

impl Call {
    /// An error about this request.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, &self.subject)
    }

    /// The document in an answer.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        serde_json::from_slice(&reply.body).map_err(|e| {
            self.error(ErrorKind::Protocol).with_message("the answer is not what the interface promises").with_source(e)
        })
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], dialect: &dyn Dialect) -> Error {
        if status.is_redirection() {
            return self.error(ErrorKind::UrlRefused).with_message("it has moved, and its redirects are not followed");
        }
        let refusal = dialect.refusal(self, status.as_u16(), headers, body);
        let mut answer = Answer::new(self.method.as_str(), answer::without_query(&self.url), status.as_u16());
        answer.request_id = answer::request_id(headers);
        if let Some(code) = refusal.code {
            answer.errors = vec![OciError { code, message: String::new() }];
        }
        let mut error = self.error(refusal.kind).with_answer(answer);
        if let Some(message) = refusal.message {
            error = error.with_message(message);
        }
        if let Some(remedy) = refusal.remedy {
            error = error.with_remedy(remedy);
        }
        match refusal.retry_after.or_else(|| answer::retry_after(headers)) {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }
}

/// A header that no log shows.
pub(crate) fn sensitive(value: &Secret) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
        Error::new(ErrorKind::Credentials, "use", "a token").with_message("it holds characters that no header may")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A header whose value is known to be text, or an error about the request.
pub(crate) fn insert(headers: &mut HeaderMap, call: &Call, name: HeaderName, value: &str) -> Result<()> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| call.error(ErrorKind::Invalid).with_message(format_args!("{name} cannot have such a value")))?;
    headers.insert(name, value);
    Ok(())
}

/// A header as text, where it is there and is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    answer::text(headers, name)
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("root", &self.root().as_str()).finish()
    }
}
