//! `Client`: the HTTP transport, one for any number of registries.
//!
//! One client keeps, for every host that it talks to, a connection pool, the tokens and the limit of requests under
//! way. Clones share all of it.
//!
//! * Loopback hosts are plain http; every other host is https unless it is named with
//!   [`plain_http`](ClientBuilder::plain_http). Certificates are always checked, except on hosts that are named with
//!   [`danger_accept_invalid_certificates`](ClientBuilder::danger_accept_invalid_certificates).
//! * No credential is sent to a host other than the registry's own, and the token server that it names.
//! * A connection may take 10 s, and a transfer may stand still for 60 s.
//! * A request that fails for a time is sent again, up to five times, or fifteen where it came too soon (429); `Retry-After`
//!   holds back every request to that host; a download that is cut goes on where it was cut, and an upload where the registry says that it was.

mod answer;
#[cfg(feature = "provider")]
pub(crate) mod api;
mod auth;
mod builder;
mod credentials;
mod deadline;
mod delete;
mod download;
mod exact;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host;
mod limit;
#[cfg(any(feature = "docker-hub", feature = "harbor"))]
pub(crate) mod login;
mod manifests;
mod pages;
mod ports;
mod profile;
mod proxies;
mod range;
mod rate_limit;
mod resolver;
mod retry_after;
mod send;
mod settings;
mod tries;
mod upload;
mod url_policy;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use lockage_tagging::{Host, Repository};

#[cfg(feature = "cloud")]
pub(crate) use auth::copy_of;
pub use builder::ClientBuilder;
#[cfg(feature = "ghcr")]
pub(crate) use delete::stand_in;

pub use credentials::{CredentialProvider, Credentials, DockerConfig, FirstOf, Login, Secret, StaticCredentials};
pub use profile::{Profile, TagDeletion};
pub use proxies::Proxies;
pub use rate_limit::RateLimit;
pub use url_policy::{Purpose, Trusted, UrlPolicy};

use crate::{Error, Result};
use host::HostState;
use settings::Settings;

/// Registries over HTTP (OCI distribution-spec 1.1), by reqwest and rustls.
///
/// ```no_run
/// use lockage_registry::{Reference, Source, TagOrDigest, client::Client};
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let image: Reference = "alpine:3.20".parse()?;
/// println!("{}", client.resolve(image.repository(), &TagOrDigest::of(&image)).await?.digest);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
    hosts: Arc<Mutex<HashMap<Host, Arc<HostState>>>>,
}

impl Client {
    /// A client with docker's defaults and no credentials, to be changed before it is built.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    fn with(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), hosts: Arc::default() }
    }

    /// What the registry said last of how many requests it will still take; `None` where it did not say.
    #[must_use]
    pub fn rate_limit(&self, host: &Host) -> Option<RateLimit> {
        self.known(host)?.rate_limit()
    }

    /// What kind of registry this is, as far as its name and its answers have shown.
    #[must_use]
    pub fn profile(&self, host: &Host) -> Profile {
        let told = || self.settings.profiles.get(host).copied().or_else(|| Profile::of_host(host));
        self.known(host).map(|known| known.profile()).or_else(told).unwrap_or(Profile::DISTRIBUTION)
    }

    /// How many requests may be under way to this host now: fewer than was set after a 429.
    #[must_use]
    pub fn concurrency(&self, host: &Host) -> usize {
        self.known(host).map_or(self.settings.concurrency, |known| known.limiter.limit())
    }

    fn known(&self, host: &Host) -> Option<Arc<HostState>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// What this client knows about the registry of `repo`.
    fn host(&self, repo: &Repository) -> Result<Arc<HostState>, Error> {
        self.state(repo.host())
    }

    fn state(&self, host: &Host) -> Result<Arc<HostState>, Error> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host) {
            return Ok(Arc::clone(known));
        }
        let state = Arc::new(HostState::new(host, &self.settings)?);
        hosts.insert(host.clone(), Arc::clone(&state));
        Ok(state)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("registries over http")
    }
}
