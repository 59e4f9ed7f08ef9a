//! `Memory`: a registry in memory, for tests, examples and plans that are tried out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Host, Repository, Tag};

use crate::{
    Body, ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, Upload,
    backend::{self, Missing},
    verify,
};

/// A whole registry in memory: repositories, mounts, referrers, deletes.
///
/// It is as strict as a real one: uploads are checked against their digest, and a manifest is refused while something
/// that it points at is missing, unless the registry is [`sparse`](Self::sparse). Clones share the content. Nothing is
/// ever collected.
///
/// ```
/// use lockage_registry::{Memory, RawManifest, Source, Target};
/// # futures::executor::block_on(async {
/// let registry = Memory::new("registry.test".parse()?);
/// let app = "registry.test/app:v1".parse::<lockage_registry::Reference>()?;
/// let at = lockage_registry::TagOrDigest::of(&app);
///
/// let empty = RawManifest::new("application/vnd.oci.image.index.v1+json", r#"{"manifests":[]}"#.into())?;
/// registry.put_manifest(app.repository(), &empty, &at).await?;
/// assert_eq!(registry.resolve(app.repository(), &at).await?.digest, *empty.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Memory {
    host: Host,
    missing: Missing,
    state: Arc<RwLock<State>>,
}

#[derive(Default)]
struct State {
    /// Content is kept once, whatever the number of repositories that have it.
    blobs: HashMap<Digest, Bytes>,
    repositories: BTreeMap<String, Held>,
}

#[derive(Default)]
struct Held {
    blobs: HashSet<Digest>,
    manifests: HashMap<Digest, RawManifest>,
    tags: BTreeMap<Tag, Digest>,
}

impl Memory {
    /// An empty registry that answers for repositories of this host, and refuses others.
    #[must_use]
    pub fn new(host: Host) -> Self {
        Self { host, missing: Missing::default(), state: Arc::default() }
    }

    /// Takes manifests also while something that they point at is missing, as a registry does that holds a few
    /// platforms of a large index. Clones that were made before stay as they are.
    #[must_use]
    pub fn sparse(mut self) -> Self {
        self.missing = Missing::Accepted;
        self
    }

    /// The host that it answers for.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // A panic while the lock was held cannot leave the maps inconsistent: each write is one insertion.
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn find(&self, operation: &'static str, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        backend::answers_for(&self.host, operation, repo)?;
        let state = self.read();
        let held = state.repositories.get(repo.path()).ok_or_else(|| backend::name_unknown(operation, repo))?;
        let digest = match what {
            TagOrDigest::Tag(tag) => held.tags.get(tag),
            TagOrDigest::Digest(digest) => Some(digest),
        };
        digest
            .and_then(|digest| held.manifests.get(digest))
            .cloned()
            .ok_or_else(|| backend::manifest_unknown(operation, repo, what))
    }

    fn find_blob(&self, operation: &'static str, repo: &Repository, blob: &Digest) -> Result<Bytes> {
        backend::answers_for(&self.host, operation, repo)?;
        let state = self.read();
        state
            .repositories
            .get(repo.path())
            .filter(|held| held.blobs.contains(blob))
            .and_then(|_| state.blobs.get(blob))
            .cloned()
            .ok_or_else(|| backend::blob_unknown(operation, repo, blob))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        f.debug_struct("Memory")
            .field("host", &self.host)
            .field("repositories", &state.repositories.len())
            .field("blobs", &state.blobs.len())
            .finish()
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory {}", self.host)
    }
}

#[async_trait]
impl Source for Memory {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.find("resolve", repo, what).map(|manifest| manifest.descriptor().clone())
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.find("pull manifest", repo, what)
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.find_blob("look for blob", repo, blob).map(|bytes| bytes.len() as u64)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let bytes = self.find_blob("pull blob", repo, &blob.digest)?;
        backend::within("pull blob", repo, &blob.digest, from, bytes.len() as u64)?;
        Body::bytes(bytes).open(from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let tags = backend::answers_for(&self.host, "list tags", repo).and_then(|()| {
            let state = self.read();
            let held = state.repositories.get(repo.path()).ok_or_else(|| backend::name_unknown("list tags", repo))?;
            Ok(held.tags.keys().cloned().collect::<Vec<_>>())
        });
        match tags {
            Ok(tags) => stream::iter(tags.into_iter().map(Ok)).boxed(),
            Err(error) => stream::once(async move { Err(error) }).boxed(),
        }
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        backend::answers_for(&self.host, "list referrers", repo)?;
        let state = self.read();
        let Some(held) = state.repositories.get(repo.path()) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for manifest in held.manifests.values() {
            found.extend(backend::referrer(manifest, subject)?);
        }
        Ok(backend::listed(found, artifact_type))
    }
}

#[async_trait]
impl Target for Memory {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        backend::answers_for(&self.host, "push manifest", repo)?;
        let view = backend::acceptable(repo, manifest, at)?;
        let mut state = self.write();
        let held = state.repositories.entry(repo.path().to_owned()).or_default();
        if self.missing == Missing::Refused {
            let blobs = view.blobs().into_iter().map(|d| &d.digest).filter(|d| !held.blobs.contains(d));
            let children = view.children().into_iter().map(|d| &d.digest).filter(|d| !held.manifests.contains_key(d));
            backend::complete(repo, at, blobs.chain(children))?;
        }
        held.manifests.insert(manifest.digest().clone(), manifest.clone());
        if let TagOrDigest::Tag(tag) = at {
            held.tags.insert(tag.clone(), manifest.digest().clone());
        }
        Ok(Stored::new(manifest.digest().clone(), view.subject.is_some()))
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        backend::answers_for(&self.host, "push blob", repo)?;
        let mut state = self.write();
        let has =
            |name: &Repository| state.repositories.get(name.path()).is_some_and(|r| r.blobs.contains(&blob.digest));
        let mountable = has(repo) || from.is_some_and(|from| *from.host() == self.host && has(from));
        if mountable {
            state.repositories.entry(repo.path().to_owned()).or_default().blobs.insert(blob.digest.clone());
            return Ok(Opened::Present);
        }
        Ok(Opened::Upload(Box::new(Session { registry: self.clone(), repo: repo.clone(), blob: blob.clone() })))
    }
}

#[async_trait]
impl Prune for Memory {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.find("delete manifest", repo, &digest.clone().into())?;
        if let Some(held) = self.write().repositories.get_mut(repo.path()) {
            held.manifests.remove(digest);
            held.tags.retain(|_, held| held != digest);
        }
        Ok(())
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.find("delete tag", repo, &tag.clone().into())?;
        if let Some(held) = self.write().repositories.get_mut(repo.path()) {
            held.tags.remove(tag);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Session {
    registry: Memory,
    repo: Repository,
    blob: Descriptor,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let bytes = verify::collect(body, &self.blob).await?;
        let mut state = self.registry.write();
        state.blobs.insert(self.blob.digest.clone(), bytes);
        state.repositories.entry(self.repo.path().to_owned()).or_default().blobs.insert(self.blob.digest);
        Ok(())
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
