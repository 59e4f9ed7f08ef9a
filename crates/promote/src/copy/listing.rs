//! `Listings`: one listing of a repository's tags serves many copies, and none that began after it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::lock::Mutex as AsyncMutex;
use futures::stream::StreamExt as _;
use lockage_registry::{DigestTag, DigestTagKind, ErrorKind, Repository, Result, Source, Tag};

use super::Requests;

/// After so many tags it is cheaper to ask for the tags that matter.
const MOST_TAGS: usize = 20_000;
/// So many repositories are remembered.
const MOST_LISTINGS: usize = 64;

/// cosign's tags in a repository; `None` where there are too many tags to list, or the registry cannot.
pub(super) type CosignTags = Option<Arc<HashSet<Tag>>>;

#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<Repository, Slot>>);

/// Whoever lists holds the lock, and those who wait for it may find a listing that serves them.
type Slot = Arc<AsyncMutex<Option<Listing>>>;

#[derive(Debug)]
struct Listing {
    began: Instant,
    tags: CosignTags,
}

impl Listings {
    /// The tags of `repo` as they were at `since` or later.
    pub(super) async fn tags(
        &self,
        source: &dyn Source,
        repo: &Repository,
        since: Instant,
        requests: &Requests,
    ) -> Result<CosignTags> {
        let slot = self.slot(repo);
        let mut slot = slot.lock().await;
        if let Some(listing) = slot.as_ref().filter(|listing| listing.began >= since) {
            return Ok(listing.tags.clone());
        }
        let began = Instant::now();
        requests.one();
        let tags = list(source, repo).await?;
        *slot = Some(Listing { began, tags: tags.clone() });
        Ok(tags)
    }

    fn slot(&self, repo: &Repository) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_LISTINGS && !slots.contains_key(repo) {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(repo.clone()).or_default())
    }
}

async fn list(source: &dyn Source, repo: &Repository) -> Result<CosignTags> {
    let (mut tags, mut found, mut seen) = (source.tags(repo), HashSet::new(), 0);
    while let Some(tag) = tags.next().await {
        match tag {
            Ok(tag) => {
                if DigestTag::parse(&tag).is_some_and(|tag| tag.kind() != DigestTagKind::Referrers) {
                    found.insert(tag);
                }
            }
            // A repository without tags is unknown to some registries; its images are there by digest.
            Err(error) if error.is_not_found() && seen == 0 => break,
            Err(error) if error.kind() == ErrorKind::Unsupported && seen == 0 => return Ok(None),
            Err(error) => return Err(error),
        }
        seen += 1;
        if seen > MOST_TAGS {
            return Ok(None);
        }
    }
    Ok(Some(Arc::new(found)))
}
