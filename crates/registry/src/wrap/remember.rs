//! `Remember`: manifests that were read once are read from the disk.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use crate::layout::disk::{self, blocking};
use crate::{ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target};

/// Keeps every manifest that is read in a folder, under its digest, and reads it from there ever after.
///
/// What a digest stands for never changes; whether a registry still has it does. So a manifest that is remembered costs one
/// HEAD instead of one GET: registries count GETs as pulls, which a policy by the time of the last pull would take for use,
/// and after 5,000 of which GitHub deletes no public image. A manifest that is read by its tag is asked for as ever, and kept.
///
/// What is in the folder is hashed before it is believed. What is damaged there is read again, and put right; what cannot be
/// written is an error, for a memory that keeps nothing is noticed by nobody. Several processes may share a folder. Nothing is
/// removed from it: delete it as a whole, whenever.
///
/// ```
/// use lockage_registry::{Memory, Remember};
/// let folder = tempfile::tempdir()?;
/// let registry = Remember::new(folder.path(), Memory::new("registry.test".parse()?));
/// assert_eq!(registry.to_string(), "Remember(memory registry.test)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Remember<T> {
    inner: T,
    folder: Arc<Path>,
}

impl<T> Remember<T> {
    /// Keeps in `folder`, which is made with the first manifest, what is read of `inner`.
    #[must_use]
    pub fn new(folder: impl AsRef<Path>, inner: T) -> Self {
        Self { inner, folder: folder.as_ref().into() }
    }

    /// The wrapped registry.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let shelf = hex.get(..2).unwrap_or_default();
        self.folder.join(digest.algorithm().to_string()).join(shelf).join(hex)
    }

    /// The bytes of a manifest, where they are there; whoever takes them hashes them.
    async fn recall(&self, digest: &Digest) -> Result<Option<Bytes>> {
        let path = self.path(digest);
        blocking(move || {
            let read = disk::if_there(fs::read(&path)).map_err(|error| disk::failed("read", &path, error))?;
            Ok(read.map(Bytes::from))
        })
        .await
    }

    async fn keep(&self, manifest: &RawManifest) -> Result<()> {
        let (path, bytes) = (self.path(manifest.digest()), manifest.bytes().clone());
        // Not forced onto the disk: what does not survive a crash is noticed, and read again.
        blocking(move || {
            let Some(shelf) = path.parent() else { return Ok(()) };
            let mut file = disk::temporary(shelf)?;
            file.write_all(&bytes).map_err(|error| disk::failed("write", file.path(), error))?;
            file.persist(&path).map_err(|error| disk::failed("write", &path, error.error))?;
            Ok(())
        })
        .await
    }
}

impl<T: fmt::Display> fmt::Display for Remember<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remember({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Remember<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.inner.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        if let TagOrDigest::Digest(digest) = what
            && let Some(bytes) = self.recall(digest).await?
        {
            let there = self.inner.resolve(repo, what).await?;
            // What does not hash to its name is as good as not there.
            if let Ok(manifest) = RawManifest::verified(there.media_type, bytes, digest) {
                return Ok(manifest);
            }
        }
        let manifest = self.inner.manifest(repo, what).await?;
        self.keep(&manifest).await?;
        Ok(manifest)
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.inner.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.inner.blob(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.inner.tags(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.inner.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Remember<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.inner.put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.inner.open_blob(repo, blob, from).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Remember<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.inner.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.inner.delete_tag(repo, tag).await
    }
}
