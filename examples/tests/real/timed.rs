//! A remover that keeps when it looked and when it deleted.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;
use std::time::Instant;

use lockage_policy::apply::{Caps, Removed, Remover, Stored};
use lockage_registry::{Digest, RawManifest, Repository, Result, Tag, TagOrDigest};

/// The same remover, with the time.
#[derive(Debug)]
pub(crate) struct Timed<R> {
    remover: R,
    looked: Mutex<Option<Instant>>,
    deleted: Mutex<HashMap<Digest, Instant>>,
}

impl<R> Timed<R> {
    pub(crate) fn new(remover: R) -> Self {
        Self { remover, looked: Mutex::default(), deleted: Mutex::default() }
    }

    /// When the last look at the tags began before this was deleted.
    pub(crate) fn last_look(&self, digest: &Digest) -> Option<Instant> {
        self.deleted.lock().unwrap().get(digest).copied()
    }
}

impl<R: fmt::Display> fmt::Display for Timed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remover.fmt(f)
    }
}

#[async_trait::async_trait]
impl<R: Remover> Remover for Timed<R> {
    fn caps(&self) -> Caps {
        self.remover.caps()
    }
    async fn head(&self, repo: &Repository, what: &TagOrDigest) -> Result<Option<Digest>> {
        self.remover.head(repo, what).await
    }
    async fn manifest(&self, repo: &Repository, digest: &Digest) -> Result<Option<RawManifest>> {
        self.remover.manifest(repo, digest).await
    }
    async fn tags(&self, repo: &Repository) -> Result<BTreeSet<Tag>> {
        *self.looked.lock().unwrap() = Some(Instant::now());
        self.remover.tags(repo).await
    }
    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<BTreeSet<Tag>>> {
        self.remover.tags_of(repo, digest).await
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Removed> {
        self.remover.delete_tag(repo, tag, expect).await
    }
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<Removed> {
        if let Some(looked) = *self.looked.lock().unwrap() {
            self.deleted.lock().unwrap().insert(digest.clone(), looked);
        }
        self.remover.delete_manifest(repo, digest).await
    }
    async fn forget_referrer(&self, repo: &Repository, subject: &Digest, gone: &Digest) -> Result<()> {
        self.remover.forget_referrer(repo, subject, gone).await
    }
    async fn restore(&self, repo: &Repository, what: &Stored) -> Result<()> {
        self.remover.restore(repo, what).await
    }
    async fn restore_tag(&self, repo: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        self.remover.restore_tag(repo, tag, digest).await
    }
}
