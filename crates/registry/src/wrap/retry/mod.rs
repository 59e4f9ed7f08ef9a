//! `Retry`: what failed for the moment is tried again.

mod attempts;
mod download;
mod listing;
mod upload;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use self::attempts::Waiting;
use super::{Clock, SystemClock};
use crate::{
    ByteStream, Descriptor, Error, ErrorKind, Opened, Prune, RawManifest, Result, RetryPolicy, Source, Stored,
    TagOrDigest, Target,
};

/// Tries again what failed with an error that [is temporary](Error::is_temporary), as often and as late as a
/// [`RetryPolicy`] says.
///
/// An error that is permanent, or that a layer below has retried already, is passed on as it is, so that two layers of
/// retries do not multiply. What is given up becomes such an error itself: it
/// [counts its attempts](Error::attempts) and [is](Error::status) [`Persistent`](crate::Status::Persistent).
///
/// * **A download** that breaks is continued from the byte that it had reached. Each time it got further, counting
///   starts anew; it is given up where it breaks so often on one spot.
/// * **An upload** that fails is sent again in a new session, where its body can be sent again
///   ([`Body::try_clone`](crate::Body::try_clone)). A body that can be read once is never retried, and its error stays
///   temporary. Where the new session turns out not to be needed, the answer was lost and not the blob: it is done.
/// * **A listing of tags** that breaks is started again, and the tags that have been yielded already are left out: as
///   in any listing, a tag that comes or goes meanwhile may or may not be in it. The tags yielded are kept for that.
/// * **A delete** whose answer may have been lost is done when the next attempt finds nothing to delete. Where all
///   that went before was a refusal (429), it is not found.
/// * **A tag** whose answer may have been lost, and which is then refused as immutable, is done where it holds the
///   manifest that was put.
///
/// A retry costs the requests of the call once more. A stack reads from the outside in: `Limit(16, Retry(..))` holds a
/// permit through the waits, `Retry(3, Limit(..))` gives it back; a [`Trace`](crate::Trace) inside sees every
/// attempt, and one outside sees each call once.
///
/// It does NOT verify ([`Verify`](crate::Verify) around it does), notice a stream that ends too early without an
/// error, limit the time of a call, or make several calls one: a copy that failed between two of them is for its caller
/// to repeat. The session of an upload that failed is left to the registry, which lets it expire. It is not needed over
/// a client that retries by itself, and does no harm there.
///
/// The wrapped type is `Clone`, because streams and sessions outlive the call that they come from: put one that is not
/// into an `Arc`.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # futures::executor::block_on(async {
/// use lockage_registry::testing::{Fault, Faulty};
/// use lockage_registry::{ErrorKind, Memory, Retry, RetryPolicy, Source, TagOrDigest};
///
/// let flaky = Faulty::new(Memory::new("registry.test".parse()?)).fail(0, Fault::Before(ErrorKind::Unavailable));
/// let registry = Retry::new(flaky, RetryPolicy::default().with_attempts(3));
/// assert_eq!(registry.to_string(), "Retry(3, Faulty(memory registry.test))");
///
/// let at = TagOrDigest::Tag("v1".parse()?);
/// let error = registry.resolve(&"registry.test/app".parse()?, &at).await.unwrap_err();
/// assert!(error.is_not_found()); // which is not temporary: the first attempt was answered 503, the second 404
/// assert_eq!(registry.into_inner().calls(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Retry<T> {
    inner: T,
    waiting: Waiting,
}

impl<T> Retry<T> {
    /// Tries again what `inner` failed at, as `policy` says.
    #[must_use]
    pub fn new(inner: T, policy: RetryPolicy) -> Self {
        Self { inner, waiting: Waiting::new(policy, Arc::new(SystemClock::new())) }
    }

    /// Waits on this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.waiting.clock = clock;
        self
    }

    /// Draws from `random` the part of each wait that is waited, from 0 to 1.
    #[must_use]
    pub fn with_jitter(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.waiting.random = Arc::new(random);
        self
    }

    /// The wrapped registry.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: fmt::Display> fmt::Display for Retry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Retry({}, {})", self.waiting.policy.attempts.max(1), self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source + Clone + 'static> Source for Retry<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.waiting.call(|| self.inner.resolve(repo, what)).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.waiting.call(|| self.inner.manifest(repo, what)).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.waiting.call(|| self.inner.stat_blob(repo, blob)).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        download::start(self.inner.clone(), self.waiting.clone(), repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        listing::tags(&self.inner, &self.waiting, repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.waiting.call(|| self.inner.referrers(repo, subject, artifact_type)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target + Clone + 'static> Target for Retry<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let mut attempts = self.waiting.attempts();
        loop {
            match self.inner.put_manifest(repo, manifest, at).await {
                Err(error) if error.kind() == ErrorKind::TagImmutable && attempts.may_have_worked() => {
                    return self.put_before(repo, manifest, at, error).await;
                }
                Err(error) => attempts.again(error).await?,
                stored => return stored,
            }
        }
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let opened = self.waiting.call(|| self.inner.open_blob(repo, blob, from)).await?;
        Ok(upload::retried(opened, &self.inner, &self.waiting, repo, blob))
    }
}

impl<T: Target + Clone + 'static> Retry<T> {
    /// The answer to a put that was refused because an attempt before it, whose answer was lost, had made the tag.
    async fn put_before(
        &self,
        repo: &Repository,
        manifest: &RawManifest,
        at: &TagOrDigest,
        refused: Error,
    ) -> Result<Stored> {
        // The lost answer said whether the subject was indexed. Where that matters, it cannot be made up.
        if manifest.view()?.subject.is_some() {
            return Err(refused);
        }
        match self.resolve(repo, at).await {
            Ok(held) if held.digest == *manifest.digest() => Ok(Stored::new(held.digest, false)),
            _ => Err(refused),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune + Clone + 'static> Prune for Retry<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.waiting.delete(|| self.inner.delete_manifest(repo, digest)).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.waiting.delete(|| self.inner.delete_tag(repo, tag)).await
    }
}
