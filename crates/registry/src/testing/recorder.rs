//! `Recorder`: what was asked of a port, in order.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use super::{Call, Operation};
use crate::{
    Body, ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, Upload,
};

/// Passes every call on, and keeps a list of them: sessions that are completed or cancelled included.
///
/// Clones share the list. A call is listed when it is made, whatever becomes of it.
///
/// ```
/// use lockage_registry::{Memory, Source, TagOrDigest, testing::{Operation, Recorder}};
/// # futures::executor::block_on(async {
/// let registry = Recorder::new(Memory::new("registry.test".parse()?));
/// let app = "registry.test/app:v1".parse::<lockage_registry::Reference>()?;
/// registry.resolve(app.repository(), &TagOrDigest::of(&app)).await.unwrap_err();
/// assert_eq!(registry.calls()[0].operation, Operation::Resolve);
/// assert_eq!(registry.calls()[0].to_string(), "resolve registry.test/app v1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Recorder<T> {
    inner: T,
    log: Log,
}

#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<Call>>>);

impl Log {
    fn note(&self, call: Call) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

impl<T> Recorder<T> {
    /// Records what is asked of `inner`.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self { inner, log: Log::default() }
    }

    /// All calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.log.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often `operation` was asked for.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.calls().iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        self.log.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The wrapped registry.
    #[must_use]
    pub fn inner(&self) -> &T {
        &self.inner
    }

    fn note(&self, operation: Operation, repo: &Repository, what: impl ToString) {
        self.log.note(Call::new(operation, repo, what));
    }
}

impl<T: fmt::Display> fmt::Display for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Recorder<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.note(Operation::Resolve, repo, what);
        self.inner.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.note(Operation::Manifest, repo, what);
        self.inner.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.note(Operation::StatBlob, repo, blob);
        self.inner.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.log.note(Call::blob(repo, blob, from));
        self.inner.blob(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.note(Operation::Tags, repo, "");
        self.inner.tags(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.log.note(Call::referrers(repo, subject, artifact_type));
        self.inner.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Recorder<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.note(Operation::PutManifest, repo, at);
        self.inner.put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.log.note(Call::open_blob(repo, blob, from));
        Ok(match self.inner.open_blob(repo, blob, from).await? {
            Opened::Present => Opened::Present,
            Opened::Upload(inner) => Opened::Upload(Box::new(Session {
                inner,
                log: self.log.clone(),
                repo: repo.clone(),
                blob: blob.digest.clone(),
            })),
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Recorder<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.note(Operation::DeleteManifest, repo, digest);
        self.inner.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.note(Operation::DeleteTag, repo, tag);
        self.inner.delete_tag(repo, tag).await
    }
}

#[derive(Debug)]
struct Session {
    inner: Box<dyn Upload>,
    log: Log,
    repo: Repository,
    blob: Digest,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        self.log.note(Call::new(Operation::CompleteUpload, &self.repo, &self.blob));
        self.inner.complete(body).await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        self.log.note(Call::new(Operation::CancelUpload, &self.repo, &self.blob));
        self.inner.cancel().await
    }
}
