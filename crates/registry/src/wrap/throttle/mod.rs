//! `Throttle`: no more than so many bytes in a second.

mod bucket;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use self::bucket::Bucket;
use super::tap::tap;
use super::{Clock, SystemClock};
use crate::{
    Body, ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, Upload,
};

/// Lets so many bytes of blobs pass in a second, read and written together, and if asked so many operations.
///
/// It is a token bucket that holds one second's worth and is full at first, shared by all clones: in any `t` seconds at
/// most `rate * (t + 1)` bytes pass. Bytes are counted where they leave the stream of a download, or the body of an
/// upload; chunks larger than the bucket are handed on in parts. A download that waits is not read from, so that the
/// sender is slowed down too. It adds no request.
///
/// Operations are calls of the ports, completing and cancelling an upload and listing tags included, each counted once.
///
/// It does NOT count the bytes of manifests, of lists, or of the protocol, nor those that a lower layer reads and throws
/// away or sends again: `Throttle(.., Retry(..))` counts what is delivered, `Retry(3, Throttle(..))` what is moved. A
/// registry may hang up on an upload that is much too slow for it.
///
/// ```
/// use lockage_registry::{Memory, Throttle};
/// let registry = Throttle::new(1_000_000, Memory::new("registry.test".parse()?));
/// assert_eq!(registry.to_string(), "Throttle(1000000 B/s, memory registry.test)");
/// let registry = registry.with_operations_per_second(50);
/// assert_eq!(registry.to_string(), "Throttle(1000000 B/s, 50 calls/s, memory registry.test)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Throttle<T> {
    inner: T,
    clock: Arc<dyn Clock>,
    bytes: Bucket,
    operations: Option<Bucket>,
}

impl<T> Throttle<T> {
    /// Lets `bytes_per_second` bytes pass to and from `inner` together. 0 counts as 1.
    #[must_use]
    pub fn new(bytes_per_second: u64, inner: T) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let bytes = Bucket::new(bytes_per_second, bytes_per_second, Arc::clone(&clock));
        Self { inner, clock, bytes, operations: None }
    }

    /// Begins at most so many operations in a second, with a bucket as deep. 0 counts as 1.
    #[must_use]
    pub fn with_operations_per_second(mut self, operations: u64) -> Self {
        self.operations = Some(Bucket::new(operations, operations, Arc::clone(&self.clock)));
        self
    }

    /// Waits on this clock, with buckets that are full.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.bytes = self.bytes.on(&clock);
        self.operations = self.operations.map(|bucket| bucket.on(&clock));
        self.clock = clock;
        self
    }

    /// The wrapped registry.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }

    async fn operation(&self) {
        operation(self.operations.as_ref()).await;
    }
}

async fn operation(bucket: Option<&Bucket>) {
    if let Some(bucket) = bucket {
        bucket.take(1).await;
    }
}

/// `stream`, no faster than the bucket fills.
fn throttled(stream: ByteStream, bucket: Bucket) -> ByteStream {
    let rest = bytes::Bytes::new();
    stream::unfold((stream, bucket, rest), |(mut stream, bucket, mut rest)| async move {
        if rest.is_empty() {
            match stream.next().await? {
                Ok(chunk) => rest = chunk,
                Err(error) => return Some((Err(error), (stream, bucket, rest))),
            }
        }
        let depth = usize::try_from(bucket.depth()).unwrap_or(usize::MAX);
        let part = rest.split_to(depth.min(rest.len()));
        bucket.take(part.len() as u64).await;
        Some((Ok(part), (stream, bucket, rest)))
    })
    .boxed()
}

impl<T: fmt::Display> fmt::Display for Throttle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Throttle({} B/s, ", self.bytes.rate())?;
        if let Some(operations) = &self.operations {
            write!(f, "{} calls/s, ", operations.rate())?;
        }
        write!(f, "{})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Throttle<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.operation().await;
        self.inner.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.operation().await;
        self.inner.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.operation().await;
        self.inner.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.operation().await;
        Ok(throttled(self.inner.blob(repo, blob, from).await?, self.bytes.clone()))
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let begun = async move {
            self.operation().await;
            self.inner.tags(repo)
        };
        stream::once(begun).flatten().boxed()
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.operation().await;
        self.inner.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Throttle<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.operation().await;
        self.inner.put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.operation().await;
        Ok(match self.inner.open_blob(repo, blob, from).await? {
            Opened::Present => Opened::Present,
            Opened::Upload(inner) => Opened::Upload(Box::new(Session {
                inner,
                bytes: self.bytes.clone(),
                operations: self.operations.clone(),
            })),
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Throttle<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.operation().await;
        self.inner.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.operation().await;
        self.inner.delete_tag(repo, tag).await
    }
}

#[derive(Debug)]
struct Session {
    inner: Box<dyn Upload>,
    bytes: Bucket,
    operations: Option<Bucket>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let Self { inner, bytes, operations } = *self;
        operation(operations.as_ref()).await;
        inner.complete(tap(body, move |stream| throttled(stream, bytes.clone())).await?).await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        let Self { inner, operations, .. } = *self;
        operation(operations.as_ref()).await;
        inner.cancel().await
    }
}
