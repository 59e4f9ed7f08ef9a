//! `Hosted`: a remover over a registry's own interface.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use lockage_registry::provider::{Compared, ImageStatus, Provider};
use lockage_registry::{Digest, ErrorKind, RawManifest, Repository, Result, Tag, TagOrDigest};

use super::{Caps, Plain, Removed, Remover, Stored};

/// Deletes by an interface that the registry has beside the distribution API: a tag by compare-and-delete where it has that,
/// and a manifest by its own rules. Archives where the registry has an archive.
///
/// What was deleted is restored by the registry where it does that, and else put back from the journal, as
/// [`Plain`] does.
#[derive(Clone, Debug)]
pub struct Hosted<P> {
    provider: P,
    plain: Plain<P, P>,
    caps: Caps,
}

impl<P: Provider + Clone> Hosted<P> {
    /// By this interface, which does what `caps` says. The same client that copies shares its limits.
    pub fn new(provider: P, caps: Caps) -> Self {
        let plain = Plain::new(provider.clone(), provider.clone(), caps);
        // One by one: between two deletes of a batch nothing could be looked at.
        Self { provider, plain, caps: Caps { batch: 1, ..caps } }
    }
}

impl<P> fmt::Display for Hosted<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.caps.name)
    }
}

#[async_trait]
impl<P: Provider + Clone> Remover for Hosted<P> {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn head(&self, repo: &Repository, what: &TagOrDigest) -> Result<Option<Digest>> {
        self.plain.head(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, digest: &Digest) -> Result<Option<RawManifest>> {
        self.plain.manifest(repo, digest).await
    }

    async fn tags(&self, repo: &Repository) -> Result<BTreeSet<Tag>> {
        self.plain.tags(repo).await
    }

    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<BTreeSet<Tag>>> {
        self.plain.tags_of(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Removed> {
        Ok(match self.provider.delete_tag_if(repo, tag, expect).await? {
            Compared::Moved(held) => Removed::Moved(held),
            Compared::Gone => Removed::Gone,
            _ => Removed::Accepted,
        })
    }

    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<Removed> {
        self.plain.delete_manifest(repo, digest).await
    }

    async fn forget_referrer(&self, repo: &Repository, subject: &Digest, gone: &Digest) -> Result<()> {
        self.plain.forget_referrer(repo, subject, gone).await
    }

    async fn restore(&self, repo: &Repository, what: &Stored) -> Result<()> {
        let digest = what.manifest()?.digest().clone();
        match self.provider.restore(repo, &digest).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NotFound) => {
                self.plain.restore(repo, what).await
            }
            restored => restored,
        }
    }

    async fn image_status(&self, repo: &Repository, digest: &Digest) -> Result<Option<ImageStatus>> {
        match self.provider.image_status(repo, digest).await {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    async fn archive(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.provider.archive(repo, digest).await
    }

    async fn unarchive(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        self.provider.unarchive(repo, digest).await
    }

    async fn restore_tag(&self, repo: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        self.plain.restore_tag(repo, tag, digest).await
    }
}
