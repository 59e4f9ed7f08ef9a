//! The inventory of a repository at GitLab: its tags one by one, and the manifests that they lead to.

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::GitLab;
use crate::inventory::{Inventory, ListedTag, Listing, Tells, Walk};
use crate::{Error, ErrorKind, Result, Source};

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;

#[async_trait]
impl<C: Source> Inventory for GitLab<C> {
    fn tells(&self) -> Tells {
        Tells { sizes: true, ..Tells::default() }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let (names, steady) = self.projects.tags(repo).await?;
        let mut listing = Listing::new();
        let unread = |message: String| Error::new(ErrorKind::Contended, "list tags of", repo).with_message(message);
        if !steady {
            listing.unread.push(unread("the list changed while it was read, and some may have been missed".to_owned()));
        }
        let look = |name: Tag| async move {
            let detail = self.projects.tag(repo, &name).await;
            (name, detail)
        };
        let (mut details, mut created) = (stream::iter(names).map(look).buffered(AT_ONCE), Vec::new());
        while let Some((name, detail)) = details.next().await {
            match detail {
                Ok(detail) => match detail.digest {
                    Some(digest) => {
                        created.push((digest.clone(), detail.created_at));
                        listing.tags.push(ListedTag::new(name, digest));
                    }
                    None => listing.unread.push(unread(format!("GitLab cannot read what {name} holds"))),
                },
                // It went while the list was read.
                Err(error) if error.is_not_found() => {}
                Err(error) => listing.unread.push(error),
            }
        }
        drop(details);
        Walk::new(&self.registry).follow(repo, &mut listing).await;
        for (digest, created_at) in created {
            if let Some(row) = listing.manifests.iter_mut().find(|row| row.digest == digest) {
                row.created_at = created_at;
            }
        }
        listing.tags.sort_by(|a, b| a.name.cmp(&b.name));
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, _repo: &Repository, _digest: &Digest) -> Result<Option<Vec<Tag>>> {
        Ok(None)
    }
}
