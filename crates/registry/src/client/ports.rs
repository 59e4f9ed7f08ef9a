//! The ports, implemented over HTTP: which request answers which question.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};
use reqwest::Method;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{Client, answer, manifests, pages, range, upload};
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
        range::read(&self.host(repo)?, repo, blob, from).await
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
        delete(&self.host(repo)?, "delete manifest", repo, &digest.clone().into()).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let deleted = delete(&self.host(repo)?, "delete tag", repo, &tag.clone().into()).await;
        deleted.map_err(|error| {
            // distribution 2 takes digests only here, and says so by calling the tag a bad one.
            let takes_digests_only = error.oci_errors().iter().any(|e| e.code == "DIGEST_INVALID");
            match error.answer() {
                Some(_) if takes_digests_only => {
                    crate::Error::new(ErrorKind::Unsupported, error.operation(), error.subject())
                        .with_message("this registry cannot delete a tag without its manifest")
                        .with_remedy("Delete the manifest by digest where no other tag needs it.")
                        .with_source(error)
                }
                _ => error,
            }
        })
    }
}

/// DELETE of a manifest or a tag (distribution-spec, "Content Management").
async fn delete(host: &Arc<HostState>, operation: &'static str, repo: &Repository, what: &TagOrDigest) -> Result<()> {
    let url = host.manifest_url(repo, what);
    let request = Request::new(operation, what.after(repo), Method::DELETE, url, Access::delete(repo));
    request.send(host).await.map(|_| ())
}
