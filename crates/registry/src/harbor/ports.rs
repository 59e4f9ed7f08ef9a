//! The ports: reading and writing are the client's, deleting is that of Harbor's API.

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::Harbor;
use crate::provider::{Compared, Provider, reads_and_writes};
use crate::{Error, ErrorKind, Prune, Result, Source, Target};

reads_and_writes!(Harbor);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Source> Prune for Harbor<C> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        self.artifacts.delete(repo, digest).await
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.artifacts.delete_tag(repo, &tag.clone().into(), tag).await
    }
}

#[async_trait]
impl<C: Target> Provider for Harbor<C> {
    /// At the artifact that is named with it: where the tag has moved, Harbor finds none there.
    async fn delete_tag_if(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Compared> {
        match self.artifacts.delete_tag(repo, &expect.clone().into(), tag).await {
            Err(error) if error.is_not_found() => {}
            deleted => return deleted.map(|()| Compared::Deleted),
        }
        match self.artifacts.get(repo, &tag.clone().into()).await {
            Ok(artifact) if artifact.digest != *expect => Ok(Compared::Moved(artifact.digest)),
            Ok(_) => Err(Error::new(ErrorKind::Contended, "delete tag", format_args!("{repo}:{tag}"))
                .with_message("somebody moves the tag to and fro")),
            Err(error) if error.is_not_found() => Ok(Compared::Gone),
            Err(error) => Err(error),
        }
    }
}
