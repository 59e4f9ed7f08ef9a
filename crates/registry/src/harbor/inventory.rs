//! The inventory of a repository in Harbor: what it lists, and one by one what it leaves out.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::{Artifact, Harbor};
use crate::inventory::{Inventory, ListedManifest, ListedTag, Listing, Tells};
use crate::{Error, ErrorKind, Result, Source};

/// How many artifacts are asked for at once.
const AT_ONCE: usize = 8;

/// What is known so far.
struct Found {
    rows: BTreeMap<Digest, ListedManifest>,
    listing: Listing,
    /// What was named, with what it is attached to.
    named: Vec<(Digest, Option<Digest>)>,
}

impl Found {
    fn take(&mut self, artifact: Artifact, subject: Option<Digest>) {
        self.named.extend(artifact.children.iter().map(|child| (child.clone(), None)));
        let attached = artifact.accessories.into_iter();
        self.named.extend(attached.map(|accessory| (accessory.digest, Some(artifact.digest.clone()))));
        for tag in artifact.tags {
            let mut listed = ListedTag::new(tag.name, artifact.digest.clone());
            (listed.moved_at, listed.pulled_at, listed.immutable) = (tag.pushed_at, tag.pulled_at, tag.immutable);
            self.listing.tags.push(listed);
        }
        let row = ListedManifest {
            media_type: artifact.media_type,
            artifact_type: artifact.artifact_type,
            size: artifact.size,
            pushed_at: artifact.pushed_at,
            pulled_at: artifact.pulled_at,
            children: artifact.children,
            subject,
            resolved: true,
            ..ListedManifest::unresolved(artifact.digest.clone())
        };
        self.rows.insert(artifact.digest, row);
    }
}

#[async_trait]
impl<C: Source> Inventory for Harbor<C> {
    fn tells(&self) -> Tells {
        Tells { lists_untagged: true, push_times: true, pull_times: true, sizes: true, tags_of: true }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let list = self.artifacts.list(repo).await?;
        let mut found = Found { rows: BTreeMap::new(), listing: Listing::new(), named: Vec::new() };
        if !list.steady {
            let moved = Error::new(ErrorKind::Contended, "list artifacts of", repo)
                .with_message("the list changed while it was read, and some may have been missed");
            found.listing.unread.push(moved);
        }
        for artifact in list.artifacts {
            found.take(artifact, None);
        }
        let mut asked: HashSet<Digest> = found.rows.keys().cloned().collect();
        while !found.named.is_empty() {
            let named = std::mem::take(&mut found.named);
            let mut wave: BTreeMap<Digest, Option<Digest>> = BTreeMap::new();
            for (digest, subject) in named {
                match found.rows.get_mut(&digest) {
                    // It has a tag, and is in the list as well.
                    Some(row) => row.subject = subject.or(row.subject.take()),
                    None if asked.contains(&digest) => {}
                    None => {
                        let known = wave.entry(digest).or_default();
                        *known = subject.or(known.take());
                    }
                }
            }
            asked.extend(wave.keys().cloned());
            let get = |(digest, subject): (Digest, Option<Digest>)| async move {
                let artifact = self.artifacts.get(repo, &digest.clone().into()).await;
                (digest, subject, artifact)
            };
            let mut answers = stream::iter(wave).map(get).buffered(AT_ONCE);
            while let Some((digest, subject, artifact)) = answers.next().await {
                match artifact {
                    Ok(artifact) => found.take(artifact, subject),
                    // An index may name what is not there.
                    Err(error) if error.is_not_found() => {}
                    Err(error) => {
                        let row = ListedManifest { subject, ..ListedManifest::unresolved(digest.clone()) };
                        found.rows.insert(digest, row);
                        found.listing.unread.push(error);
                    }
                }
            }
        }
        let mut listing = found.listing;
        listing.manifests = found.rows.into_values().collect();
        listing.tags.sort_by(|a, b| a.name.cmp(&b.name));
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<Vec<Tag>>> {
        let artifact = self.artifacts.get(repo, &digest.clone().into()).await?;
        Ok(Some(artifact.tags.into_iter().map(|tag| tag.name).collect()))
    }
}
