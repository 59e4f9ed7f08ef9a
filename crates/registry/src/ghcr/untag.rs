//! A tag is taken from its manifest by giving it to another one, which is made for that and deleted.
//!
//! GitHub deletes versions and no tags. Deleting the version would take its other tags along, and whoever pulls by those
//! would be without an image. So the tag is moved to a manifest that nobody else has, and the version of that is deleted:
//! only after it was listed with this one tag and no other.

use lockage_tagging::{Digest, Repository, Tag};

use super::{Ghcr, Version};
use crate::client::stand_in;
use crate::{Error, ErrorKind, RawManifest, Result, TagOrDigest, Target, empty};

const DELETE_TAG: &str = "delete tag";

impl<C: Target> Ghcr<C> {
    /// Takes the tag away. Should that fail in the middle, the tag is given back what it held, unless somebody has moved it.
    pub(super) async fn untag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let at = TagOrDigest::from(tag.clone());
        let held = self.registry.manifest(repo, &at).await?;
        let stand_in = stand_in(tag)?;
        let removed = match empty::put(&self.registry, repo, &stand_in, &at).await {
            Ok(_) => self.remove(repo, tag, stand_in.digest()).await,
            // It may have been stored all the same, and its answer lost.
            Err(error) => Err(error),
        };
        match removed {
            Ok(()) => Ok(()),
            Err(error) => Err(self.give_back(repo, &at, &held, stand_in.digest(), error).await),
        }
    }

    /// Deletes the version that was made for the tag.
    async fn remove(&self, repo: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        let subject = || TagOrDigest::from(tag.clone()).after(repo).to_string();
        let listed = self.packages.newest(repo).await?;
        let Some(version) = listed.into_iter().find(|version| version.digest == *digest) else {
            return Err(Error::new(ErrorKind::Contended, DELETE_TAG, subject())
                .with_message("the manifest that was made to take the tag is not among the newest versions"));
        };
        match version.tags.as_slice() {
            [only] if only == tag => self.gone(self.packages.delete(repo, version.id).await),
            [] => self.moved(repo, version, subject()).await,
            _ => Err(Error::new(ErrorKind::Contended, DELETE_TAG, subject())
                .with_message("the manifest that was made to take the tag has been given others, too")),
        }
    }

    /// Somebody moved the tag meanwhile. What was made to take it has no tag, and is of no use to anyone.
    async fn moved(&self, repo: &Repository, version: Version, subject: String) -> Result<()> {
        self.gone(self.packages.delete(repo, version.id).await)?;
        Err(Error::new(ErrorKind::Contended, DELETE_TAG, subject).with_message("somebody moved the tag meanwhile"))
    }

    fn gone(&self, deleted: Result<()>) -> Result<()> {
        match deleted {
            Err(error) if error.is_not_found() => Ok(()),
            deleted => deleted,
        }
    }

    async fn give_back(
        &self,
        repo: &Repository,
        at: &TagOrDigest,
        held: &RawManifest,
        stand_in: &Digest,
        error: Error,
    ) -> Error {
        let back = match self.registry.resolve(repo, at).await {
            Ok(now) if now.digest == *stand_in => {
                self.registry.put_manifest(repo, held, at).await.map(|_| held.digest().clone())
            }
            Ok(now) => Ok(now.digest),
            Err(error) => Err(error),
        };
        let message = match &back {
            Ok(now) => format!("{error}; it holds {now}"),
            Err(again) => format!("{error}; it held {}, which could not be put back: {again}", held.digest()),
        };
        let code = error.oci_errors().first().map(|said| said.code.clone());
        let remedy = error.remedy().map(str::to_owned);
        let mut all = Error::new(error.kind(), DELETE_TAG, at.after(repo)).with_message(message);
        if let Some(code) = code {
            all = all.with_code(&code, "");
        }
        if let Some(remedy) = remedy {
            all = all.with_remedy(remedy);
        }
        // What was tried here is not to be tried again by itself: the tag was touched.
        all.with_source(error).given_up_after(1)
    }
}
