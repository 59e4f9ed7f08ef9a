//! `ReadOnlyRegistry`: a whole registry, as a server wants one, that refuses every write.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use crate::{
    ByteStream, Descriptor, Error, ErrorKind, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target,
};

/// Reads from any [`Source`], and answers every write and delete with [`ErrorKind::Unsupported`].
///
/// For what asks for a [`Registry`](crate::Registry), such as a server that publishes a layout: the refusal comes while
/// it runs. Where a [`Source`] will do, [`ReadOnly`](crate::ReadOnly) refuses when it is compiled.
/// `Unsupported` and not `Denied`: no other credentials would help. No write reaches the wrapped registry.
///
/// ```
/// use std::sync::Arc;
/// use lockage_registry::{ErrorKind, Memory, ReadOnly, Registry};
/// # futures::executor::block_on(async {
/// let memory = Memory::new("registry.test".parse()?);
/// let registry: Arc<dyn Registry> = Arc::new(ReadOnly::new(memory).into_registry());
/// let repo = "registry.test/app".parse()?;
/// let refused = registry.delete_tag(&repo, &"v1".parse()?).await.unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Unsupported);
/// assert_eq!(refused.to_string(), "delete tag registry.test/app:v1: this registry is read-only");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ReadOnlyRegistry<T>(T);

impl<T> ReadOnlyRegistry<T> {
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
}

impl<T: fmt::Display> fmt::Display for ReadOnlyRegistry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadOnlyRegistry({})", self.0)
    }
}

fn refused<T>(operation: &'static str, subject: impl fmt::Display) -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, operation, subject)
        .with_message("this registry is read-only")
        .with_remedy("Write to the registry that it reads from.")
        .with_code("UNSUPPORTED", "this registry is read-only"))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for ReadOnlyRegistry<T> {
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

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Target for ReadOnlyRegistry<T> {
    async fn put_manifest(&self, repo: &Repository, _: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        refused("push manifest", at.after(repo))
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, _: Option<&Repository>) -> Result<Opened> {
        refused("push blob", format_args!("{repo}@{}", blob.digest))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Prune for ReadOnlyRegistry<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        refused("delete manifest", format_args!("{repo}@{digest}"))
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        refused("delete tag", format_args!("{repo}:{tag}"))
    }
}
