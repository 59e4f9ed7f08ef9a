//! `Look`: where is looked, and how much of it may still be read.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use lockage_registry::{Descriptor, Digest, RawManifest, Repository, Source, SourceExt as _, TagOrDigest};

use super::AT_ONCE;
use crate::policy::Limits;
use crate::{Error, Result};

/// A repository that is looked at, and the bytes that have been read of it so far.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) repo: &'a Repository,
    pub(crate) limits: Limits,
    pub(crate) at_once: usize,
    read: AtomicU64,
}

impl<'a> Look<'a> {
    pub(crate) fn new(source: &'a dyn Source, repo: &'a Repository, limits: &Limits) -> Self {
        Self { source, repo, limits: *limits, at_once: AT_ONCE, read: AtomicU64::new(0) }
    }

    /// A manifest, its digest checked here and its bytes counted.
    pub(crate) async fn manifest(&self, digest: &Digest) -> Result<RawManifest> {
        let raw = self.source.manifest(self.repo, &TagOrDigest::Digest(digest.clone())).await?;
        let raw = RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?;
        self.count(digest, raw.descriptor().size)?;
        Ok(raw)
    }

    /// What is under a tag, if anything is; its bytes counted.
    pub(crate) async fn tagged(&self, tag: &lockage_registry::Tag) -> Result<Option<RawManifest>> {
        match self.source.manifest(self.repo, &TagOrDigest::Tag(tag.clone())).await {
            Ok(raw) => {
                self.count(raw.digest(), raw.descriptor().size)?;
                Ok(Some(raw))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A blob, hashed, which will be kept `times` times.
    pub(crate) async fn document(&self, blob: &Descriptor, times: usize) -> Result<Bytes> {
        if blob.size > self.limits.document {
            return Err(Error::TooMuch {
                place: self.place(&blob.digest),
                what: format!("a document of {} bytes", blob.size),
                limit: self.limits.document,
            });
        }
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        // Before it is read, so that it is not read in vain.
        self.count(&blob.digest, blob.size.saturating_mul(times))?;
        Ok(self.source.read_blob(self.repo, blob, self.limits.document).await?)
    }

    /// How errors call something in the repository.
    pub(crate) fn place(&self, digest: &Digest) -> String {
        format!("{}@{digest}", self.repo)
    }

    fn count(&self, digest: &Digest, bytes: u64) -> Result<()> {
        let add = |read: u64| read.checked_add(bytes).filter(|all| *all <= self.limits.total);
        match self.read.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => Ok(()),
            Err(read) => Err(Error::TooMuch {
                place: self.place(digest),
                what: format!("{bytes} bytes more, after {read}"),
                limit: self.limits.total,
            }),
        }
    }
}
