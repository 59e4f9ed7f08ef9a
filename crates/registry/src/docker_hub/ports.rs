//! The ports: reading and writing are the client's, deleting a tag is that of Docker Hub's API.

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::DockerHub;
use crate::provider::{Provider, reads_and_writes};
use crate::{Error, ErrorKind, Prune, Result, Source, Target};

reads_and_writes!(DockerHub);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Source> Prune for DockerHub<C> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "delete manifest", format_args!("{repo}@{digest}"))
            .with_message("Docker Hub deletes no manifests")
            .with_remedy("Delete its tags: Docker Hub collects what has none."))
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.tags.delete(repo, tag).await
    }
}

impl<C: Target> Provider for DockerHub<C> {}
