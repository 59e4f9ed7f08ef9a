//! The ports: reading and writing are the client's, deleting is that of ECR's own API.

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::{Ecr, FailureCode, ImageId, Storage};
use crate::provider::{Compared, ImageStatus, Provider, reads_and_writes};
use crate::{Error, ErrorKind, Prune, Result, Source, Target};

reads_and_writes!(Ecr);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Source> Prune for Ecr<C> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let id = ImageId::digest(digest.clone());
        self.images.delete(repo, std::slice::from_ref(&id)).await?.outcome(repo, &id)
    }
    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let id = ImageId::tag(tag.clone());
        self.images.delete(repo, std::slice::from_ref(&id)).await?.outcome(repo, &id)
    }
}

#[async_trait]
impl<C: Target> Provider for Ecr<C> {
    /// In one step: what moved in between is left alone. The image goes with its last tag.
    ///
    /// [`Contended`](ErrorKind::Contended) where the tag had moved, and holds `expect` when it is asked where to.
    async fn delete_tag_if(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Compared> {
        let id = ImageId { digest: Some(expect.clone()), tag: Some(tag.clone()) };
        let deleted = self.images.delete(repo, std::slice::from_ref(&id)).await?;
        match deleted.failure_of(&id).map(|failure| &failure.code) {
            None => return Ok(Compared::Deleted),
            Some(FailureCode::ImageTagDoesNotMatchDigest | FailureCode::ImageNotFound) => {}
            Some(_) => return deleted.outcome(repo, &id).map(|()| Compared::Deleted),
        }
        match self.images.describe_one(repo, &ImageId::tag(tag.clone())).await {
            Ok(image) if image.digest != *expect => Ok(Compared::Moved(image.digest)),
            Ok(_) => Err(Error::new(ErrorKind::Contended, "delete tag", format_args!("{repo}:{tag}"))
                .with_message("somebody moves the tag to and fro")),
            Err(error) if error.is_not_found() => Ok(Compared::Gone),
            Err(error) => Err(error),
        }
    }

    async fn image_status(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        Ok(self.images.describe_one(repo, &ImageId::digest(digest.clone())).await?.status)
    }

    async fn archive(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        match self.images.bring(repo, digest, Storage::Archive).await? {
            ImageStatus::Archived => Ok(()),
            other => Err(Error::new(ErrorKind::Protocol, "archive manifest", format_args!("{repo}@{digest}"))
                .with_message(format_args!("ECR took the request, and says that the image is {other:?}"))),
        }
    }

    async fn unarchive(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        match self.images.bring(repo, digest, Storage::Standard).await? {
            ImageStatus::Archived => Err(Error::new(
                ErrorKind::Protocol,
                "take manifest out of the archive",
                format_args!("{repo}@{digest}"),
            )
            .with_message("ECR took the request, and says that the image is archived")),
            status => Ok(status),
        }
    }
}
