//! `HostState`: what a client keeps for one registry: its address, pool, tokens, limits and what it learnt.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lockage_tagging::{Digest, Host, Repository};
use reqwest::header::HeaderMap;
use reqwest::redirect;
use url::Url;

use super::auth::Tokens;
use super::limit::Limiter;
use super::resolver::Resolver;
use super::settings::Settings;
use super::url_policy::is_private_address;
use super::{CredentialProvider, Profile, RateLimit, UrlPolicy};
use crate::{Error, ErrorKind, Result, RetryPolicy, TagOrDigest};

/// One registry.
pub(super) struct HostState {
    /// The scheme and authority of the registry, with the path `/v2/`.
    base: Url,
    /// The registry itself, which alone sees a client certificate.
    own: reqwest::Client,
    /// Its storage and its token server.
    pub(super) http: reqwest::Client,
    pub(super) policy: UrlPolicy,
    pub(super) tokens: Tokens,
    pub(super) credentials: Arc<dyn CredentialProvider>,
    pub(super) limiter: Limiter,
    pub(super) retry: RetryPolicy,
    pub(super) manifest_limit: u64,
    pub(super) stall: Duration,
    floor: Option<u64>,
    learnt: Mutex<Learnt>,
}

/// What the registry has shown so far.
#[derive(Default)]
struct Learnt {
    /// `None` until its name, its user or its answers say what it is.
    profile: Option<Profile>,
    rate_limit: Option<RateLimit>,
    /// Whether it has the referrers API: shown by any answer of that, or by a 404 that is about no content.
    referrers_api: Option<bool>,
    /// Repositories from which this registry refused to mount: not asked again.
    unmountable: HashSet<Repository>,
}

impl HostState {
    pub(super) fn new(host: &Host, settings: &Settings) -> Result<Self> {
        let unusable = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Configuration, "connect to", host).with_source(e)
        };
        if settings.only.as_ref().is_some_and(|only| !only.contains(host)) {
            return Err(Error::new(ErrorKind::UrlRefused, "connect to", host)
                .with_message("the host is not on the list of those that may be reached")
                .with_remedy("Add it to the hosts that the client may reach, or use another registry."));
        }
        let plain = settings.is_plain(host);
        // Docker Hub's name is not where its registry is.
        let authority = if host.as_str() == "docker.io" { "registry-1.docker.io" } else { host.as_str() };
        let scheme = if plain { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{authority}/v2/")).map_err(|e| unusable(e.into()))?;
        let mut policy = UrlPolicy::new(base.clone(), settings.allowed.iter().cloned());
        if let Some(only) = &settings.only {
            policy = policy.only(only.iter().cloned());
        }
        let http = builder(host, &base, settings).and_then(|builder| builder.build());
        let http = http.map_err(|e| unusable(e.without_url().into()))?;
        let own = match settings.identities.get(host) {
            None => http.clone(),
            Some(identity) => builder(host, &base, settings)
                .and_then(|builder| builder.identity(identity.clone()).build())
                .map_err(|e| unusable(e.without_url().into()))?,
        };
        let profile = settings.profiles.get(host).copied().or_else(|| Profile::of_host(host));
        Ok(Self {
            policy,
            base,
            own,
            http,
            tokens: Tokens::default(),
            credentials: Arc::clone(&settings.credentials),
            limiter: Limiter::new(settings.concurrency),
            retry: settings.retry,
            manifest_limit: settings.manifest_limit,
            stall: settings.stall_timeout,
            floor: settings.floor,
            learnt: Mutex::new(Learnt { profile, ..Learnt::default() }),
        })
    }

    /// The pool for this URL: only the registry itself is shown the client's certificate.
    pub(super) fn pool(&self, url: &Url) -> &reqwest::Client {
        if self.policy.is_registry(url) { &self.own } else { &self.http }
    }

    /// The scheme and authority alone.
    #[cfg(feature = "provider")]
    pub(super) fn root(&self) -> Url {
        let mut url = self.base.clone();
        url.set_path("/");
        url
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
        !self.learnt().unmountable.contains(repo)
    }

    pub(super) fn cannot_mount_from(&self, repo: &Repository) {
        self.learnt().unmountable.insert(repo.clone());
    }

    pub(super) fn has_referrers_api(&self) -> Option<bool> {
        self.learnt().referrers_api
    }

    /// What has been seen once to be there is not taken for missing later.
    pub(super) fn learn_referrers_api(&self, has: bool) {
        let mut learnt = self.learnt();
        learnt.referrers_api = Some(has || learnt.referrers_api == Some(true));
    }

    /// What kind of registry it is, as far as that is known.
    pub(super) fn profile(&self) -> Profile {
        self.learnt().profile.unwrap_or(Profile::DISTRIBUTION)
    }

    /// Takes note of what the headers of an answer of the registry itself say.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let mut learnt = self.learnt();
        if learnt.profile.is_none() {
            learnt.profile = Profile::of_headers(headers);
        }
        if let Some(said) = RateLimit::of(headers, Instant::now()) {
            learnt.rate_limit = Some(said);
        }
    }

    pub(super) fn rate_limit(&self) -> Option<RateLimit> {
        self.learnt().rate_limit
    }

    /// What is left of the registry's limit, where that is no more than is to be kept.
    pub(super) fn exhausted(&self) -> Option<RateLimit> {
        let floor = self.floor?;
        self.rate_limit().filter(|said| said.is_down_to(floor, Instant::now()))
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How connections on behalf of this registry are made.
fn builder(host: &Host, base: &Url, settings: &Settings) -> reqwest::Result<reqwest::ClientBuilder> {
    let name = base.host_str().unwrap_or_default();
    let address = name.trim_matches(['[', ']']).parse();
    let private = host.is_loopback() || address.is_ok_and(is_private_address);
    let allowed = settings.allowed.iter().map(Host::name).chain(settings.proxies.names());
    let mut http = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .dns_resolver(Resolver::new(name, private, allowed))
        .user_agent(&settings.user_agent);
    http = match base.scheme() {
        // No root certificates are needed, so a machine without any can still talk to itself.
        "http" => http.tls_certs_only(settings.roots.iter().cloned()),
        _ => http.tls_certs_merge(settings.roots.iter().cloned()),
    };
    if settings.insecure.contains(host) {
        http = http.tls_danger_accept_invalid_certs(true);
    }
    if host.is_loopback() { Ok(http.no_proxy()) } else { settings.proxies.apply(http) }
}
