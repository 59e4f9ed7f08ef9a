//! Sending: one request with its authentication, its redirects, its permit and its attempts.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::StreamExt as _;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::Purpose;
use super::answer::{self, Carried};
use super::auth::{Access, Authorization, may_have_expired, says_invalid};
use super::deadline::{self, NoAnswer, Pulse};
use super::exact;
use super::host::HostState;
use super::tries::Tries;
use crate::{Body, Error, ErrorKind, Result};

/// A registry sends a client to its storage in one hop; more than a few are a loop.
const MAX_REDIRECTS: usize = 5;

/// How often an attempt gets another authorization.
const MOST_RENEWALS: u32 = 2;

/// A request to a registry, and what it is for.
pub(super) struct Request<'a> {
    operation: &'static str,
    subject: String,
    method: Method,
    url: Url,
    headers: HeaderMap,
    access: Access,
    payload: Payload<'a>,
    counted: bool,
    placed: bool,
}

enum Payload<'a> {
    None,
    Bytes(Bytes),
    /// The `size` bytes of a body that follow its first `from`.
    Body {
        body: Body<'a>,
        from: u64,
        size: u64,
    },
}

impl<'a> Request<'a> {
    pub(super) fn new(
        operation: &'static str,
        subject: impl fmt::Display,
        method: Method,
        url: Url,
        access: Access,
    ) -> Self {
        let subject = subject.to_string();
        let (headers, payload) = (HeaderMap::new(), Payload::None);
        Self { operation, subject, method, url, headers, access, payload, counted: false, placed: false }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let value = HeaderValue::from_str(value).map_err(|_| {
            self.error(ErrorKind::Invalid).with_message(format_args!("{value:?} cannot be the value of {name}"))
        })?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(super) fn bytes(mut self, bytes: Bytes) -> Self {
        self.payload = Payload::Bytes(bytes);
        self
    }

    pub(super) fn body(mut self, body: Body<'a>, from: u64, size: u64) -> Self {
        self.payload = Payload::Body { body, from, size };
        self
    }

    /// It counts against the limit that the registry may have, so that it is not sent once what is left of that is to
    /// be kept.
    pub(super) fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Whoever sends it has a place among the downloads, and it takes no other: an upload that is fed by it may hold the
    /// last one.
    pub(super) fn placed(mut self) -> Self {
        self.placed = true;
        self
    }

    /// An error about this request.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, &self.subject)
    }

    /// Sends it, again where that may help; the answer is a success.
    ///
    /// A request whose body is streamed is sent once: only whoever opened its session can know where to go on.
    pub(super) async fn send(self, host: &Arc<HostState>) -> Result<Response> {
        self.tried(host, None).await.map(|(response, _)| response)
    }

    /// Sends it and reads the answer, at most `limit` bytes of it, again where that may help.
    pub(super) async fn fetch(self, host: &Arc<HostState>, limit: u64) -> Result<(HeaderMap, Bytes)> {
        self.tried(host, Some(limit)).await.map(|(response, bytes)| (response.headers().clone(), bytes))
    }

    async fn tried(mut self, host: &Arc<HostState>, limit: Option<u64>) -> Result<(Response, Bytes)> {
        let mut tries = Tries::new(host);
        loop {
            let again = match &self.payload {
                Payload::None => Some(Payload::None),
                Payload::Bytes(bytes) => Some(Payload::Bytes(bytes.clone())),
                Payload::Body { .. } => None,
            };
            match (self.whole(host, limit).await, again) {
                (Ok(answer), _) => return Ok(answer),
                (Err(error), None) => return Err(error),
                (Err(error), Some(payload)) => {
                    tries.after(error).await?;
                    self.payload = payload;
                }
            }
        }
    }

    /// One attempt, with as much of the answer's body as is wanted.
    async fn whole(&mut self, host: &Arc<HostState>, limit: Option<u64>) -> Result<(Response, Bytes)> {
        let mut response = self.attempt(host).await?;
        let bytes = match limit {
            None => Bytes::new(),
            Some(limit) => answer::collect(&mut response, limit, host.stall, self.operation, &self.subject).await?,
        };
        Ok((response, bytes))
    }

    /// One attempt. A request to the registry itself is authenticated; where it is answered 401, or that its token has
    /// expired, it is sent once more with what the registry asked for, unless its body can be read only once; and another
    /// time where the registry says that this was an old token, too: when all tokens end at once, the first that is at
    /// hand may be one that was got for another request.
    async fn attempt(&mut self, host: &Arc<HostState>) -> Result<Response> {
        if self.counted
            && let Some(left) = host.exhausted()
        {
            return Err(self
                .error(ErrorKind::RateLimited)
                .with_message(format_args!(
                    "the registry takes {} more requests, and those are to be kept",
                    left.remaining
                ))
                .given_up_after(1));
        }
        let mut authorization = self.authorization(host).await?;
        let mut renewals = 0;
        loop {
            let again = match &self.payload {
                Payload::None => Some(Payload::None),
                Payload::Bytes(bytes) => Some(Payload::Bytes(bytes.clone())),
                Payload::Body { body, from, size } => {
                    body.try_clone().map(|body| Payload::Body { body, from: *from, size: *size })
                }
            };
            let response = self.once(host, authorization.as_ref()).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let headers = response.headers().clone();
            let error = self.refused(host, response).await;
            let of_registry = host.policy.is_registry(&self.url);
            let may_differ = of_registry
                && (renewals == 0 || renewals < MOST_RENEWALS && says_invalid(&headers))
                && match (status, &authorization) {
                    (StatusCode::UNAUTHORIZED, used) => host.tokens.learn(&headers, &self.access, used.as_ref()),
                    (StatusCode::FORBIDDEN, Some(used)) if may_have_expired(&error, used) => {
                        host.tokens.expired(&self.access, used);
                        true
                    }
                    _ => false,
                };
            let final_word = |error| if of_registry { whose(authorization.as_ref(), error) } else { error };
            let (true, Some(payload)) = (may_differ, again) else { return Err(final_word(error)) };
            let Some(fresh) = self.authorization(host).await? else { return Err(final_word(error)) };
            (self.payload, authorization) = (payload, Some(fresh));
            renewals += 1;
        }
    }

    async fn refused(&self, host: &HostState, response: Response) -> Error {
        answer::refused(self.operation, &self.subject, self.method.as_str(), &self.url, response, host.stall).await
    }

    /// Credentials are for the registry itself; a storage behind it gets none.
    async fn authorization(&self, host: &Arc<HostState>) -> Result<Option<Authorization>> {
        if !host.policy.is_registry(&self.url) {
            return Ok(None);
        }
        host.tokens.authorization(host, &self.access).await.map_err(|cause| self.caused_by(cause))
    }

    /// An error about this request, as temporary as its cause.
    fn caused_by(&self, cause: Error) -> Error {
        let mut error = self.error(cause.kind());
        if let Some(after) = cause.retry_after() {
            error = error.with_retry_after(after);
        }
        if let Some(remedy) = cause.remedy() {
            error = error.with_remedy(remedy);
        }
        error.with_source(cause)
    }

    /// One exchange, redirects included.
    async fn once(&mut self, host: &Arc<HostState>, authorization: Option<&Authorization>) -> Result<Response> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let authorization = authorization.filter(|_| host.policy.is_registry(&url));
            let response = self.exchange(host, url.clone(), authorization).await?;
            let follow = response.status().is_redirection() && matches!(self.method, Method::GET | Method::HEAD);
            if !follow || response.status() == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let location = answer::text(response.headers(), LOCATION.as_str())
                .ok_or_else(|| self.error(ErrorKind::Protocol).with_message("redirected without a Location"))?;
            url = host.policy.judge(Purpose::Redirect, &url, location).map_err(|cause| self.caused_by(cause))?.url;
        }
        Err(self.error(ErrorKind::UrlRefused).with_message(format_args!("redirected more than {MAX_REDIRECTS} times")))
    }

    async fn exchange(
        &mut self,
        host: &Arc<HostState>,
        url: Url,
        authorization: Option<&Authorization>,
    ) -> Result<Response> {
        let of_registry = host.policy.is_registry(&url);
        let mut request = host.pool(&url).request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization.header.clone());
        }
        let (streamed, size) = match std::mem::replace(&mut self.payload, Payload::None) {
            Payload::None => {
                if self.method == Method::POST || self.method == Method::PUT {
                    // Some registries want to be told that there is nothing.
                    request = request.header(CONTENT_LENGTH, 0);
                }
                (None, 0)
            }
            Payload::Bytes(bytes) => {
                request = request.body(bytes);
                (None, 0)
            }
            // Opened before a permit is taken: the source may be this host, and must not wait for its own upload.
            Payload::Body { body, from, size } => {
                (Some(exact::exactly(body.open(from).await?, size, &self.subject).await?), size)
            }
        };
        let _permit = match self.placed {
            true => {
                host.limiter.pause().await;
                None
            }
            false => Some(host.limiter.request().await),
        };
        let sent = Instant::now();
        let outcome = match streamed {
            None => deadline::answered(host.stall, request.send()).await,
            Some(stream) => {
                let pulse = Pulse::new();
                let stream = pulse.watch(stream).map(|chunk| chunk.map_err(Carried::new));
                let request = request.header(CONTENT_LENGTH, size).body(reqwest::Body::wrap_stream(stream));
                pulse.answered(host.stall, request.send()).await
            }
        };
        let response = outcome.map_err(|why| self.no_answer(why))?;
        if of_registry {
            host.learn(response.headers());
        }
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => host.limiter.too_many(sent),
            status if status.is_success() => host.limiter.went_well(),
            _ => {}
        }
        Ok(response)
    }

    fn no_answer(&self, why: NoAnswer) -> Error {
        answer::no_answer(self.operation, &self.subject, why)
    }
}

/// The refusal of a registry, with whose login it has refused.
fn whose(used: Option<&Authorization>, error: Error) -> Error {
    match (error.kind(), used.map(Authorization::origin)) {
        (ErrorKind::Unauthorized, Some(Some(origin))) => {
            error.with_message(format_args!("not authorised with the credentials from {origin}"))
        }
        (ErrorKind::Unauthorized, _) => error.with_message("not authorised, and no credentials were found"),
        (ErrorKind::Denied, Some(Some(origin))) => {
            error.with_message(format_args!("the credentials from {origin} lack the right"))
        }
        _ => error,
    }
}
