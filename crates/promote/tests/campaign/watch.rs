//! Watch: a backend that looks, whenever the tag is about to be written, whether all of the image is there.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_registry::{
    ByteStream, Descriptor, Digest, Opened, Prune, RawManifest, Registry, Repository, Result, Source, Stored, Tag,
    TagOrDigest, Target,
};

use crate::check::{Before, Look};
use crate::freight::Freight;

/// What a copy is about, as the backends name it.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) freight: Freight,
    pub(crate) before: Before,
    pub(crate) from: Repository,
    pub(crate) to: Repository,
    pub(crate) tag: Tag,
    /// Whether the target gives its clients the referrers API.
    pub(crate) api: bool,
}

#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) behind: Arc<dyn Registry>,
    pub(crate) api: bool,
    pub(crate) mounts: bool,
    pub(crate) errand: Arc<Errand>,
    /// What was wrong when the tag was written.
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    pub(crate) fn new(behind: Arc<dyn Registry>, api: bool, mounts: bool, errand: &Arc<Errand>) -> Self {
        Self { behind, api, mounts, errand: Arc::clone(errand), wrong: Arc::default() }
    }

    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    async fn tag_is_early(&self, repo: &Repository, manifest: &RawManifest) {
        let errand = &self.errand;
        let found = if manifest != errand.freight.root() {
            Err(format!("the tag is given {}", manifest.digest()))
        } else {
            let look = Look { registry: &*self.behind, repo, api: errand.api };
            look.ready(&errand.freight, &errand.before).await
        };
        if let Err(why) = found {
            self.wrong.lock().unwrap().push(why);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({:?})", self.behind)
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.behind)
    }
}

#[async_trait]
impl Source for Watch {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.behind.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.behind.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.behind.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.behind.blob(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.behind.tags(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.behind.referrers(repo, subject, artifact_type).await
    }
}

#[async_trait]
impl Target for Watch {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        if *repo == self.errand.to && at.tag() == Some(&self.errand.tag) {
            self.tag_is_early(repo, manifest).await;
        }
        let stored = self.behind.put_manifest(repo, manifest, at).await?;
        // A registry without the API says nothing of subjects.
        Ok(Stored::new(stored.digest, stored.subject_indexed && self.api))
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.behind.open_blob(repo, blob, from.filter(|_| self.mounts)).await
    }
}

#[async_trait]
impl Prune for Watch {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.behind.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.behind.delete_tag(repo, tag).await
    }
}
