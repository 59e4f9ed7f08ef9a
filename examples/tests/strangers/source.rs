//! A source of one's own: images on a shelf.
use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_registry::{Body, ByteStream, Descriptor, Digest, Error, ErrorKind, RawManifest};
use lockage_registry::{Repository, Result, Source, Tag, TagOrDigest};

#[derive(Debug, Default)]
pub struct Shelf {
    pub manifests: HashMap<Digest, RawManifest>,
    pub blobs: HashMap<Digest, Bytes>,
    pub tags: BTreeMap<Tag, Digest>,
}

impl std::fmt::Display for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("shelf")
    }
}

impl Shelf {
    fn find(&self, digest: &Digest) -> Result<&Bytes> {
        self.blobs.get(digest).ok_or_else(|| Error::new(ErrorKind::NotFound, "find blob", digest))
    }
}

#[async_trait]
impl Source for Shelf {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        Ok(self.manifest(repo, what).await?.descriptor().clone())
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let digest = what.digest().or_else(|| self.tags.get(what.tag()?));
        let found = digest.and_then(|digest| self.manifests.get(digest)).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "find manifest", what.after(repo)))
    }

    async fn stat_blob(&self, _: &Repository, blob: &Digest) -> Result<u64> {
        Ok(self.find(blob)?.len() as u64)
    }

    async fn blob(&self, _: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        Body::bytes(self.find(&blob.digest)?.clone()).open(from).await
    }

    fn tags<'a>(&'a self, _: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        stream::iter(self.tags.keys().cloned().map(Ok)).boxed()
    }

    async fn referrers(&self, repo: &Repository, _: &Digest, _: Option<&str>) -> Result<Vec<Descriptor>> {
        Err(Error::new(ErrorKind::Unsupported, "list referrers", repo))
    }
}
