//! `ClientBuilder`: the settings of a client; a bad one is an error, never a fallback.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lockage_tagging::Host;

use super::{Client, CredentialProvider, DockerConfig, StaticCredentials};
use crate::{Error, ErrorKind, RawManifest, Result};

/// Settings for a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder(Settings);

/// What every host of a client shares.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) credentials: Arc<dyn CredentialProvider>,
    pub(super) plain: BTreeSet<Host>,
    pub(super) tls: BTreeSet<Host>,
    pub(super) insecure: BTreeSet<Host>,
    pub(super) allowed: BTreeSet<Host>,
    pub(super) concurrency: usize,
    pub(super) manifest_limit: u64,
    pub(super) connect_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) user_agent: String,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self(Settings {
            credentials: Arc::new(StaticCredentials::new()),
            plain: BTreeSet::new(),
            tls: BTreeSet::new(),
            insecure: BTreeSet::new(),
            allowed: BTreeSet::new(),
            concurrency: 8,
            manifest_limit: RawManifest::MAX_BYTES,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            user_agent: concat!("lockage/", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    /// Takes the credentials that docker and podman are logged in with, from the places that [`DockerConfig`] lists.
    ///
    /// # Errors
    /// As [`DockerConfig::from_env`].
    pub fn docker_config(self) -> Result<Self> {
        Ok(self.credentials(DockerConfig::from_env()?))
    }

    /// Takes credentials from a file in the format of docker's `config.json` or podman's `auth.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where it is missing or cannot be used.
    pub fn docker_config_file(self, path: impl AsRef<Path>) -> Result<Self> {
        Ok(self.credentials(DockerConfig::from_file(path)?))
    }

    /// Asks `provider` for credentials, each time that a registry wants some.
    pub fn credentials(mut self, provider: impl CredentialProvider + 'static) -> Self {
        self.0.credentials = Arc::new(provider);
        self
    }

    /// Speaks plain http with this host, as with loopback addresses. Whoever is on the way can read and change
    /// everything but the content's digests.
    pub fn plain_http(mut self, host: Host) -> Self {
        self.0.plain.insert(host);
        self
    }

    /// Speaks https with this host although it is a loopback address.
    pub fn https(mut self, host: Host) -> Self {
        self.0.tls.insert(host);
        self
    }

    /// Does not check the certificate of this one host: whoever is on the way can read the credentials.
    pub fn danger_accept_invalid_certificates(mut self, host: Host) -> Self {
        self.0.tls.insert(host.clone());
        self.0.insecure.insert(host);
        self
    }

    /// Lets registries send this client to a private address of this host, which only private registries may
    /// otherwise do.
    pub fn allow_private(mut self, host: Host) -> Self {
        self.0.allowed.insert(host);
        self
    }

    /// The most requests under way to one host; 8 unless said otherwise. Downloads of blobs count apart from all
    /// other requests, so that an upload fed by a download from the same host cannot wait for itself.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.0.concurrency = requests;
        self
    }

    /// The largest manifest or list that is read, in bytes; 4 MiB unless said otherwise.
    pub fn manifest_limit(mut self, bytes: u64) -> Self {
        self.0.manifest_limit = bytes;
        self
    }

    /// How long a connection may take; 10 s unless said otherwise.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.0.connect_timeout = limit;
        self
    }

    /// How long a transfer may stand still in either direction; 60 s unless said otherwise. There is no limit on the
    /// whole of a transfer.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.0.stall_timeout = limit;
        self
    }

    /// The `User-Agent`; `lockage/VERSION` unless said otherwise.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.0.user_agent = name.into();
        self
    }

    /// The client. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for settings that contradict each other.
    pub fn build(self) -> Result<Client> {
        let bad = |subject: &dyn std::fmt::Display, why: &str| {
            Err(Error::new(ErrorKind::Configuration, "configure client for", subject).with_message(why))
        };
        if let Some(host) = self.0.plain.intersection(&self.0.tls).next() {
            return bad(host, "named both for plain http and for https");
        }
        if self.0.concurrency == 0 {
            return bad(&"any host", "a concurrency of 0 would never send a request");
        }
        Ok(Client::with(self.0))
    }
}

impl Settings {
    /// Whether plain http is spoken with this host.
    pub(super) fn is_plain(&self, host: &Host) -> bool {
        self.plain.contains(host) || (host.is_loopback() && !self.tls.contains(host))
    }
}
