//! `ReadOnly`: a registry that can no longer be written to, by type.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use super::ReadOnlyRegistry;
use crate::{ByteStream, Descriptor, RawManifest, Result, Source, TagOrDigest};

/// Reads through to the wrapped registry, and is no [`Target`](crate::Target) and no [`Prune`](crate::Prune), whatever
/// the wrapped type is: writing does not compile.
///
/// An `Arc<dyn Registry>` that is handed on as an `Arc<dyn Source>` loses the same rights; `ReadOnly` is for generic
/// code, which would keep the concrete type and with it the right to write. What must be given a whole
/// [`Registry`](crate::Registry), such as a server, takes [`into_registry`](ReadOnly::into_registry), which refuses to
/// write while it runs.
///
/// It does NOT keep whoever built it from writing through another handle on the same registry, and
/// [`into_inner`](ReadOnly::into_inner) gives the rights back to whoever owns it. It adds no request.
///
/// ```
/// use lockage_registry::{Memory, ReadOnly, Source, TagOrDigest};
/// # futures::executor::block_on(async {
/// let source = ReadOnly::new(Memory::new("registry.test".parse()?));
/// assert_eq!(source.to_string(), "ReadOnly(memory registry.test)");
/// let repo = "registry.test/app".parse()?;
/// let none = source.resolve(&repo, &TagOrDigest::Tag("v1".parse()?)).await.unwrap_err();
/// assert!(none.is_not_found());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// ```compile_fail,E0599
/// use lockage_registry::{Digest, Memory, Prune, ReadOnly, Repository};
/// async fn forget(source: &ReadOnly<Memory>, repo: &Repository, digest: &Digest) {
///     source.delete_manifest(repo, digest).await; // the trait bounds of `delete_manifest` are not satisfied
/// }
/// ```
///
/// ```compile_fail,E0599
/// use lockage_registry::{Memory, RawManifest, ReadOnly, Repository, TagOrDigest, Target};
/// async fn publish(source: &ReadOnly<Memory>, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) {
///     source.put_manifest(repo, manifest, at).await; // the trait bounds of `put_manifest` are not satisfied
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ReadOnly<T>(T);

impl<T> ReadOnly<T> {
    /// Reads from `inner`.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self(inner)
    }

    /// The wrapped registry, with all its rights.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }

    /// A registry for whoever asks for one, such as a server: it reads the same and refuses every write.
    #[must_use]
    pub fn into_registry(self) -> ReadOnlyRegistry<T> {
        ReadOnlyRegistry::new(self.0)
    }
}

impl<T: fmt::Display> fmt::Display for ReadOnly<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadOnly({})", self.0)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for ReadOnly<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.0.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.0.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.0.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.0.blob(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.0.tags(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.0.referrers(repo, subject, artifact_type).await
    }
}
