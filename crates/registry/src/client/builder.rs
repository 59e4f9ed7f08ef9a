//! `ClientBuilder`: the settings of a client; a bad one is an error, never a fallback.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lockage_tagging::Host;
use reqwest::{Certificate, Identity};

use super::settings::Settings;
use super::{Client, CredentialProvider, DockerConfig, Profile, Proxies};
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// Settings for a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
    /// `None`: those of the environment.
    proxies: Option<Proxies>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self { settings: Settings::default(), proxies: None }
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
        self.settings.credentials = Arc::new(provider);
        self
    }

    /// Speaks plain http with this host, as with loopback addresses. Whoever is on the way can read and change
    /// everything but the content's digests.
    pub fn plain_http(mut self, host: Host) -> Self {
        self.settings.plain.insert(host);
        self
    }

    /// Speaks https with this host although it is a loopback address.
    pub fn https(mut self, host: Host) -> Self {
        self.settings.tls.insert(host);
        self
    }

    /// Does not check the certificate of this one host: whoever is on the way can read the credentials.
    pub fn danger_accept_invalid_certificates(mut self, host: Host) -> Self {
        self.settings.tls.insert(host.clone());
        self.settings.insecure.insert(host);
        self
    }

    /// Trusts the certificate authorities of `pem`, one or more certificates, in addition to those of the system, for
    /// every host.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where there is no certificate in it, or a broken one.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self> {
        let bad = || {
            Error::new(ErrorKind::Configuration, "read", "a root certificate")
                .with_remedy("Name a file with a certificate in PEM: -----BEGIN CERTIFICATE-----.")
        };
        let found = Certificate::from_pem_bundle(pem).map_err(|e| bad().with_source(e.without_url()))?;
        if found.is_empty() {
            return Err(bad().with_message("there is no certificate in it"));
        }
        self.settings.roots.extend(found);
        Ok(self)
    }

    /// Shows this one host a certificate of the client (mTLS): `pem` holds the key, the certificate and those between
    /// it and the authority. Other hosts, also those that it redirects to, do not see it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where the key or the certificate is missing or broken.
    pub fn client_identity(mut self, host: Host, pem: &[u8]) -> Result<Self> {
        // What the parser says could repeat what it read.
        let identity = Identity::from_pem(pem).map_err(|_| {
            Error::new(ErrorKind::Configuration, "read the client certificate for", &host)
                .with_message("it has not both a private key and a certificate in PEM")
                .with_remedy("Put the key, the certificate and its chain into one PEM file.")
        })?;
        self.settings.identities.insert(host, identity);
        Ok(self)
    }

    /// Goes through these proxies, rather than those that the environment names.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Reaches these hosts and no others: registries, and what they lead to (storage, token servers).
    pub fn only(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.settings.only.get_or_insert_default().extend(hosts);
        self
    }

    /// Tells what kind of registry this host is, where its name does not.
    pub fn profile(mut self, host: Host, profile: Profile) -> Self {
        self.settings.profiles.insert(host, profile);
        self
    }

    /// How often requests are tried, and how long is waited in between; [`RetryPolicy::default`] unless said otherwise.
    ///
    /// Requests are retried here, below the ports, so that an image is never started again for one of them. What was
    /// retried in vain is persistent, and not retried by anyone else.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Leaves `requests` of what a registry says that it will still take (`RateLimit-Remaining`): once no more are left,
    /// reading fails with [`ErrorKind::RateLimited`] until the registry's window is over. HEAD requests, which are not
    /// counted by Docker Hub, go on.
    pub fn keep_remaining(mut self, requests: u64) -> Self {
        self.settings.floor = Some(requests);
        self
    }

    /// Lets registries send this client to a private address of this host, which only private registries may
    /// otherwise do.
    pub fn allow_private(mut self, host: Host) -> Self {
        self.settings.allowed.insert(host);
        self
    }

    /// The most requests under way to one host; 8 unless said otherwise. A host that answers 429 gets half of them, until
    /// it has taken enough for one more. Downloads of blobs count apart from all
    /// other requests, so that an upload fed by a download from the same host cannot wait for itself.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// The largest manifest or list that is read, in bytes; 4 MiB unless said otherwise.
    pub fn manifest_limit(mut self, bytes: u64) -> Self {
        self.settings.manifest_limit = bytes;
        self
    }

    /// How long a connection may take; 10 s unless said otherwise.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// How long a transfer may stand still in either direction; 60 s unless said otherwise. There is no limit on the
    /// whole of a transfer.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.settings.stall_timeout = limit;
        self
    }

    /// The `User-Agent`; `lockage/VERSION` unless said otherwise.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.settings.user_agent = name.into();
        self
    }

    /// The client. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for settings that contradict each other, and for a proxy in the environment that
    /// cannot be used.
    pub fn build(mut self) -> Result<Client> {
        let bad = |subject: &dyn std::fmt::Display, why: &str| {
            Err(Error::new(ErrorKind::Configuration, "configure client for", subject).with_message(why))
        };
        if let Some(host) = self.settings.plain.intersection(&self.settings.tls).next() {
            return bad(host, "named both for plain http and for https");
        }
        if self.settings.concurrency == 0 {
            return bad(&"any host", "a concurrency of 0 would never send a request");
        }
        self.settings.proxies = match self.proxies {
            Some(proxies) => proxies,
            None => Proxies::from_variables(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()))?,
        };
        Ok(Client::with(self.settings))
    }
}
