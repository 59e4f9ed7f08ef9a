//! `Registries` as one registry: each call goes to what holds the repository.

use std::fmt;

use futures::stream::BoxStream;
use lockage_registry::{
    ByteStream, Descriptor, Digest, Opened, Prune, RawManifest, Repository, Result, Source, Stored, Tag, TagOrDigest,
    Target,
};

use super::Registries;

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registries({self})")
    }
}

impl fmt::Display for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.client)?;
        self.layouts.values().try_for_each(|layout| write!(f, ", {layout}"))
    }
}

#[async_trait::async_trait]
impl Source for Registries {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.of(repo).resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.of(repo).manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.of(repo).stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.of(repo).blob(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.of(repo).tags(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.of(repo).referrers(repo, subject, artifact_type).await
    }
}

#[async_trait::async_trait]
impl Target for Registries {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.of(repo).put_manifest(repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        // What another holds cannot be mounted.
        let one = from.filter(|from| std::ptr::addr_eq(self.of(from), self.of(repo)));
        self.of(repo).open_blob(repo, blob, one).await
    }
}

#[async_trait::async_trait]
impl Prune for Registries {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.of(repo).delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.of(repo).delete_tag(repo, tag).await
    }
}
