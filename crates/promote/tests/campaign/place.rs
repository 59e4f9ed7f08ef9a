//! Place: a registry of a scenario, served over HTTP, with its gremlin in front and its backend to be looked at.

use std::sync::Arc;
use std::time::Duration;

use lockage_registry::client::{Client, Credentials, Profile, StaticCredentials};
use lockage_registry::server::{Guard, Server};
use lockage_registry::{Host, Memory, OciLayout, Reference, Registry, Repository, RetryPolicy, Tag};
use tempfile::TempDir;

use crate::gremlin::{At, Gremlin, Ways};
use crate::scenario::{Door, Kind, Manners};
use crate::watch::Watch;

/// The content of a registry.
pub(crate) struct Store {
    pub(crate) registry: Arc<dyn Registry>,
    /// Removed at the end.
    _dir: Option<TempDir>,
}

impl Store {
    pub(crate) fn new(kind: Kind, host: &Host) -> Self {
        if kind.on_disk {
            let dir = tempfile::tempdir().unwrap();
            let layout = OciLayout::open(dir.path(), host.clone()).unwrap();
            let layout = if kind.strict { layout } else { layout.sparse() };
            return Self { registry: Arc::new(layout), _dir: Some(dir) };
        }
        let memory = Memory::new(host.clone());
        let memory = if kind.strict { memory } else { memory.sparse() };
        Self { registry: Arc::new(memory), _dir: None }
    }
}

pub(crate) struct Place {
    pub(crate) server: Arc<Server>,
    _storage: Option<Server>,
}

impl Place {
    pub(crate) async fn serve(watch: &Watch, kind: Kind, at: At, storage: bool, gremlin: &Arc<Gremlin>) -> Self {
        let host: Host = watch.errand.to.host().clone();
        let registry = || Arc::new(watch.clone());
        let ways = Ways { at, api: kind.api, guarded: kind.guard.has_tokens(), storage: None };
        let mut away = None;
        if storage {
            let ways = Ways { at: At::Storage, api: true, guarded: false, storage: None };
            let builder = Server::builder(registry(), host.clone()).intercept(gremlin.intercept(ways));
            away = Some(builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap());
        }
        let ways = Ways { storage: away.as_ref().map(|server| server.host().to_string()), ..ways };
        let mut builder = Server::builder(registry(), host).intercept(gremlin.intercept(ways));
        if let Some(guard) = kind.guard.guard() {
            builder = builder.guard(guard);
        }
        let server = builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        Self { server: Arc::new(server), _storage: away }
    }

    /// A place of the backend as clients name it.
    pub(crate) fn reference(&self, behind: &Repository, tag: &Tag) -> Reference {
        format!("{}/{}:{tag}", self.server.host(), behind.path()).parse().unwrap()
    }
}

impl Door {
    fn has_tokens(self) -> bool {
        matches!(self, Self::Bearer | Self::Brief(_))
    }

    fn guard(self) -> Option<Guard> {
        match self {
            Self::Open => None,
            Self::Basic => Some(Guard::basic("robot", "correct horse")),
            Self::Bearer => Some(Guard::bearer("robot", "correct horse")),
            Self::Brief(life) => Some(Guard::bearer("robot", "correct horse").life(Duration::from_millis(life))),
        }
    }
}

/// As shipped, but for the waits.
pub(crate) fn impatient() -> RetryPolicy {
    RetryPolicy::default().with_first_delay(Duration::from_millis(1)).with_longest_delay(Duration::from_millis(10))
}

pub(crate) fn client(places: &[&Place], manners: Manners) -> Client {
    let (mut credentials, mut builder) = (StaticCredentials::new(), Client::builder().retry(impatient()));
    for place in places {
        let host = place.server.host();
        credentials = credentials.with(host.clone(), Credentials::password("the campaign", "robot", "correct horse"));
        if manners != Manners::Usual {
            let mut profile = Profile::DISTRIBUTION;
            (profile.put_up_to, profile.chunk) = (1000, Some(16 * 1024));
            profile.self_mount = manners == Manners::Patch;
            builder = builder.profile(host.clone(), profile);
        }
    }
    builder.credentials(credentials).build().unwrap()
}
