//! `Limit`: no more than so many operations at once.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    Body, ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, Upload,
};

/// Lets at most `n` blob downloads, `n` uploads and `n` other calls run at once; whoever comes later waits its turn.
///
/// * A download has its permit from [`Source::blob`] until its stream has ended or is dropped.
/// * An upload has its permit while it is completed, from before its body is opened. A session that waits has none:
///   somebody may ask for all blobs first, and then upload those that are missing.
/// * Every other call has its permit until it returns, and a listing of tags only while its next tag is awaited.
///
/// Clones share the permits, and waiting is first come, first served. It adds no request.
///
/// There are three lanes, so that a task may read through a `Limit` into an upload through the same one, and may ask
/// whatever it likes meanwhile: nobody who has a permit waits for another of its lane. What is left to the caller is
/// the order that locks need. **A download that feeds an upload is opened by the upload**, as the copy engine does and
/// as [`Body::replayable`] is for. A task that opens its download first, and hands it over as [`Body::once`], can wait
/// for ever for one that does it the other way round; so can tasks that take a second download while they hold one.
///
/// It does NOT count requests: a call may make several, and a client over HTTP has limits of its own for each host. It
/// does NOT give up waiting: there is no time limit.
///
/// ```
/// use lockage_registry::{Limit, Memory};
/// let registry = Limit::new(16, Memory::new("registry.test".parse()?));
/// assert_eq!(registry.to_string(), "Limit(16, memory registry.test)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Limit<T> {
    inner: T,
    most: usize,
    downloads: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    calls: Arc<Semaphore>,
}

impl<T> Limit<T> {
    /// At most `n` operations of a kind at once on `inner`. 0 counts as 1.
    #[must_use]
    pub fn new(n: usize, inner: T) -> Self {
        let most = n.clamp(1, Semaphore::MAX_PERMITS);
        let lane = || Arc::new(Semaphore::new(most));
        Self { inner, most, downloads: lane(), uploads: lane(), calls: lane() }
    }

    /// The wrapped registry. Streams and sessions that came out of the limit keep their permits.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }

    async fn call(&self) -> Option<SemaphorePermit<'_>> {
        permit(&self.calls).await
    }
}

/// A lane is never closed, so there is always a permit in the end.
async fn permit(lane: &Semaphore) -> Option<SemaphorePermit<'_>> {
    lane.acquire().await.ok()
}

impl<T: fmt::Display> fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limit({}, {})", self.most, self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Limit<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        let _permit = self.call().await;
        self.inner.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let _permit = self.call().await;
        self.inner.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let _permit = self.call().await;
        self.inner.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let permit = Arc::clone(&self.downloads).acquire_owned().await.ok();
        let stream = self.inner.blob(repo, blob, from).await?;
        Ok(stream::unfold((stream, permit), |(mut stream, permit)| async move {
            // At the end both are dropped, though the reader may keep the empty stream.
            let item = stream.next().await?;
            Some((item, (stream, permit)))
        })
        .boxed())
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        // Not the whole listing: who looks at each tag as it comes would wait for a permit that the listing holds.
        let state = (self, repo, None);
        stream::unfold(state, |(limit, repo, listing)| async move {
            let _permit = limit.call().await;
            let mut listing = listing.unwrap_or_else(|| limit.inner.tags(repo));
            let item = listing.next().await?;
            Some((item, (limit, repo, Some(listing))))
        })
        .boxed()
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let _permit = self.call().await;
        self.inner.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Limit<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let _permit = self.call().await;
        self.inner.put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let _permit = self.call().await;
        Ok(match self.inner.open_blob(repo, blob, from).await? {
            Opened::Present => Opened::Present,
            Opened::Upload(inner) => Opened::Upload(Box::new(Session {
                inner,
                uploads: Arc::clone(&self.uploads),
                calls: Arc::clone(&self.calls),
            })),
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Limit<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let _permit = self.call().await;
        self.inner.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let _permit = self.call().await;
        self.inner.delete_tag(repo, tag).await
    }
}

#[derive(Debug)]
struct Session {
    inner: Box<dyn Upload>,
    uploads: Arc<Semaphore>,
    calls: Arc<Semaphore>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let _permit = permit(&self.uploads).await;
        self.inner.complete(body).await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        let _permit = permit(&self.calls).await;
        self.inner.cancel().await
    }
}
