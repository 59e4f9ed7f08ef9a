//! Sinks over HTTP: CDEvents in CloudEvents, and a webhook with a signature.

use std::fmt;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Happening, Sink, SinkError, cdevents};
use crate::pipeline::http::{Answer, Api};

/// How a CloudEvent is sent (CloudEvents, "HTTP Protocol Binding", 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are these two for one event")]
pub enum Mode {
    /// Its context in headers, its data as the body.
    #[default]
    Binary,
    /// All of it as one JSON document.
    Structured,
}

/// Sends CDEvents as CloudEvents 1.0 to a URL, of which errors and `Debug` show no more than the host: its path may be a secret.
#[derive(Clone, Debug)]
#[must_use]
pub struct CloudEvents {
    place: Place,
    source: String,
    mode: Mode,
}

/// Posts what happens as JSON to a URL, with `X-Lockage-Event` and, by its secret, `X-Lockage-Signature-256: sha256=HEX`, which
/// is the HMAC-SHA256 of the body as in GitHub's webhooks. Of the URL errors and `Debug` show no more than the host: for many
/// chats its path is the secret.
#[derive(Clone)]
#[must_use]
pub struct Webhook {
    place: Place,
    secret: Vec<u8>,
}

/// Where somebody is told, all of which but the host may be secret.
#[derive(Clone)]
struct Place {
    api: Api,
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl Place {
    fn of(api: Api) -> Self {
        Self { api: api.secret(), segments: Vec::new(), query: Vec::new() }
    }

    async fn post(&self, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<Answer, SinkError> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let query: Vec<_> = self.query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let url = self.api.url(&segments, &query);
        Ok(self.api.call("POST", url, Some(body), headers).await?)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.fmt(f)
    }
}

impl CloudEvents {
    /// To what is below the base of `api`, in the name of `source`, a URI reference such as `https://ci.acme.example/lockage`.
    pub fn new(api: Api, source: impl Into<String>) -> Self {
        Self { place: Place::of(api), source: source.into(), mode: Mode::default() }
    }

    /// To these segments below the base.
    pub fn below<S: Into<String>>(self, segments: impl IntoIterator<Item = S>) -> Self {
        let segments = segments.into_iter().map(Into::into).collect();
        Self { place: Place { segments, ..self.place }, ..self }
    }

    /// With this query, of which each key and value is as it is.
    pub fn asking<S: Into<String>>(self, query: impl IntoIterator<Item = (S, S)>) -> Self {
        let query = query.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { place: Place { query, ..self.place }, ..self }
    }

    /// In this mode, in place of the binary one.
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    async fn send(&self, event: &Value) -> Result<(), SinkError> {
        let context =
            |name: &str| event.pointer(&format!("/context/{name}")).and_then(Value::as_str).unwrap_or_default();
        let subject = event.pointer("/subject/id").and_then(Value::as_str).unwrap_or_default();
        let answer = match self.mode {
            Mode::Binary => {
                let headers = [
                    ("ce-specversion", "1.0"),
                    ("ce-id", context("id")),
                    ("ce-source", context("source")),
                    ("ce-type", context("type")),
                    ("ce-time", context("timestamp")),
                    ("ce-subject", subject),
                    ("content-type", "application/json"),
                ];
                self.place.post(event.to_string().into_bytes(), &headers).await?
            }
            Mode::Structured => {
                let whole = json!({
                    "specversion": "1.0",
                    "id": context("id"),
                    "source": context("source"),
                    "type": context("type"),
                    "time": context("timestamp"),
                    "subject": subject,
                    "datacontenttype": "application/json",
                    "data": event,
                });
                let headers = [("content-type", "application/cloudevents+json; charset=utf-8")];
                self.place.post(whole.to_string().into_bytes(), &headers).await?
            }
        };
        taken(&answer)
    }
}

impl Webhook {
    /// To what is below the base of `api`. A secret that is empty signs nothing.
    pub fn new(api: Api, secret: impl Into<Vec<u8>>) -> Self {
        Self { place: Place::of(api), secret: secret.into() }
    }

    /// To these segments below the base.
    pub fn below<S: Into<String>>(self, segments: impl IntoIterator<Item = S>) -> Self {
        let segments = segments.into_iter().map(Into::into).collect();
        Self { place: Place { segments, ..self.place }, ..self }
    }

    /// With this query, of which each key and value is as it is.
    pub fn asking<S: Into<String>>(self, query: impl IntoIterator<Item = (S, S)>) -> Self {
        let query = query.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { place: Place { query, ..self.place }, ..self }
    }

    fn signature(&self, body: &[u8]) -> Result<String, SinkError> {
        use std::fmt::Write as _;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)?;
        mac.update(body);
        let mut text = "sha256=".to_owned();
        for byte in mac.finalize().into_bytes() {
            write!(text, "{byte:02x}")?;
        }
        Ok(text)
    }
}

fn taken(answer: &Answer) -> Result<(), SinkError> {
    match answer.status {
        200..=299 => Ok(()),
        status => Err(format!("it answered {status}").into()),
    }
}

#[async_trait]
impl Sink for CloudEvents {
    fn id(&self) -> &str {
        "cloudevents"
    }

    async fn tell(&self, happening: &Happening) -> Result<(), SinkError> {
        for event in cdevents(happening, &self.source) {
            self.send(&event).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Sink for Webhook {
    fn id(&self) -> &str {
        "webhook"
    }

    async fn tell(&self, happening: &Happening) -> Result<(), SinkError> {
        let body = serde_json::to_vec(happening)?;
        let signature = self.signature(&body)?;
        let mut headers = vec![("x-lockage-event", happening.word())];
        if !self.secret.is_empty() {
            headers.push(("x-lockage-signature-256", signature.as_str()));
        }
        taken(&self.place.post(body, &headers).await?)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("place", &self.place).finish_non_exhaustive()
    }
}
