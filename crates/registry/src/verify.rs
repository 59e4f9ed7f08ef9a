//! `Verify`: no byte of a blob is believed before its digest is checked.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use crate::{
    Body, ByteStream, Descriptor, Error, ErrorKind, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest,
    Target, Verifier, body,
};

/// Checks size and digest of every blob that is read through it.
///
/// The stream ends in an error, in place of its last bytes, where they are not what the descriptor promises: whoever
/// reads it to its end without an error has the right bytes. It adds no request, and one pass of hashing; a read from
/// an offset fetches the blob from its start, because a part of it cannot be checked.
///
/// It does NOT check what is written, nor whether a descriptor is the one that was meant.
#[derive(Clone, Debug)]
pub struct Verify<T>(T);

impl<T> Verify<T> {
    /// Verifies what is read from `inner`.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self(inner)
    }

    /// The wrapped registry.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: fmt::Display> fmt::Display for Verify<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verify({})", self.0)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Verify<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.0.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let manifest = self.0.manifest(repo, what).await?;
        match what {
            TagOrDigest::Tag(_) => Ok(manifest),
            TagOrDigest::Digest(digest) => {
                RawManifest::verified(manifest.media_type(), manifest.bytes().clone(), digest)
            }
        }
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.0.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let verified = verified(self.0.blob(repo, blob, 0).await?, blob)?;
        Ok(if from == 0 { verified } else { body::skip(verified, from) })
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
impl<T: Target> Target for Verify<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.0.put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.0.open_blob(repo, blob, from).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Verify<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.0.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.0.delete_tag(repo, tag).await
    }
}

/// `stream`, which must be a whole blob, with its size and digest checked as it passes.
///
/// The bytes that complete the blob are only handed on when the digest is right, so a receiver that needs all bytes
/// never gets a wrong blob whole.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a digest that cannot be computed; the stream fails with
/// [`SizeMismatch`](ErrorKind::SizeMismatch) or [`DigestMismatch`](ErrorKind::DigestMismatch).
pub fn verified(stream: ByteStream, blob: &Descriptor) -> Result<ByteStream> {
    Ok(Verifier::new(blob)?.check(stream, 0))
}

/// The whole of a small blob, verified.
pub(crate) async fn read<S: Source + ?Sized>(
    source: &S,
    repo: &Repository,
    blob: &Descriptor,
    limit: u64,
) -> Result<Bytes> {
    if blob.size > limit {
        return Err(Error::new(ErrorKind::TooLarge, "read blob", format_args!("{repo}@{}", blob.digest))
            .with_message(format_args!("{} bytes, and no more than {limit} are read here", blob.size)));
    }
    whole(source.blob(repo, blob, 0).await?, blob).await
}

/// A body, whole and verified: how a backend in memory receives an upload.
pub(crate) async fn collect(body: Body<'_>, blob: &Descriptor) -> Result<Bytes> {
    whole(body.open(0).await?, blob).await
}

async fn whole(stream: ByteStream, blob: &Descriptor) -> Result<Bytes> {
    let mut stream = verified(stream, blob)?;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes.freeze())
}
