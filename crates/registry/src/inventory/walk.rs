//! `Walk`: the inventory of a registry that has the distribution API and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::{Inventory, ListedManifest, ListedTag, Listing, Tells};
use crate::{Error, Manifest, RawManifest, Result, Source, TagOrDigest};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// What the tags of a repository lead to: their manifests, what those name, and what is attached to any of them.
///
/// The distribution API tells no times and lists nothing that no tag leads to. A listing costs a request a page of tags, a
/// HEAD a tag, and a GET and a request for referrers a manifest.
#[derive(Clone, Debug)]
pub struct Walk<S> {
    source: S,
}

impl<S: Source> Walk<S> {
    /// Over this registry.
    pub fn new(source: S) -> Self {
        Self { source }
    }

    async fn tags(&self, repo: &Repository, listing: &mut Listing) -> Result<()> {
        let names: BTreeSet<Tag> = self.source.tags(repo).try_collect().await?;
        let resolve = |name: Tag| async move {
            let found = self.source.resolve(repo, &TagOrDigest::Tag(name.clone())).await;
            (name, found)
        };
        let mut found = stream::iter(names).map(resolve).buffered(AT_ONCE);
        while let Some((name, found)) = found.next().await {
            match found {
                Ok(descriptor) => listing.tags.push(ListedTag::new(name, descriptor.digest)),
                // It went while the list was read.
                Err(error) if error.is_not_found() => {}
                Err(error) => listing.unread.push(error),
            }
        }
        Ok(())
    }

    /// Enters everything that the tags of a listing lead to.
    pub(crate) async fn follow(&self, repo: &Repository, listing: &mut Listing) {
        let mut wave: Vec<Digest> = listing.tags.iter().map(|tag| tag.digest.clone()).collect();
        let mut seen: HashSet<Digest> = HashSet::new();
        let mut rows: BTreeMap<Digest, ListedManifest> = BTreeMap::new();
        while !wave.is_empty() {
            wave.retain(|digest| seen.insert(digest.clone()));
            let mut reads = stream::iter(wave).map(|digest| self.read(repo, digest)).buffered(AT_ONCE);
            let mut next = Vec::new();
            while let Some(read) = reads.next().await {
                if let Some(row) = read.row {
                    next.extend(row.children.iter().cloned());
                    rows.insert(read.digest, row);
                }
                next.extend(read.attached);
                listing.unread.extend(read.failed);
            }
            wave = next;
        }
        listing.manifests = rows.into_values().collect();
    }

    /// A manifest with what is attached to it; without either where that could not be read.
    async fn read(&self, repo: &Repository, digest: Digest) -> Read {
        let manifest = match self.source.manifest(repo, &digest.clone().into()).await {
            Ok(manifest) => manifest,
            // An index may name what was never pushed.
            Err(error) if error.is_not_found() => {
                return Read { digest, row: None, attached: Vec::new(), failed: None };
            }
            Err(error) => return Read::failed(digest, error),
        };
        let row = match manifest.view() {
            Ok(view) => row(&manifest, &view),
            Err(error) => return Read::failed(digest, error),
        };
        match self.source.referrers(repo, &digest, None).await {
            Ok(attached) => {
                let attached = attached.into_iter().map(|entry| entry.digest).collect();
                Read { digest, row: Some(row), attached, failed: None }
            }
            Err(error) => Read { row: Some(row), ..Read::failed(digest, error) },
        }
    }
}

struct Read {
    digest: Digest,
    row: Option<ListedManifest>,
    attached: Vec<Digest>,
    failed: Option<Error>,
}

impl Read {
    fn failed(digest: Digest, error: Error) -> Self {
        Self {
            row: Some(ListedManifest::unresolved(digest.clone())),
            digest,
            attached: Vec::new(),
            failed: Some(error),
        }
    }
}

/// What a manifest says of itself.
pub(crate) fn row(manifest: &RawManifest, view: &Manifest) -> ListedManifest {
    let blobs = view.blobs().into_iter().map(|blob| blob.size);
    let size = blobs.fold(manifest.descriptor().size, u64::saturating_add);
    ListedManifest {
        media_type: manifest.media_type().to_owned(),
        artifact_type: view.artifact_type.clone(),
        size: Some(size),
        children: view.children().into_iter().map(|child| child.digest.clone()).collect(),
        subject: view.subject.as_ref().map(|subject| subject.digest.clone()),
        resolved: true,
        ..ListedManifest::unresolved(manifest.digest().clone())
    }
}

impl<S: Source> fmt::Display for Walk<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Walk({})", self.source)
    }
}

#[async_trait]
impl<S: Source> Inventory for Walk<S> {
    fn tells(&self) -> Tells {
        Tells { sizes: true, ..Tells::default() }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let mut listing = Listing::new();
        self.tags(repo, &mut listing).await?;
        self.follow(repo, &mut listing).await;
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, _repo: &Repository, _digest: &Digest) -> Result<Option<Vec<Tag>>> {
        Ok(None)
    }
}
