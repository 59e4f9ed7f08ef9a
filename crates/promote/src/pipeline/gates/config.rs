//! `ImageConfigGate`: how the image would run, read from each platform's config.

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Content, Descriptor, RawManifest, Repository, Source, SourceExt as _, TagOrDigest, media_type};
use serde_json::json;

use super::rules::{Config, Rule, port};
use super::{judged, platforms};
use crate::pipeline::PinnedPlatform;
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// The largest config that is read, in bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

const AT_ONCE: usize = 8;

/// Holds the config of every platform to rules, without running anything. All rules that are broken are told, for all
/// platforms. Two requests a platform.
///
/// ```
/// use lockage_promote::pipeline::gates::ImageConfigGate;
/// let gate = ImageConfigGate::new().non_root().entrypoint().label("org.opencontainers.image.source").no_env("*_TOKEN");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ImageConfigGate {
    id: String,
    rules: Vec<Rule>,
}

impl Default for ImageConfigGate {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageConfigGate {
    /// No rules yet.
    pub fn new() -> Self {
        Self { id: "config".to_owned(), rules: Vec::new() }
    }

    /// Gives the gate another name than `config`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// It runs as a user whose number is not 0.
    pub fn non_root(self) -> Self {
        self.non_root_or(std::iter::empty::<String>())
    }

    /// The same; users of these names are known not to be root.
    pub fn non_root_or<I: Into<String>>(self, named: impl IntoIterator<Item = I>) -> Self {
        self.rule(Rule::NonRoot { named: named.into_iter().map(Into::into).collect() })
    }

    /// It runs as this user: `65532`, or with its group `65532:65532`.
    pub fn user(self, user: impl Into<String>) -> Self {
        self.rule(Rule::User(user.into()))
    }

    /// It has an entrypoint.
    pub fn entrypoint(self) -> Self {
        self.rule(Rule::Entrypoint)
    }

    /// It has this label, and it is not empty.
    pub fn label(self, name: impl Into<String>) -> Self {
        self.rule(Rule::Label { name: name.into(), value: None })
    }

    /// It has this label with this value.
    pub fn label_is(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rule(Rule::Label { name: name.into(), value: Some(value.into()) })
    }

    /// It exposes no other ports than these: `8080`, `53/udp`.
    pub fn only_ports<I: AsRef<str>>(self, ports: impl IntoIterator<Item = I>) -> Self {
        self.rule(Rule::OnlyPorts(ports.into_iter().map(|one| port(one.as_ref())).collect()))
    }

    /// It does not expose this port.
    pub fn no_port(self, forbidden: impl AsRef<str>) -> Self {
        self.rule(Rule::NoPort(port(forbidden.as_ref())))
    }

    /// It sets no variable of this name: `PASSWORD`, `AWS_*`, `*_TOKEN`. Values are never shown.
    pub fn no_env(self, name: impl Into<String>) -> Self {
        self.rule(Rule::NoEnv(name.into()))
    }

    fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

#[async_trait]
impl Gate for ImageConfigGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        if self.rules.is_empty() {
            return Err("there are no rules to hold it to".into());
        }
        let (repo, platforms) = platforms(context)?;
        let read = platforms.iter().cloned().map(|one| async move {
            let config = config(context.source, repo, &one).await?.config.unwrap_or_default();
            let broken = self.rules.iter().filter_map(|rule| rule.broken(&config));
            Ok::<Vec<String>, GateError>(broken.map(|why| format!("{}: {why}", one.platform)).collect())
        });
        let reasons: Vec<Vec<String>> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        let configs: Vec<_> = platforms.iter().map(|one| &one.config).collect();
        let rules = crate::human::Many(self.rules.len(), "rule");
        Ok(judged(reasons, || {
            let summary = format!("{rules} on {}", crate::human::Many(configs.len(), "platform"));
            Evidence::new(summary).with_details(json!({ "configs": configs }))
        }))
    }
}

/// The config of one platform: that which its manifest names, by digest.
async fn config(source: &dyn Source, repo: &Repository, one: &PinnedPlatform) -> Result<Config, GateError> {
    let raw = source.manifest(repo, &TagOrDigest::Digest(one.manifest.clone())).await?;
    let raw = RawManifest::verified(raw.media_type(), raw.bytes().clone(), &one.manifest)?;
    let config: Descriptor = match raw.view()?.content {
        Content::Image { config, .. } => *config,
        _ => return Err(format!("{} is no image", one.manifest).into()),
    };
    let kind = media_type::essence(&config.media_type);
    if !matches!(kind, media_type::OCI_CONFIG | "application/vnd.docker.container.image.v1+json") {
        return Err(format!("the config of {} is a {kind}, which says nothing of how it runs", one.manifest).into());
    }
    let bytes = source.read_blob(repo, &config, LIMIT).await?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} is no config: {error}", config.digest).into())
}
