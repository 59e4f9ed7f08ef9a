//! `Service`: a host that gives tokens for tokens, asked over https.

use async_trait::async_trait;
use bytes::Bytes;
use lockage_tagging::Host;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use crate::client::api::{self, Api, Call, Dialect, Refusal};
use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result, json};

/// The largest answer that is read, in bytes.
pub(super) const LIMIT: u64 = 64 * 1024;

/// One host.
#[derive(Clone, Debug)]
pub(super) struct Service(Api);

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) operation: &'static str,
    pub(super) subject: String,
    pub(super) url: Url,
    pub(super) body: Body,
    /// Shown as a bearer token.
    pub(super) bearer: Option<&'a Secret>,
    /// What no error repeats, beside the bearer token.
    pub(super) hidden: &'a [&'a Secret],
    /// What a refusal means.
    pub(super) refusal: fn(u16, &[u8]) -> Refusal,
}

/// What is sent.
pub(super) enum Body {
    /// Nothing: a GET.
    None,
    /// A form: a POST.
    Form(Vec<(&'static str, String)>),
    /// A document: a POST.
    Json(serde_json::Value),
}

impl Service {
    /// The service at a host, through the pools and limits of `client`.
    pub(super) fn new(client: &Client, host: &Host) -> Result<Self> {
        let api = client.api(host)?.at_most(LIMIT);
        if api.root().scheme() != "https" && !host.is_loopback() {
            return Err(insecure(host.as_str()));
        }
        Ok(Self(api))
    }

    /// The service that this URL is at, with the URL itself.
    pub(super) fn of_url(client: &Client, what: &'static str, text: &str) -> Result<(Self, Url)> {
        // The text itself may carry a secret in its query.
        let bad = |why| Error::new(ErrorKind::Configuration, "read", what).with_message(why);
        let url = Url::parse(text).map_err(|_| bad("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it carries a user name"));
        }
        let name = url.host_str().ok_or_else(|| bad("it names no host"))?;
        let authority = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let host: Host = authority.parse().map_err(|_| bad("it names no host that can be asked"))?;
        if url.scheme() != "https" && !(url.scheme() == "http" && host.is_loopback()) {
            return Err(insecure(what));
        }
        Ok((Self::new(client, &host)?, url))
    }

    /// The URL of a path there.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.0.root();
        url.set_path(path);
        url
    }

    /// Asks, again where that may help, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, question: Question<'_>) -> Result<T> {
        let (method, body): (_, Bytes) = match &question.body {
            Body::None => (Method::GET, Bytes::new()),
            Body::Form(fields) => {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                (Method::POST, form.into())
            }
            Body::Json(document) => (Method::POST, document.to_string().into()),
        };
        let (operation, subject, url) = (question.operation, question.subject.clone(), question.url.clone());
        let call = Call { operation, subject, method, url, body };
        let reply = self.0.send(&call, &question).await?;
        read(&call, &reply.body)
    }
}

/// The document in an answer. The parser's own words could repeat a part of a token.
pub(super) fn read<T: DeserializeOwned>(call: &Call, body: &[u8]) -> Result<T> {
    json::document(body).map_err(|_| {
        call.error(ErrorKind::Protocol).with_message("the answer is not the one with a token that is promised")
    })
}

fn insecure(subject: &str) -> Error {
    Error::new(ErrorKind::Configuration, "exchange tokens with", subject)
        .with_message("tokens are sent over https, and to nobody over plain http")
        .with_remedy("Name the service with https.")
}

#[async_trait]
impl Dialect for Question<'_> {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        api::insert(&mut headers, call, ACCEPT, "application/json")?;
        match self.body {
            Body::None => {}
            Body::Form(_) => api::insert(&mut headers, call, CONTENT_TYPE, "application/x-www-form-urlencoded")?,
            Body::Json(_) => api::insert(&mut headers, call, CONTENT_TYPE, "application/json")?,
        }
        if let Some(token) = self.bearer {
            headers.insert(AUTHORIZATION, api::sensitive(&Secret::new(format!("Bearer {}", token.expose())))?);
        }
        Ok(headers)
    }

    fn refusal(&self, _call: &Call, status: u16, _headers: &HeaderMap, body: &[u8]) -> Refusal {
        let refusal = (self.refusal)(status, body);
        let message = refusal.message.map(|said| {
            let secrets = self.hidden.iter().copied().chain(self.bearer);
            redacted(&secrets.fold(said, |said, secret| said.replace(secret.expose(), "<token>")))
        });
        Refusal { message, ..refusal }
    }
}

/// The text without what looks like a token: a service may repeat a part of what it was sent.
fn redacted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, token)) = rest.split_once("eyJ") {
        shown.push_str(before);
        shown.push_str("<token>");
        rest = token.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_.+/=".contains(c));
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_token_is_not_repeated() {
        for (said, shown) in [
            ("no token", "no token"),
            ("the token 'eyJhbGciOi.eyJpc3M_-i.c2ln' is bad", "the token '<token>' is bad"),
            ("eyJ", "<token>"),
            ("eyJa eyJb", "<token> <token>"),
        ] {
            assert_eq!(redacted(said), shown);
        }
    }
}
