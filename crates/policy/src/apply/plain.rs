//! `Plain`: a remover over the distribution API.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use lockage_registry::inventory::Inventory;
use lockage_registry::{
    Digest, Error, ErrorKind, Prune, RawManifest, Repository, Result, Tag, TagOrDigest, Target, referrers,
};

use super::{Caps, Removed, Remover, Stored, TagDelete};

/// Deletes over the distribution API: a manifest by its digest, and a tag where the registry has that, or by the detour that
/// the registry's client takes.
///
/// What was deleted is put back from the journal: its bytes are there, and its blobs until the registry collects them.
#[derive(Clone, Debug)]
pub struct Plain<R, I> {
    registry: R,
    inventory: I,
    caps: Caps,
}

impl<R: Prune + Target, I: Inventory> Plain<R, I> {
    /// Through this registry, with what its inventory tells. The same client that copies shares its limits.
    pub fn new(registry: R, inventory: I, caps: Caps) -> Self {
        // Over this API a tag is never compared with what it is expected to hold, and nothing is archived.
        Self { registry, inventory, caps: Caps { compare_and_delete: false, batch: 1, archives: false, ..caps } }
    }
}

impl<R: fmt::Display, I> fmt::Display for Plain<R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}", self.registry, self.caps.name)
    }
}

fn or_none<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.is_not_found() => Ok(None),
        found => found.map(Some),
    }
}

fn removed(done: Result<()>) -> Result<Removed> {
    Ok(or_none(done)?.map_or(Removed::Gone, |()| Removed::Accepted))
}

#[async_trait]
impl<R: Prune + Target, I: Inventory> Remover for Plain<R, I> {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn head(&self, repo: &Repository, what: &TagOrDigest) -> Result<Option<Digest>> {
        Ok(or_none(self.registry.resolve(repo, what).await)?.map(|found| found.digest))
    }

    async fn manifest(&self, repo: &Repository, digest: &Digest) -> Result<Option<RawManifest>> {
        or_none(self.registry.manifest(repo, &digest.clone().into()).await)
    }

    async fn tags(&self, repo: &Repository) -> Result<BTreeSet<Tag>> {
        Ok(or_none(self.registry.tags(repo).try_collect().await)?.unwrap_or_default())
    }

    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<BTreeSet<Tag>>> {
        match self.inventory.tags_of(repo, digest).await {
            Err(error) if error.is_not_found() => Ok(Some(BTreeSet::new())),
            found => Ok(found?.map(|tags| tags.into_iter().collect())),
        }
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag, _expect: &Digest) -> Result<Removed> {
        if self.caps.tag_delete == TagDelete::None {
            return Err(Error::new(ErrorKind::Unsupported, "delete tag", format_args!("{repo}:{tag}"))
                .with_message(format_args!("{} deletes no tags", self.caps.name)));
        }
        removed(self.registry.delete_tag(repo, tag).await)
    }

    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<Removed> {
        removed(self.registry.delete_manifest(repo, digest).await)
    }

    async fn forget_referrer(&self, repo: &Repository, subject: &Digest, gone: &Digest) -> Result<()> {
        referrers::forget(&self.registry, repo, subject, std::slice::from_ref(gone)).await.map(drop)
    }

    async fn restore(&self, repo: &Repository, what: &Stored) -> Result<()> {
        let manifest = what.manifest()?;
        self.registry.put_manifest(repo, &manifest, &manifest.digest().clone().into()).await.map(drop)
    }

    async fn restore_tag(&self, repo: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        let manifest = self.registry.manifest(repo, &digest.clone().into()).await?;
        self.registry.put_manifest(repo, &manifest, &tag.clone().into()).await.map(drop)
    }
}
