//! `HostState`: what a client keeps for one registry: its address, pool, tokens, limits and what it learnt.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lockage_tagging::{Digest, Host, Repository};
use reqwest::redirect;
use tokio::sync::Semaphore;
use url::Url;

use super::auth::Tokens;
use super::builder::Settings;
use super::resolver::Resolver;
use super::url_policy::is_private_address;
use super::{CredentialProvider, UrlPolicy};
use crate::{Error, ErrorKind, Result, TagOrDigest};

/// One registry.
pub(super) struct HostState {
    /// The scheme and authority of the registry, with the path `/v2/`.
    base: Url,
    pub(super) http: reqwest::Client,
    pub(super) policy: UrlPolicy,
    pub(super) tokens: Tokens,
    pub(super) credentials: Arc<dyn CredentialProvider>,
    /// Permits for streamed downloads, held by the stream.
    pub(super) downloads: Arc<Semaphore>,
    /// Permits for every other request, held while it is under way.
    pub(super) requests: Arc<Semaphore>,
    pub(super) manifest_limit: u64,
    pub(super) stall: Duration,
    /// Repositories from which this registry refused to mount: not asked again.
    unmountable: Mutex<HashSet<Repository>>,
}

impl HostState {
    pub(super) fn new(host: &Host, settings: &Settings) -> Result<Self> {
        let plain = settings.is_plain(host);
        // Docker Hub's name is not where its registry is.
        let authority = if host.as_str() == "docker.io" { "registry-1.docker.io" } else { host.as_str() };
        let scheme = if plain { "http" } else { "https" };
        let unusable = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Configuration, "connect to", host).with_source(e)
        };
        let base = Url::parse(&format!("{scheme}://{authority}/v2/")).map_err(|e| unusable(e.into()))?;
        let name = base.host_str().unwrap_or_default();
        let address = name.trim_matches(['[', ']']).parse();
        let private = host.is_loopback() || address.is_ok_and(is_private_address);
        let mut http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .dns_resolver(Resolver::new(name, private, &settings.allowed))
            .user_agent(&settings.user_agent);
        if plain {
            // No root certificates are needed, so a machine without any can still talk to itself.
            http = http.tls_certs_only([]);
        }
        if host.is_loopback() {
            http = http.no_proxy();
        }
        if settings.insecure.contains(host) {
            http = http.tls_danger_accept_invalid_certs(true);
        }
        Ok(Self {
            policy: UrlPolicy::new(base.clone(), settings.allowed.iter().cloned()),
            base,
            http: http.build().map_err(|e| unusable(e.without_url().into()))?,
            tokens: Tokens::default(),
            credentials: Arc::clone(&settings.credentials),
            downloads: Arc::new(Semaphore::new(settings.concurrency)),
            requests: Arc::new(Semaphore::new(settings.concurrency)),
            manifest_limit: settings.manifest_limit,
            stall: settings.stall_timeout,
            unmountable: Mutex::default(),
        })
    }

    /// `/v2/<name>/<rest>`, where `rest` is made of literals, tags and digests, which need no escaping.
    fn url(&self, repo: &Repository, rest: fmt::Arguments<'_>) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{}/{rest}", repo.path()));
        url
    }

    pub(super) fn manifest_url(&self, repo: &Repository, what: &TagOrDigest) -> Url {
        self.url(repo, format_args!("manifests/{what}"))
    }

    pub(super) fn blob_url(&self, repo: &Repository, blob: &Digest) -> Url {
        self.url(repo, format_args!("blobs/{blob}"))
    }

    pub(super) fn uploads_url(&self, repo: &Repository) -> Url {
        self.url(repo, format_args!("blobs/uploads/"))
    }

    pub(super) fn tags_url(&self, repo: &Repository) -> Url {
        self.url(repo, format_args!("tags/list"))
    }

    pub(super) fn referrers_url(&self, repo: &Repository, subject: &Digest) -> Url {
        self.url(repo, format_args!("referrers/{subject}"))
    }

    pub(super) fn can_mount_from(&self, repo: &Repository) -> bool {
        !self.unmountable.lock().unwrap_or_else(PoisonError::into_inner).contains(repo)
    }

    pub(super) fn cannot_mount_from(&self, repo: &Repository) {
        self.unmountable.lock().unwrap_or_else(PoisonError::into_inner).insert(repo.clone());
    }
}
