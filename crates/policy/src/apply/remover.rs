//! `Remover`: the port through which a plan is executed.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use async_trait::async_trait;
use lockage_registry::provider::ImageStatus;
use lockage_registry::{Digest, Error, ErrorKind, RawManifest, Repository, Result, Tag, TagOrDigest};

use super::{Caps, Stored};

/// What became of a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removed {
    /// The registry took it. Whether it is gone is looked up.
    Accepted,
    /// There was none.
    Gone,
    /// The tag holds this digest, which is not the expected one, and was left alone. Only where the registry compares.
    Moved(Digest),
}

/// Deletes and archives, and looks before it does.
///
/// Where the registry compares and deletes in one step ([`Caps::compare_and_delete`]), [`delete_tag`](Self::delete_tag) must
/// delete nothing that holds another digest than the expected one.
#[async_trait]
pub trait Remover: Debug + Display + Send + Sync {
    /// What the registry does when it is told to delete.
    fn caps(&self) -> Caps;

    /// What a tag holds, or whether a digest is there; `None` where there is none.
    async fn head(&self, repo: &Repository, what: &TagOrDigest) -> Result<Option<Digest>>;

    /// A manifest; `None` where there is none.
    async fn manifest(&self, repo: &Repository, digest: &Digest) -> Result<Option<RawManifest>>;

    /// All tags of a repository; none where there is no such repository.
    async fn tags(&self, repo: &Repository) -> Result<BTreeSet<Tag>>;

    /// The tags that a manifest has now; `None` where the registry answers no such question.
    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<BTreeSet<Tag>>>;

    /// Takes a tag from its manifest, which stays unless the registry deletes it with its last tag.
    async fn delete_tag(&self, repo: &Repository, tag: &Tag, expect: &Digest) -> Result<Removed>;

    /// Deletes a manifest, and with it the tags that it has, where the registry does that.
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<Removed>;

    /// Takes a manifest that was deleted out of the list of those attached to `subject`, which stays, where the registry does
    /// not keep that list by itself.
    async fn forget_referrer(&self, repo: &Repository, subject: &Digest, gone: &Digest) -> Result<()>;

    /// Puts back a manifest that was deleted, without its tags.
    ///
    /// # Errors
    /// [`Unsupported`](lockage_registry::ErrorKind::Unsupported) where the registry restores nothing.
    async fn restore(&self, repo: &Repository, what: &Stored) -> Result<()>;

    /// Gives a manifest that is there a tag again that nothing has now.
    async fn restore_tag(&self, repo: &Repository, tag: &Tag, digest: &Digest) -> Result<()>;

    /// Whether a manifest can be pulled; `None` where there is none. What is archived is there, though
    /// [`head`](Self::head) says that it is not.
    async fn image_status(&self, repo: &Repository, digest: &Digest) -> Result<Option<ImageStatus>> {
        let found = self.head(repo, &TagOrDigest::Digest(digest.clone())).await?;
        Ok(found.map(|_there| ImageStatus::Active))
    }

    /// Puts a manifest into the archive, with the tags that it has. It is asked only where [`Caps::archives`] says so.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the registry has no archive, [`NotFound`](ErrorKind::NotFound) where there
    /// is no such manifest.
    async fn archive(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(no_archive(self.caps(), "archive manifest", repo, digest))
    }

    /// Takes a manifest out of the archive, and says how far that is.
    ///
    /// # Errors
    /// As [`archive`](Self::archive) does.
    async fn unarchive(&self, repo: &Repository, digest: &Digest) -> Result<ImageStatus> {
        Err(no_archive(self.caps(), "take manifest out of the archive", repo, digest))
    }
}

fn no_archive(caps: Caps, operation: &'static str, repo: &Repository, digest: &Digest) -> Error {
    Error::new(ErrorKind::Unsupported, operation, format_args!("{repo}@{digest}"))
        .with_message(format_args!("nothing is archived at {} this way", caps.name))
        .with_remedy("Only an interface of the registry's own archives: name the registry by its kind.")
}
