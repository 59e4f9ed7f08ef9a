//! The ports: what a registry can be asked, split by privilege.
//!
//! Code that plans takes a [`Source`] and cannot write; code that copies takes a [`Source`] and a [`Target`]; only the
//! executor of a retention plan is ever given something that can [`Prune`].

use std::fmt::{Debug, Display};

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use crate::{Body, ByteStream, Descriptor, RawManifest, Result, TagOrDigest};

/// Reads manifests, blobs, tags and referrers.
///
/// `Display` names the registry, or the stack of wrappers around it: `Verify(memory registry.test)`.
///
/// A planner that is given a `Source` cannot write, by type:
///
/// ```compile_fail
/// use lockage_registry::{RawManifest, Repository, Source, TagOrDigest};
/// async fn plan(source: &dyn Source, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) {
///     source.put_manifest(repo, manifest, at).await; // no method named `put_manifest` found
/// }
/// ```
#[async_trait]
pub trait Source: Debug + Display + Send + Sync {
    /// The type, digest and size of a manifest, without its bytes: one HEAD over HTTP.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where the registry says that there is none; any other error means
    /// that it is not known.
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor>;

    /// A manifest exactly as the registry serves it, its digest checked: one GET over HTTP.
    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest>;

    /// The size of a blob in bytes: one HEAD over HTTP, no body.
    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64>;

    /// The raw bytes of a blob from offset `from` on: one GET over HTTP.
    ///
    /// They are not verified here, so that they are hashed once and not twice: the copy engine does it, and
    /// [`Verify`](crate::Verify) does it for every other reader.
    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream>;

    /// All tags of a repository, a page at a time as they are asked for.
    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>>;

    /// The manifests whose `subject` is `subject`, those of one artifact type if one is given.
    ///
    /// # Errors
    /// An empty list means that the registry said so; whatever could not be read is an error, never an empty list.
    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>>;
}

/// Writes manifests and blobs.
#[async_trait]
pub trait Target: Source {
    /// Stores a manifest under a tag or its digest: one PUT over HTTP. What it points at must be there already.
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored>;

    /// Asks at once whether a blob is there, can be mounted from the repository `from` of the same registry, or must
    /// be uploaded: one POST over HTTP, and the upload session that it may open is the one that is used.
    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened>;
}

/// Deletes.
#[async_trait]
pub trait Prune: Source {
    /// Deletes a manifest, and with it every tag that points at it.
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()>;

    /// Deletes a tag and leaves its manifest.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) on the many registries that cannot.
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()>;
}

/// Everything: what a server serves.
pub trait Registry: Target + Prune {}

impl<T: Target + Prune + ?Sized> Registry for T {}

/// What became of a manifest that was put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The digest under which it is stored, which is that of the bytes sent.
    pub digest: Digest,
    /// True where the registry has entered the manifest among the referrers of its subject; false where it has no
    /// referrers API (no `OCI-Subject` header) and the fallback tag must be kept by the client.
    pub subject_indexed: bool,
}

impl Stored {
    /// A manifest that is stored under this digest.
    #[must_use]
    pub fn new(digest: Digest, subject_indexed: bool) -> Self {
        Self { digest, subject_indexed }
    }
}

/// What the target answered when it was asked for a blob.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a POST for an upload has these two good answers: 201 and 202")]
pub enum Opened {
    /// It is there, or it has been mounted: a registry answers 201 to both.
    Present,
    /// It must be uploaded, by this session.
    Upload(Box<dyn Upload>),
}

/// An upload session: used for the blob that it was opened for, or cancelled.
#[async_trait]
pub trait Upload: Debug + Send {
    /// Sends the whole blob and has the registry check and store it.
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()>;

    /// Gives the session up, so that the registry need not keep it until it expires.
    async fn cancel(self: Box<Self>) -> Result<()>;
}

/// Sugar over [`Source`]; implemented for every one, and not to be implemented.
#[async_trait]
pub trait SourceExt: Source {
    /// A small blob, whole and verified.
    ///
    /// # Errors
    /// [`TooLarge`](crate::ErrorKind::TooLarge) where the descriptor promises more than `limit` bytes.
    async fn read_blob(&self, repo: &Repository, blob: &Descriptor, limit: u64) -> Result<bytes::Bytes> {
        crate::verify::read(self, repo, blob, limit).await
    }
}

impl<T: Source + ?Sized> SourceExt for T {}

/// Sugar over [`Target`]; implemented for every one, and not to be implemented.
#[async_trait]
pub trait TargetExt: Target {
    /// Stores a blob unless it is there: one POST, and one PUT where it is not.
    async fn put_blob(&self, repo: &Repository, blob: &Descriptor, body: Body<'_>) -> Result<()> {
        match self.open_blob(repo, blob, None).await? {
            Opened::Present => Ok(()),
            Opened::Upload(session) => session.complete(body).await,
        }
    }
}

impl<T: Target + ?Sized> TargetExt for T {}

/// A pointer to a port is that port.
macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Source + ?Sized> Source for $pointer {
            async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
                (**self).resolve(repo, what).await
            }
            async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
                (**self).manifest(repo, what).await
            }
            async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
                (**self).stat_blob(repo, blob).await
            }
            async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
                (**self).blob(repo, blob, from).await
            }
            fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
                (**self).tags(repo)
            }
            async fn referrers(
                &self,
                repo: &Repository,
                subject: &Digest,
                artifact_type: Option<&str>,
            ) -> Result<Vec<Descriptor>> {
                (**self).referrers(repo, subject, artifact_type).await
            }
        }

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Target + ?Sized> Target for $pointer {
            async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
                (**self).put_manifest(repo, manifest, at).await
            }
            async fn open_blob(
                &self,
                repo: &Repository,
                blob: &Descriptor,
                from: Option<&Repository>,
            ) -> Result<Opened> {
                (**self).open_blob(repo, blob, from).await
            }
        }

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Prune + ?Sized> Prune for $pointer {
            async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
                (**self).delete_manifest(repo, digest).await
            }
            async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
                (**self).delete_tag(repo, tag).await
            }
        }
    )+};
}

forward!(&T, Box<T>, std::sync::Arc<T>);

/// Every port can be a trait object, and a registry can be handed on with fewer rights.
const _: () = {
    fn _fewer_rights(registry: std::sync::Arc<dyn Registry>) -> std::sync::Arc<dyn Source> {
        registry
    }
};
