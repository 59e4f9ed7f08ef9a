//! The inventory of a repository at GitHub: versions with their tags, and what their manifests say.

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::{Ghcr, Version};
use crate::inventory::{Inventory, ListedManifest, ListedTag, Listing, Tells};
use crate::{Error, ErrorKind, Result, Source};

/// How many manifests are read at once.
const AT_ONCE: usize = 8;

impl<C: Source> Ghcr<C> {
    async fn entry(&self, repo: &Repository, version: Version) -> (ListedManifest, Option<Error>) {
        let (content, failed) = match self.contents.of(&self.registry, repo, &version.digest).await {
            Ok(content) => (content, None),
            Err(error) => (ListedManifest::unresolved(version.digest.clone()), Some(error)),
        };
        (ListedManifest { pushed_at: Some(version.created_at), ..content }, failed)
    }
}

#[async_trait]
impl<C: Source> Inventory for Ghcr<C> {
    fn tells(&self) -> Tells {
        Tells { lists_untagged: true, push_times: true, pull_times: false, sizes: true, tags_of: true }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let versions = self.packages.versions(repo).await?;
        let mut listing = Listing::new();
        if !versions.steady {
            let moved = Error::new(ErrorKind::Contended, "list versions of", repo)
                .with_message("the list changed while it was read, and some may have been missed");
            listing.unread.push(moved);
        }
        for version in &versions.list {
            for tag in &version.tags {
                let mut listed = ListedTag::new(tag.clone(), version.digest.clone());
                listed.moved_at = Some(version.updated_at);
                listing.tags.push(listed);
            }
        }
        let mut entries = stream::iter(versions.list).map(|version| self.entry(repo, version)).buffered(AT_ONCE);
        while let Some((manifest, failed)) = entries.next().await {
            listing.manifests.push(manifest);
            listing.unread.extend(failed);
        }
        drop(entries);
        listing.manifests.sort_by(|a, b| a.digest.cmp(&b.digest));
        listing.tags.sort_by(|a, b| a.name.cmp(&b.name));
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<Vec<Tag>>> {
        Ok(Some(self.packages.find(repo, digest).await?.tags))
    }
}
