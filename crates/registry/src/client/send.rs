//! Sending: one request with its authentication, its redirects and its permit.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::StreamExt as _;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::Purpose;
use super::answer::{self, Carried};
use super::auth::{Access, Authorization};
use super::deadline::{self, NoAnswer, Pulse};
use super::exact;
use super::host::HostState;
use crate::{Body, Error, ErrorKind, Result};

/// A registry sends a client to its storage in one hop; more than a few are a loop.
const MAX_REDIRECTS: usize = 5;

/// A request to a registry, and what it is for.
pub(super) struct Request<'a> {
    operation: &'static str,
    subject: String,
    method: Method,
    url: Url,
    headers: HeaderMap,
    access: Access,
    payload: Payload<'a>,
}

enum Payload<'a> {
    None,
    Bytes(Bytes),
    Body { body: Body<'a>, size: u64 },
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
        Self { operation, subject, method, url, headers: HeaderMap::new(), access, payload: Payload::None }
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

    pub(super) fn body(mut self, body: Body<'a>, size: u64) -> Self {
        self.payload = Payload::Body { body, size };
        self
    }

    /// An error about this request.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, &self.subject)
    }

    /// Sends it; the answer is a success.
    ///
    /// A request to the registry itself is authenticated; where it is answered 401 it is sent once more, with what
    /// the registry asked for, unless its body can be read only once.
    pub(super) async fn send(mut self, host: &Arc<HostState>) -> Result<Response> {
        let mut authorization = self.authorization(host).await?;
        let again = match &self.payload {
            Payload::None => Some(Payload::None),
            Payload::Bytes(bytes) => Some(Payload::Bytes(bytes.clone())),
            Payload::Body { body, size } => body.try_clone().map(|body| Payload::Body { body, size: *size }),
        };
        let mut response = self.once(host, authorization.as_ref()).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && host.policy.is_registry(&self.url)
            && host.tokens.learn(response.headers(), &self.access, authorization.as_ref())
            && let Some(payload) = again
        {
            let fresh = self.authorization(host).await?;
            if fresh.is_some() {
                self.payload = payload;
                authorization = fresh;
                drop(response);
                response = self.once(host, authorization.as_ref()).await?;
            }
        }
        if response.status().is_success() {
            return Ok(response);
        }
        Err(answer::refused(self.operation, &self.subject, self.method.as_str(), &self.url, response, host.stall).await)
    }

    /// Credentials are for the registry itself; a storage behind it gets none.
    async fn authorization(&self, host: &Arc<HostState>) -> Result<Option<Authorization>> {
        if !host.policy.is_registry(&self.url) {
            return Ok(None);
        }
        host.tokens.authorization(host, &self.access).await.map_err(|cause| self.error(cause.kind()).with_source(cause))
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
            url = host
                .policy
                .judge(Purpose::Redirect, &url, location)
                .map_err(|cause| self.error(cause.kind()).with_source(cause))?
                .url;
        }
        Err(self.error(ErrorKind::UrlRefused).with_message(format_args!("redirected more than {MAX_REDIRECTS} times")))
    }

    async fn exchange(
        &mut self,
        host: &Arc<HostState>,
        url: Url,
        authorization: Option<&Authorization>,
    ) -> Result<Response> {
        let mut request = host.http.request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization.header.clone());
        }
        let outcome = match std::mem::replace(&mut self.payload, Payload::None) {
            Payload::None => {
                if self.method == Method::POST || self.method == Method::PUT {
                    // Some registries want to be told that there is nothing.
                    request = request.header(CONTENT_LENGTH, 0);
                }
                let _permit = permit(host).await;
                deadline::answered(host.stall, request.send()).await
            }
            Payload::Bytes(bytes) => {
                let _permit = permit(host).await;
                deadline::answered(host.stall, request.body(bytes).send()).await
            }
            Payload::Body { body, size } => {
                // Opened before a permit is taken: the source may be this host, and must not wait for its own upload.
                let stream = exact::exactly(body.open(0).await?, size, &self.subject).await?;
                let _permit = permit(host).await;
                let pulse = Pulse::new();
                let stream = pulse.watch(stream).map(|chunk| chunk.map_err(Carried::new));
                let request = request.header(CONTENT_LENGTH, size).body(reqwest::Body::wrap_stream(stream));
                pulse.answered(host.stall, request.send()).await
            }
        };
        outcome.map_err(|why| self.no_answer(why))
    }

    fn no_answer(&self, why: NoAnswer) -> Error {
        answer::no_answer(self.operation, &self.subject, why)
    }
}

/// A place among the requests of this host; the limit is never closed.
async fn permit(host: &HostState) -> Option<tokio::sync::SemaphorePermit<'_>> {
    host.requests.acquire().await.ok()
}
