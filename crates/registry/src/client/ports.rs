//! The ports, implemented over HTTP: which request answers which question.

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};
use reqwest::Method;

use super::auth::Access;
use super::send::Request;
use super::{Client, answer, delete, download, manifests, pages, upload};
use crate::{
    ByteStream, Descriptor, ErrorKind, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target,
};

#[async_trait]
impl Source for Client {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        manifests::resolve(&self.host(repo)?, repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        manifests::get(&self.host(repo)?, repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let host = self.host(repo)?;
        let subject = format!("{repo}@{blob}");
        let request =
            Request::new("look for blob", &subject, Method::HEAD, host.blob_url(repo, blob), Access::pull(repo));
        let missing = request.error(ErrorKind::Protocol).with_message("answered without a Content-Length");
        let response = request.send(&host).await?;
        answer::content_length(response.headers()).ok_or(missing)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        download::read(&self.host(repo)?, repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        match self.host(repo) {
            Ok(host) => pages::tags(host, repo),
            Err(error) => futures::stream::once(async move { Err(error) }).boxed(),
        }
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        pages::referrers(&self.host(repo)?, repo, subject, artifact_type).await
    }
}

#[async_trait]
impl Target for Client {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        manifests::put(&self.host(repo)?, repo, manifest, at).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        upload::open(&self.host(repo)?, repo, blob, from).await
    }
}

#[async_trait]
impl Prune for Client {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        delete::manifest(&self.host(repo)?, repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        delete::tag(self, &self.host(repo)?, repo, tag).await
    }
}
