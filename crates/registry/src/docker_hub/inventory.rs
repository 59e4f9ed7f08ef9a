//! The inventory of a repository at Docker Hub: tags with their times, and the manifests that they name.

use std::collections::BTreeMap;

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository, Tag};

use super::{DockerHub, HubTag};
use crate::inventory::{Inventory, ListedManifest, ListedTag, Listing, Tells};
use crate::{Error, ErrorKind, Result, Source};

/// Enters what a tag names: what it holds, and the images of an index.
fn enter(tag: &HubTag, digest: &Digest, rows: &mut BTreeMap<Digest, ListedManifest>) {
    let row = rows.entry(digest.clone()).or_insert_with(|| ListedManifest::unresolved(digest.clone()));
    row.media_type.clone_from(&tag.media_type);
    row.size = tag.size;
    // It was there when the first of its tags was pushed.
    row.pushed_at = match (row.pushed_at, tag.pushed_at) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    row.pulled_at = row.pulled_at.max(tag.pulled_at);
    let children = tag.images.iter().filter_map(|image| image.digest.as_ref());
    row.children = children.filter(|child| *child != digest).cloned().collect();
    for image in &tag.images {
        let Some(child) = image.digest.as_ref().filter(|child| *child != digest) else { continue };
        let row = rows.entry(child.clone()).or_insert_with(|| ListedManifest::unresolved(child.clone()));
        row.size = row.size.or(image.size);
        row.pushed_at = row.pushed_at.or(image.pushed_at);
        row.pulled_at = row.pulled_at.max(image.pulled_at);
    }
}

#[async_trait]
impl<C: Source> Inventory for DockerHub<C> {
    fn tells(&self) -> Tells {
        Tells { lists_untagged: false, push_times: true, pull_times: true, sizes: true, tags_of: false }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let list = self.tags.list(repo).await?;
        let mut listing = Listing::new();
        if !list.steady {
            let moved = Error::new(ErrorKind::Contended, "list tags of", repo)
                .with_message("the list changed while it was read, and some may have been missed");
            listing.unread.push(moved);
        }
        let mut rows = BTreeMap::new();
        for tag in list.tags {
            let Some(digest) = tag.digest.clone() else {
                listing.unread.push(
                    Error::new(ErrorKind::Protocol, "list tags of", repo)
                        .with_message(format_args!("Docker Hub does not say what {} holds", tag.name)),
                );
                continue;
            };
            enter(&tag, &digest, &mut rows);
            let mut listed = ListedTag::new(tag.name, digest);
            (listed.moved_at, listed.pulled_at) = (tag.pushed_at, tag.pulled_at);
            listing.tags.push(listed);
        }
        listing.manifests = rows.into_values().collect();
        listing.tags.sort_by(|a, b| a.name.cmp(&b.name));
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, _repo: &Repository, _digest: &Digest) -> Result<Option<Vec<Tag>>> {
        Ok(None)
    }
}
