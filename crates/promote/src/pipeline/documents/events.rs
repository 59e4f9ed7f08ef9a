//! What a document says of events: who is told, where, and by which secret.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::outside::secret;
use super::values::duration;
use super::{GateProblem, Parameters, Surroundings};
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
        url: String,
        source: String,
        #[serde(default)]
        mode: WrittenMode,
        token_env: Option<String>,
    },
    Webhook {
        url: String,
        secret_env: Option<String>,
        token_env: Option<String>,
    },
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
    pub(super) fn read(parameters: &Parameters) -> Result<Self, GateProblem> {
        let (common, kind) = parameters.split(&["at-most", "name"]);
        let (Common { name, at_most }, kind) = (common.read()?, kind.read()?);
        let at_most = at_most.map(|text| duration("at-most", &text)).transpose()?;
        let (Kind::CloudEvents { url, .. } | Kind::Webhook { url, .. }) = &kind;
        place(url)?;
        Ok(Self { kind, name, at_most })
    }

    pub(super) fn add(&self, sinks: Sinks, surroundings: &Surroundings) -> Result<Sinks, GateProblem> {
        let api = |url: &str, variable: &Option<String>| {
            let token = secret(surroundings, "token-env", variable.as_deref())?.map(Token::bearer);
            let (origin, segments) = place(url)?;
            let api = Api::new(&origin, token).map_err(|error| GateProblem::parameters(format!("url: {error}")))?;
            Ok::<_, GateProblem>((api, segments))
        };
        let sink: Box<dyn Sink> = match &self.kind {
            Kind::CloudEvents { url, source, mode, token_env } => {
                let (api, segments) = api(url, token_env)?;
                let mode = match mode {
                    WrittenMode::Binary => Mode::Binary,
                    WrittenMode::Structured => Mode::Structured,
                };
                Box::new(CloudEvents::new(api, source).below(segments).mode(mode))
            }
            Kind::Webhook { url, secret_env, token_env } => {
                let (api, segments) = api(url, token_env)?;
                let secret = secret(surroundings, "secret-env", secret_env.as_deref())?;
                Box::new(Webhook::new(api, secret.unwrap_or_default()).below(segments))
            }
        };
        let name = self.name.clone().unwrap_or_else(|| sink.id().to_owned());
        Ok(sinks.sink(Named { name, sink }))
    }
}

/// The origin of a URL, and the segments of its path.
fn place(text: &str) -> Result<(String, Vec<String>), GateProblem> {
    let wrong = |why: String| GateProblem::parameters(format!("url: {why}"));
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("write https://HOST/PATH, without a user".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        // A secret in it would be in the document.
        return Err(GateProblem::Parameters {
            why: "url: it has a query, which is not sent".to_owned(),
            remedy: Some("Name a variable with the token by token-env, or the secret by secret-env.".to_owned()),
        });
    }
    let origin = url.origin().ascii_serialization();
    let mut segments: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
    if segments.iter().all(String::is_empty) {
        segments.clear();
    }
    Ok((origin, segments))
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
