//! What an image's config says (OCI image-spec, config.md), and the rules that it is held to. No I/O.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The fields that rules are about.
#[derive(Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) config: Option<RunConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RunConfig {
    user: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    exposed_ports: Option<BTreeMap<String, serde::de::IgnoredAny>>,
    env: Option<Vec<String>>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    NonRoot { named: Vec<String> },
    User(String),
    Entrypoint,
    Label { name: String, value: Option<String> },
    OnlyPorts(Vec<String>),
    NoPort(String),
    NoEnv(String),
}

impl Rule {
    /// What is wrong with `config` by this rule.
    pub(super) fn broken(&self, config: &RunConfig) -> Option<String> {
        let user = config.user.as_deref().unwrap_or_default();
        match self {
            Self::NonRoot { named } => root(user, named),
            Self::User(wanted) => {
                let (id, _) = user.split_once(':').unwrap_or((user, ""));
                let is_it = if wanted.contains(':') { user == wanted } else { id == wanted };
                (!is_it).then(|| format!("it runs as {}, and not as {wanted}", shown(user)))
            }
            Self::Entrypoint => {
                let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
                match (some(&config.entrypoint), some(&config.cmd)) {
                    (true, _) => None,
                    (false, true) => Some("it has a command and no entrypoint".to_owned()),
                    (false, false) => Some("it has no entrypoint".to_owned()),
                }
            }
            Self::Label { name, value } => {
                let held = config.labels.as_ref().and_then(|labels| labels.get(name));
                match (held.filter(|held| !held.trim().is_empty()), value) {
                    (None, _) => Some(format!("it has no label {name}")),
                    (Some(held), Some(value)) if held != value => {
                        Some(format!("its label {name} is {held:?}, and not {value:?}"))
                    }
                    _ => None,
                }
            }
            Self::OnlyPorts(allowed) => {
                let others: Vec<_> = ports(config).filter(|port| !allowed.contains(port)).collect();
                (!others.is_empty()).then(|| format!("it exposes {}", others.join(", ")))
            }
            Self::NoPort(port) => ports(config).any(|one| one == *port).then(|| format!("it exposes {port}")),
            Self::NoEnv(pattern) => {
                let names = config.env.iter().flatten().map(|one| one.split_once('=').map_or(one.as_str(), |(n, _)| n));
                // Never the value: it may be the very secret that should not be there.
                let found: Vec<_> = names.filter(|name| matches(pattern, name)).collect();
                (!found.is_empty()).then(|| format!("it sets {}", found.join(", ")))
            }
        }
    }
}

/// Kubernetes' rule (`runAsNonRoot`): a name may be root's, as only the image's passwd can tell.
fn root(user: &str, named: &[String]) -> Option<String> {
    let (name, _) = user.split_once(':').unwrap_or((user, ""));
    match name.parse::<u64>() {
        Ok(0) => Some("it runs as root".to_owned()),
        Ok(_) => None,
        Err(_) if name.is_empty() || name == "root" => Some("it runs as root".to_owned()),
        Err(_) if named.iter().any(|known| known == name) => None,
        Err(_) => Some(format!("it runs as {name:?}, which may be root: only a number tells")),
    }
}

fn shown(user: &str) -> &str {
    if user.is_empty() { "root" } else { user }
}

/// `8080` and `8080/tcp` are one port.
pub(super) fn port(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    if text.contains('/') { text } else { format!("{text}/tcp") }
}

fn ports(config: &RunConfig) -> impl Iterator<Item = String> {
    config.exposed_ports.iter().flatten().map(|(name, _)| port(name))
}

/// A name, or a beginning or an end of one: `AWS_*`, `*_TOKEN`. Case does not matter.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_uppercase(), name.to_ascii_uppercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), Some(_)) => name.contains(end.strip_suffix('*').unwrap_or(end)),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}
