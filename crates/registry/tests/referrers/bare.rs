//! `Bare`: a registry without the referrers API, in memory.

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_registry::testing::fixtures::Image;
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, Memory, Opened, RawManifest, Repository, Result, Source, Stored, Tag,
    TagOrDigest, Target, TargetExt,
};

#[derive(Clone, Debug)]
pub(crate) struct Bare(pub(crate) Memory);

impl Bare {
    pub(crate) fn new() -> Self {
        Self(Memory::new("registry.test".parse().unwrap()))
    }

    pub(crate) async fn put(&self, manifest: &RawManifest, at: &str) {
        self.0.put_manifest(&repo(), manifest, &TagOrDigest::Tag(at.parse().unwrap())).await.unwrap();
    }

    pub(crate) async fn get(&self, at: &str) -> RawManifest {
        self.0.manifest(&repo(), &TagOrDigest::Tag(at.parse().unwrap())).await.unwrap()
    }

    pub(crate) async fn blobs(&self, image: &Image) {
        for (blob, bytes) in &image.blobs {
            self.0.put_blob(&repo(), blob, Body::bytes(bytes.clone())).await.unwrap();
        }
    }
}

pub(crate) fn repo() -> Repository {
    "registry.test/app".parse().unwrap()
}

impl std::fmt::Display for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bare({})", self.0)
    }
}

#[async_trait]
impl Source for Bare {
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
    async fn referrers(&self, _: &Repository, _: &Digest, _: Option<&str>) -> Result<Vec<Descriptor>> {
        panic!("nothing here lists referrers")
    }
}

#[async_trait]
impl Target for Bare {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let stored = self.0.put_manifest(repo, manifest, at).await?;
        Ok(Stored::new(stored.digest, false))
    }
    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.0.open_blob(repo, blob, from).await
    }
}
