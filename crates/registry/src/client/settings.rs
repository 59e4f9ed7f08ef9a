//! `Settings`: what every host of a client shares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lockage_tagging::Host;
use reqwest::{Certificate, Identity};

use super::{CredentialProvider, Profile, Proxies, StaticCredentials};
use crate::{RawManifest, RetryPolicy};

/// The settings of a client, which [`ClientBuilder`](super::ClientBuilder) makes.
pub(super) struct Settings {
    pub(super) credentials: Arc<dyn CredentialProvider>,
    pub(super) plain: BTreeSet<Host>,
    pub(super) tls: BTreeSet<Host>,
    pub(super) insecure: BTreeSet<Host>,
    /// Hosts whose private addresses a public registry may name.
    pub(super) allowed: BTreeSet<Host>,
    /// The only hosts that may be reached, where there is a list.
    pub(super) only: Option<BTreeSet<Host>>,
    pub(super) roots: Vec<Certificate>,
    pub(super) identities: BTreeMap<Host, Identity>,
    pub(super) proxies: Proxies,
    pub(super) profiles: BTreeMap<Host, Profile>,
    pub(super) retry: RetryPolicy,
    /// How much of a registry's own limit is to be left.
    pub(super) floor: Option<u64>,
    pub(super) concurrency: usize,
    pub(super) manifest_limit: u64,
    pub(super) connect_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) user_agent: String,
}

impl Settings {
    /// Whether plain http is spoken with this host.
    pub(super) fn is_plain(&self, host: &Host) -> bool {
        self.plain.contains(host) || (host.is_loopback() && !self.tls.contains(host))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credentials: Arc::new(StaticCredentials::new()),
            plain: BTreeSet::new(),
            tls: BTreeSet::new(),
            insecure: BTreeSet::new(),
            allowed: BTreeSet::new(),
            only: None,
            roots: Vec::new(),
            identities: BTreeMap::new(),
            proxies: Proxies::none(),
            profiles: BTreeMap::new(),
            retry: RetryPolicy::default(),
            floor: None,
            concurrency: 8,
            manifest_limit: RawManifest::MAX_BYTES,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            user_agent: concat!("lockage/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl fmt::Debug for Settings {
    /// Neither keys nor certificates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("credentials", &self.credentials)
            .field("plain", &self.plain)
            .field("insecure", &self.insecure)
            .field("only", &self.only)
            .field("roots", &self.roots.len())
            .field("identities", &self.identities.keys())
            .field("proxies", &self.proxies)
            .field("retry", &self.retry)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
