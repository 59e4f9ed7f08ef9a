//! `provider`: registries that list and delete by an interface of their own, beside the distribution API.
//!
//! Such an interface tells what the distribution API never does (manifests without tags, times, pulls), and deletes by its own
//! rules. A [`Provider`] reads and writes over the distribution API, and lists and deletes over its own.

#[cfg(any(feature = "ecr", feature = "ghcr"))]
mod contents;
#[cfg(feature = "provider")]
mod ports;
mod status;

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use crate::inventory::Inventory;
use crate::{Error, ErrorKind, Prune, Result, Target};

#[cfg(any(feature = "ecr", feature = "ghcr"))]
pub(crate) use self::contents::Contents;
#[cfg(feature = "provider")]
#[allow(unused_imports, reason = "every provider uses it, and each is a feature")]
pub(crate) use self::ports::reads_and_writes;
pub use self::status::ImageStatus;

/// A registry with an interface of its own.
#[async_trait]
pub trait Provider: Inventory + Prune + Target {
    /// Deletes a tag that is expected to hold `expect`. Where the interface can compare, nothing else is deleted; elsewhere this
    /// is [`delete_tag`](Prune::delete_tag).
    ///
    /// # Errors
    /// As [`delete_tag`](Prune::delete_tag), but a tag that is not there is [`Compared::Gone`].
    async fn delete_tag_if(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Compared> {
        let _not_compared = expect;
        match self.delete_tag(repo, tag).await {
            Err(error) if error.is_not_found() => Ok(Compared::Gone),
            deleted => deleted.map(|()| Compared::Deleted),
        }
    }

    /// Restores a manifest that was deleted, without the tags that it had.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the registry restores nothing, [`NotFound`](ErrorKind::NotFound) where it
    /// has not kept it.
    async fn restore(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "restore manifest", format_args!("{repo}@{digest}"))
            .with_message("this registry restores nothing that was deleted")
            .with_remedy("Push it again, from wherever it was copied to."))
    }

    /// Whether a manifest can be pulled. One that is archived is there, though the distribution API says that it is not.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    async fn image_status(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        self.resolve(repo, &digest.clone().into()).await.map(|_there| ImageStatus::Active)
    }

    /// Puts a manifest into the archive, with the tags that it has: it is kept, and pulled by nobody until it is taken out
    /// again. One that is there already stays there. It is not compared with anything: whatever tag leads to it by now leads
    /// to nothing that can be pulled.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the registry has no archive, [`NotFound`](ErrorKind::NotFound) where there
    /// is no such manifest.
    async fn archive(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(no_archive("archive manifest", repo, digest))
    }

    /// Takes a manifest out of the archive, with its tags, and says how far that is: it may take minutes. One that can be
    /// pulled stays as it is.
    ///
    /// # Errors
    /// As [`archive`](Self::archive) does.
    async fn unarchive(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        Err(no_archive("take manifest out of the archive", repo, digest))
    }
}

fn no_archive(operation: &'static str, repo: &Repository, digest: &Digest) -> Error {
    Error::new(ErrorKind::Unsupported, operation, format_args!("{repo}@{digest}"))
        .with_message("this registry has no archive")
        .with_remedy("Keep it, or copy it to where it is to be kept and delete it here.")
}

/// What became of a tag that was to be deleted while it holds a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compared {
    /// It is gone. Where the registry compares, it held the digest.
    Deleted,
    /// There was no such tag.
    Gone,
    /// It holds this digest, and was left alone.
    Moved(Digest),
}

/// A pointer to a provider is that provider.
macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Provider + ?Sized> Provider for $pointer {
            async fn delete_tag_if(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Compared> {
                (**self).delete_tag_if(repo, tag, expect).await
            }
            async fn restore(&self, repo: &Repository, digest: &Digest) -> Result<()> {
                (**self).restore(repo, digest).await
            }
            async fn image_status(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
                (**self).image_status(repo, digest).await
            }
            async fn archive(&self, repo: &Repository, digest: &Digest) -> Result<()> {
                (**self).archive(repo, digest).await
            }
            async fn unarchive(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
                (**self).unarchive(repo, digest).await
            }
        }
    )+};
}

forward!(&T, Box<T>, std::sync::Arc<T>);
