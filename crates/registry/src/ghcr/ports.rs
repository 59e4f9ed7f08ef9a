//! The ports: reading and writing are the client's, deleting is that of the Packages API.

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Digest, Repository, Tag};

use super::Ghcr;
use crate::{ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Source> Source for Ghcr<C> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.registry.resolve(repo, what).await
    }
    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.registry.manifest(repo, what).await
    }
    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.registry.stat_blob(repo, blob).await
    }
    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.registry.blob(repo, blob, from).await
    }
    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.registry.tags(repo)
    }
    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.registry.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Target> Target for Ghcr<C> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.registry.put_manifest(repo, manifest, at).await
    }
    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.registry.open_blob(repo, blob, from).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Target> Prune for Ghcr<C> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let version = self.packages.find(repo, digest).await?;
        self.packages.delete(repo, version.id).await
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.untag(repo, tag).await
    }
}
