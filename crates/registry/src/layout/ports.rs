//! The ports of an `OciLayout`: each a few steps on the disk, taken where they block nobody.

use std::fs::File;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::OciLayout;
use super::disk::{self, blocking};
use super::read::pieces;
use super::upload::Session;
use crate::{ByteStream, Descriptor, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target, backend};

#[async_trait]
impl Source for OciLayout {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        let (layout, what) = (self.layout("resolve", repo)?, what.clone());
        blocking(move || layout.resolve(&what)).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let (layout, what) = (self.layout("pull manifest", repo)?, what.clone());
        blocking(move || layout.manifest(&what)).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let (layout, blob) = (self.layout("look for blob", repo)?, blob.clone());
        blocking(move || {
            disk::length(&layout.blob(&blob))?
                .ok_or_else(|| backend::blob_unknown("look for blob", layout.repo(), &blob))
        })
        .await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        const OPERATION: &str = "pull blob";
        let (layout, digest) = (self.layout(OPERATION, repo)?, blob.digest.clone());
        blocking(move || {
            let path = layout.blob(&digest);
            let failed = |e| disk::failed("read", &path, e);
            let file = disk::if_there(File::open(&path)).map_err(failed)?;
            let file = file.ok_or_else(|| backend::blob_unknown(OPERATION, layout.repo(), &digest))?;
            let length = file.metadata().map_err(failed)?.len();
            backend::within(OPERATION, layout.repo(), &digest, from, length)?;
            pieces(file, path, from)
        })
        .await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let listed = async move {
            let layout = self.layout("list tags", repo)?;
            let tags = blocking(move || layout.tags()).await?;
            Ok(stream::iter(tags.into_iter().map(Ok)))
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let (layout, subject) = (self.layout("list referrers", repo)?, subject.clone());
        let found = blocking(move || layout.referrers(&subject)).await?;
        Ok(backend::listed(found, artifact_type))
    }
}

#[async_trait]
impl Target for OciLayout {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let layout = self.layout("push manifest", repo)?;
        let view = backend::acceptable(repo, manifest, at)?;
        let (manifest, at, missing) = (manifest.clone(), at.clone(), self.missing);
        blocking(move || layout.put(&manifest, &view, &at, missing)).await
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let (layout, blob) = (self.layout("push blob", repo)?, blob.clone());
        let from = from.and_then(|from| self.layout("mount blob", from).ok());
        blocking(move || {
            let path = layout.blob(&blob.digest);
            if disk::length(&path)?.is_some() {
                return Ok(Opened::Present);
            }
            if let Some(from) = from.map(|from| from.blob(&blob.digest))
                && disk::length(&from)?.is_some()
            {
                layout.prepare()?;
                if layout.root().mount(&from, &path)? {
                    return Ok(Opened::Present);
                }
            }
            Ok(Opened::Upload(Box::new(Session { layout, blob })))
        })
        .await
    }
}

#[async_trait]
impl Prune for OciLayout {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let (layout, digest) = (self.layout("delete manifest", repo)?, digest.clone());
        blocking(move || layout.delete_manifest(&digest)).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let (layout, tag) = (self.layout("delete tag", repo)?, tag.clone());
        blocking(move || layout.delete_tag(&tag)).await
    }
}
