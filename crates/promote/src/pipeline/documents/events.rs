//! What a document says of events: who is told, where, and by which secret.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::outside::secret;
use super::values::duration;
use super::{Parameters, Surroundings, TableProblem};
use crate::pipeline::events::{CloudEvents, Happening, Mode, Sink, SinkError, Sinks, Webhook};
use crate::pipeline::http::{Api, Token};

/// Somebody who is told.
#[derive(Clone, Debug)]
pub(super) struct EventRules {
    kind: Kind,
    name: Option<String>,
    pub(super) at_most: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Common {
    name: Option<String>,
    at_most: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", rename_all_fields = "kebab-case", tag = "kind", deny_unknown_fields)]
enum Kind {
    CloudEvents {
        url: Option<WrittenUrl>,
        url_env: Option<String>,
        source: String,
        #[serde(default)]
        mode: WrittenMode,
        token_env: Option<String>,
    },
    Webhook {
        url: Option<WrittenUrl>,
        url_env: Option<String>,
        secret_env: Option<String>,
        token_env: Option<String>,
    },
}

/// A URL, of which nobody is shown more than the host: its path may be a secret.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct WrittenUrl(String);

impl fmt::Debug for WrittenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = place(&self.0).map_or_else(|_| "no URL".to_owned(), |place| place.origin);
        write!(f, "{origin:?}")
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenMode {
    #[default]
    Binary,
    Structured,
}

/// A sink under the name that the document gives it.
#[derive(Debug)]
struct Named {
    name: String,
    sink: Box<dyn Sink>,
}

impl EventRules {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, TableProblem> {
        let (common, kind) = parameters.split(&["at-most", "name"]);
        let (Common { name, at_most }, kind) = (common.read()?, kind.read()?);
        let at_most = at_most.map(|text| duration("at-most", &text)).transpose()?;
        let (Kind::CloudEvents { url, url_env, .. } | Kind::Webhook { url, url_env, .. }) = &kind;
        match (url, url_env) {
            (Some(url), None) => url.place().map(drop)?,
            (None, Some(_)) => {}
            (Some(_), Some(_)) => return Err(TableProblem::parameters("write url or url-env, and not both")),
            (None, None) => return Err(TableProblem::parameters("it has neither url nor url-env")),
        }
        Ok(Self { kind, name, at_most })
    }

    pub(super) fn add(&self, sinks: Sinks, surroundings: &Surroundings) -> Result<Sinks, TableProblem> {
        let (Kind::CloudEvents { url, url_env, token_env, .. } | Kind::Webhook { url, url_env, token_env, .. }) =
            &self.kind;
        let token = secret(surroundings, "token-env", token_env.as_deref())?.map(Token::bearer);
        let Place { origin, segments, query } = match (url, secret(surroundings, "url-env", url_env.as_deref())?) {
            (Some(url), _) => url.place()?,
            (None, Some(url)) => place(url.trim())?,
            (None, None) => return Err(TableProblem::parameters("url-env: no variables are read here")),
        };
        let api = Api::new(&origin, token).map_err(|error| TableProblem::parameters(format!("url: {error}")))?;
        let sink: Box<dyn Sink> = match &self.kind {
            Kind::CloudEvents { source, mode, .. } => {
                let mode = match mode {
                    WrittenMode::Binary => Mode::Binary,
                    WrittenMode::Structured => Mode::Structured,
                };
                Box::new(CloudEvents::new(api, source).below(segments).asking(query).mode(mode))
            }
            Kind::Webhook { secret_env, .. } => {
                let secret = secret(surroundings, "secret-env", secret_env.as_deref())?;
                Box::new(Webhook::new(api, secret.unwrap_or_default()).below(segments).asking(query))
            }
        };
        let name = self.name.clone().unwrap_or_else(|| sink.id().to_owned());
        Ok(sinks.sink(Named { name, sink }))
    }
}

/// A URL in its parts.
struct Place {
    origin: String,
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl WrittenUrl {
    fn place(&self) -> Result<Place, TableProblem> {
        let place = place(&self.0)?;
        if !place.query.is_empty() {
            // A secret in it would be in the document.
            return Err(TableProblem::Parameters {
                why: "url: it has a query, which is not sent".to_owned(),
                remedy: Some(
                    "Name a variable with the whole URL by url-env, or with the token by token-env.".to_owned(),
                ),
            });
        }
        Ok(place)
    }
}

/// What a URL says; nothing of it is in an error.
fn place(text: &str) -> Result<Place, TableProblem> {
    let wrong = |why: String| TableProblem::parameters(format!("url: {why}"));
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("write https://HOST/PATH, without a user".to_owned()));
    }
    if url.fragment().is_some() {
        return Err(wrong("it has a fragment, which is not sent".to_owned()));
    }
    let origin = url.origin().ascii_serialization();
    let mut segments: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
    if segments.iter().all(String::is_empty) {
        segments.clear();
    }
    Ok(Place { origin, segments, query: url.query_pairs().into_owned().collect() })
}

#[async_trait]
impl Sink for Named {
    fn id(&self) -> &str {
        &self.name
    }

    async fn tell(&self, happening: &Happening) -> Result<(), SinkError> {
        self.sink.tell(happening).await
    }
}
