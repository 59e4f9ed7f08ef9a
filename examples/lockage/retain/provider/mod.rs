//! Whose interface a registry is listed and deleted by: known by its host, or named.

mod address;
mod kind;
mod own;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_policy::apply::{Caps, Hosted, Plain, Remover};
use lockage_policy::retain::Capabilities;
use lockage_registry::inventory::{Inventory, Walk};
use lockage_registry::provider::Provider;
use lockage_registry::{Host, Registry, Remember, Repository};

use self::address::Address;
pub(crate) use self::kind::Kind;
use crate::clients::{self, Reach};
use crate::report::Failure;

#[derive(Clone, clap::Args)]
pub(crate) struct Interface {
    /// Whose registry it is, where its host does not say: what it is listed and deleted by. ghcr takes GITHUB_TOKEN, ecr the
    /// AWS_ variables, gitlab GITLAB_TOKEN or CI_JOB_TOKEN; harbor and docker-hub take the registry's own credentials.
    #[arg(long, value_enum, value_name = "KIND")]
    provider: Option<Kind>,

    /// Where its interface is, where it is elsewhere than usual. GITHUB_API_URL, AWS_ENDPOINT_URL_ECR and CI_API_V4_URL say
    /// so as well.
    #[arg(long, value_name = "URL")]
    provider_api: Option<Address>,

    /// Keep manifests in this folder, and read none twice: registries count what is read as pulls.
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
}

/// A registry, as it is listed and deleted from.
pub(crate) struct Hub {
    kind: Kind,
    /// Nothing says whose registry it is: it may be any that has the distribution API.
    is_any: bool,
    registry: Arc<dyn Registry>,
    own: Option<Arc<dyn Provider>>,
}

/// Registries that are not spoken to in one way.
#[derive(Debug)]
struct Several(BTreeMap<Host, Kind>);

impl fmt::Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(|(host, kind)| format!("{host} is {kind}")).collect();
        write!(f, "these registries are listed and deleted in different ways, take one at a time: {}", all.join(", "))
    }
}

impl Error for Several {}

/// The registry of these repositories.
pub(crate) fn hub<'a>(
    interface: &Interface,
    reach: &Reach,
    repositories: impl IntoIterator<Item = &'a Repository>,
) -> Result<Hub, Failure> {
    let kinds: BTreeMap<Host, Kind> = repositories
        .into_iter()
        .map(|repository| {
            let host = repository.host();
            // A directory that stands for a host has the distribution API alone.
            let known = if reach.is_layout(host) { Kind::Distribution } else { Kind::of_host(host) };
            (host.clone(), interface.provider.unwrap_or(known))
        })
        .collect();
    let mut each = kinds.iter();
    let (host, kind) = match (each.next(), each.next()) {
        (None, _) => (None, Kind::Distribution),
        (Some((host, kind)), None) => (Some(host), *kind),
        // Over the distribution API, one client serves any number of hosts.
        (Some((_, kind)), Some(_)) if !kind.is_own() && kinds.values().all(|other| other == kind) => (None, *kind),
        _ => return Err(Failure::usage(&Several(kinds))),
    };
    match host.filter(|_| kind.is_own()) {
        None => {
            let registry = remembered(clients::registries(reach, 8)?, interface.manifests.as_deref());
            let is_any = kind == Kind::Distribution
                && interface.provider.is_none()
                && kinds.keys().any(|host| !reach.is_layout(host));
            Ok(Hub { kind, is_any, registry, own: None })
        }
        Some(host) => own::own(kind, host, interface, reach),
    }
}

/// The same registry, of which manifests are kept in this folder.
fn remembered(registry: impl Registry + 'static, folder: Option<&Path>) -> Arc<dyn Registry> {
    match folder {
        Some(folder) => Arc::new(Remember::new(folder, registry)),
        None => Arc::new(registry),
    }
}

impl Hub {
    pub(crate) fn inventory(&self) -> Box<dyn Inventory> {
        match &self.own {
            Some(own) => Box::new(Arc::clone(own)),
            None => Box::new(Walk::new(Arc::clone(&self.registry))),
        }
    }

    /// What it is known to do.
    pub(crate) fn can(&self) -> Capabilities {
        let can = Capabilities::from(self.kind.caps());
        if self.is_any { can.unproven() } else { can }
    }

    /// What deletes there, and can do what `caps` says, or else what its kind can do.
    pub(crate) fn remover(&self, caps: Option<Caps>) -> Box<dyn Remover> {
        let caps = caps.unwrap_or(self.kind.caps());
        match &self.own {
            Some(own) => Box::new(Hosted::new(Arc::clone(own), caps)),
            None => Box::new(Plain::new(Arc::clone(&self.registry), Walk::new(Arc::clone(&self.registry)), caps)),
        }
    }
}
