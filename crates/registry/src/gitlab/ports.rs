//! The ports: reading and writing are the client's, deleting a tag is that of GitLab's API.

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::GitLab;
use crate::provider::{Compared, Provider, reads_and_writes};
use crate::{Error, ErrorKind, Prune, Result, Source, Target};

reads_and_writes!(GitLab);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Source> Prune for GitLab<C> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "delete manifest", format_args!("{repo}@{digest}"))
            .with_message("GitLab deletes no manifests")
            .with_remedy("Delete its tags: GitLab collects what has none."))
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        self.projects.delete(repo, tag).await
    }
}

#[async_trait]
impl<C: Target> Provider for GitLab<C> {
    /// GitLab compares nothing: the tag is looked at just before.
    async fn delete_tag_if(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Compared> {
        let gone = |error: &Error| error.is_not_found();
        match self.projects.tag(repo, tag).await {
            Ok(detail) => match detail.digest {
                Some(held) if held != *expect => return Ok(Compared::Moved(held)),
                Some(_) => {}
                None => {
                    return Err(Error::new(ErrorKind::Protocol, "delete tag", format_args!("{repo}:{tag}"))
                        .with_message("GitLab does not say what it holds"));
                }
            },
            Err(error) if gone(&error) => return Ok(Compared::Gone),
            Err(error) => return Err(error),
        }
        match self.projects.delete(repo, tag).await {
            Err(error) if gone(&error) => Ok(Compared::Gone),
            deleted => deleted.map(|()| Compared::Deleted),
        }
    }
}
