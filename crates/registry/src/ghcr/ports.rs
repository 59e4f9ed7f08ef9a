//! The ports: reading and writing are the client's, deleting and restoring are those of the Packages API.

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::Ghcr;
use crate::provider::{Provider, reads_and_writes};
use crate::{Error, ErrorKind, Prune, Result, Target};

reads_and_writes!(Ghcr);

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

#[async_trait]
impl<C: Target> Provider for Ghcr<C> {
    /// A manifest that was deleted in the last 30 days.
    async fn restore(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let deleted = self.packages.deleted(repo).await?;
        let Some(version) = deleted.list.iter().find(|version| version.digest == *digest) else {
            return Err(Error::new(ErrorKind::NotFound, "restore manifest", format_args!("{repo}@{digest}"))
                .with_message("it is not among the versions that were deleted")
                .with_remedy("GitHub keeps what was deleted for 30 days; later it has to be pushed again."));
        };
        self.packages.restore(repo, version.id).await
    }
}
