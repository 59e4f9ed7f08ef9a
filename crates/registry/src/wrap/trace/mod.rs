//! `Trace`: one event a call, for whoever collects them.

mod report;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use self::report::Report;
use super::tap::tap;
use super::{Clock, SystemClock};
use crate::{
    Body, ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, Upload,
};

/// Tells a [`tracing`] subscriber about every call when it ends, with one event under the target `lockage_registry`.
///
/// | field | is |
/// |---|---|
/// | `operation` | `resolve`, `pull manifest`, `look for blob`, `pull blob`, `list tags`, `list referrers`, `push manifest`, `open upload`, `complete upload`, `cancel upload`, `delete manifest`, `delete tag` |
/// | `repository` | with its host |
/// | `reference` | the tag or digest; the subject of referrers; absent for a listing of tags |
/// | `from` | the repository to mount from, or the offset of a download that is not 0 |
/// | `bytes` | of the manifest, or of the blob as far as it went |
/// | `items` | how many tags or referrers there were |
/// | `elapsed_ms` | from the call to its end; for a stream to its last item |
/// | `outcome` | `ok`, `present`, the [kind](crate::ErrorKind) of the error, or `dropped` |
/// | `error` | the error in one line, where there was one |
///
/// An error is a warning, and all else is for debugging: "not found" too, which is often the answer that was hoped
/// for. A download or a listing tells when its stream ends, and one that is dropped before that was `dropped`,
/// like any call whose future was. It adds no request.
///
/// No secret is told: there is none in names, digests and [errors](crate::Error). It does NOT tell content, subscribe
/// anything, or see what lies below a call: over HTTP, that is one request or several.
///
/// ```
/// use lockage_registry::{Memory, Trace};
/// let registry = Trace::new(Memory::new("registry.test".parse()?));
/// assert_eq!(registry.to_string(), "Trace(memory registry.test)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trace<T> {
    inner: T,
    clock: Arc<dyn Clock>,
}

impl<T> Trace<T> {
    /// Tells about the calls of `inner`.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self { inner, clock: Arc::new(SystemClock::new()) }
    }

    /// Measures with this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The wrapped registry.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn begin(&self, operation: &'static str, repo: &Repository) -> Report {
        Report::begin(operation, repo, &self.clock)
    }
}

impl<T: fmt::Display> fmt::Display for Trace<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Trace<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        let report = self.begin("resolve", repo).about(what);
        report.end(self.inner.resolve(repo, what).await)
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let mut report = self.begin("pull manifest", repo).about(what);
        let result = self.inner.manifest(repo, what).await;
        if let Ok(manifest) = &result {
            report.bytes(manifest.bytes().len());
        }
        report.end(result)
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let report = self.begin("look for blob", repo).about(blob);
        report.end(self.inner.stat_blob(repo, blob).await)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let report = self.begin("pull blob", repo).about(&blob.digest).from((from > 0).then_some(from));
        match self.inner.blob(repo, blob, from).await {
            Ok(stream) => Ok(report.watch(stream, |report, chunk| report.bytes(chunk.len()))),
            Err(error) => report.end(Err(error)),
        }
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.begin("list tags", repo).watch(self.inner.tags(repo), |report, _| report.items(1))
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let mut report = self.begin("list referrers", repo).about(subject);
        let result = self.inner.referrers(repo, subject, artifact_type).await;
        if let Ok(found) = &result {
            report.items(found.len());
        }
        report.end(result)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Trace<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let mut report = self.begin("push manifest", repo).about(at);
        report.bytes(manifest.bytes().len());
        report.end(self.inner.put_manifest(repo, manifest, at).await)
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let report = self.begin("open upload", repo).about(&blob.digest).from(from);
        match self.inner.open_blob(repo, blob, from).await {
            Ok(Opened::Present) => report.end_as("present", Ok(Opened::Present)),
            Ok(Opened::Upload(inner)) => {
                let (repo, blob, clock) = (repo.clone(), blob.digest.clone(), Arc::clone(&self.clock));
                report.end(Ok(Opened::Upload(Box::new(Session { inner, repo, blob, clock }))))
            }
            Err(error) => report.end(Err(error)),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Trace<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let report = self.begin("delete manifest", repo).about(digest);
        report.end(self.inner.delete_manifest(repo, digest).await)
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let report = self.begin("delete tag", repo).about(tag);
        report.end(self.inner.delete_tag(repo, tag).await)
    }
}

#[derive(Debug)]
struct Session {
    inner: Box<dyn Upload>,
    repo: Repository,
    blob: Digest,
    clock: Arc<dyn Clock>,
}

impl Session {
    fn begin(&self, operation: &'static str) -> Report {
        Report::begin(operation, &self.repo, &self.clock).about(&self.blob)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let mut report = self.begin("complete upload");
        // Counted as they are sent: a body may be opened more than once.
        let moved = report.moved();
        let body = tap(body, move |stream| moved.watch(stream)).await;
        match body {
            Ok(body) => report.end(self.inner.complete(body).await),
            Err(error) => report.end(Err(error)),
        }
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        let report = self.begin("cancel upload");
        report.end(self.inner.cancel().await)
    }
}
