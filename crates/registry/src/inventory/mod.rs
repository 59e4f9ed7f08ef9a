//! `inventory`: everything that a repository holds, as far as its registry tells.
//!
//! The distribution API lists tags and nothing else: [`Walk`] finds what they lead to. Registries with an interface of their
//! own tell more (manifests without tags, times, pulls), and implement [`Inventory`] themselves.

mod listing;
mod walk;

use std::fmt::{Debug, Display};

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use crate::Result;

pub use self::listing::{ListedManifest, ListedTag, Listing, Tells};
pub use self::walk::Walk;
#[cfg(any(feature = "ecr", feature = "ghcr"))]
pub(crate) use self::walk::row;

/// Lists what a repository holds.
#[async_trait]
pub trait Inventory: Debug + Display + Send + Sync {
    /// What it can tell, and what it never does.
    fn tells(&self) -> Tells;

    /// Everything that the repository holds.
    ///
    /// # Errors
    /// Where the list itself could not be read. What could not be read of a single manifest makes the listing incomplete
    /// instead: see [`Listing::unread`].
    async fn list(&self, repo: &Repository) -> Result<Listing>;

    /// The tags that a manifest has now; `None` where the registry answers no such question. One request where it does.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such manifest.
    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<Vec<Tag>>>;
}

/// A pointer to an inventory is that inventory.
macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Inventory + ?Sized> Inventory for $pointer {
            fn tells(&self) -> Tells {
                (**self).tells()
            }
            async fn list(&self, repo: &Repository) -> Result<Listing> {
                (**self).list(repo).await
            }
            async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<Vec<Tag>>> {
                (**self).tags_of(repo, digest).await
            }
        }
    )+};
}

forward!(&T, Box<T>, std::sync::Arc<T>);
