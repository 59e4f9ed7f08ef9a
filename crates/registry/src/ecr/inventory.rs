//! The inventory of a repository at ECR: what `DescribeImages` says, and what indexes name.

use std::collections::HashSet;

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::{Ecr, Image, ImageId};
use crate::inventory::{Inventory, ListedManifest, ListedTag, Listing, Tells};
use crate::{Error, ErrorKind, Result, Source, media_type};

/// How many manifests are read at once.
const AT_ONCE: usize = 8;

/// Manifests that name no other: what ECR says of them is all that there is.
const LEAVES: [&str; 2] = [media_type::OCI_MANIFEST, media_type::DOCKER_MANIFEST];
/// What ECR calls the artifact type of an image that is attached to nothing.
const IMAGES: [&str; 2] = [media_type::OCI_CONFIG, "application/vnd.docker.container.image.v1+json"];

impl Image {
    /// Whether its manifest may name others that ECR does not: the children of an index, or the subject of an artifact that
    /// was pushed before ECR took note of subjects.
    fn is_to_be_read(&self) -> bool {
        let among = |known: &[&str], found: &Option<String>| found.as_deref().is_some_and(|it| known.contains(&it));
        let leaf = among(&LEAVES, &self.media_type);
        !leaf || self.subject.is_none() && self.artifact_type.is_some() && !among(&IMAGES, &self.artifact_type)
    }
}

impl<C: Source> Ecr<C> {
    async fn entry(&self, repo: &Repository, image: Image) -> (ListedManifest, Option<Error>) {
        let mut listed = ListedManifest::unresolved(image.digest.clone());
        let mut failed = None;
        if image.is_to_be_read() {
            match self.contents.of(&self.registry, repo, &image.digest).await {
                Ok(content) => listed = content,
                Err(error) => failed = Some(error),
            }
        } else {
            listed.resolved = true;
        }
        listed.media_type = image.media_type.unwrap_or(listed.media_type);
        listed.artifact_type = image.artifact_type.or(listed.artifact_type);
        listed.subject = image.subject.or(listed.subject);
        listed.size = image.size.or(listed.size);
        (listed.pushed_at, listed.pulled_at) = (image.pushed_at, image.pulled_at);
        (listed, failed)
    }
}

#[async_trait]
impl<C: Source> Inventory for Ecr<C> {
    fn tells(&self) -> Tells {
        Tells { lists_untagged: true, push_times: true, pull_times: true, sizes: true, tags_of: true }
    }

    async fn list(&self, repo: &Repository) -> Result<Listing> {
        let images = self.images.describe(repo).await?;
        let mut listing = Listing::new();
        let (mut digests, mut tags) = (HashSet::new(), HashSet::new());
        for image in &images {
            let mut twice = !digests.insert(image.digest.clone());
            for tag in &image.tags {
                twice |= !tags.insert(tag.clone());
                listing.tags.push(ListedTag::new(tag.clone(), image.digest.clone()));
            }
            if twice {
                listing.unread.push(
                    Error::new(ErrorKind::Contended, "describe images of", repo)
                        .with_message(format_args!("the list changed while it was read: {} came twice", image.digest)),
                );
            }
        }
        let mut entries = stream::iter(images).map(|image| self.entry(repo, image)).buffered(AT_ONCE);
        while let Some((manifest, failed)) = entries.next().await {
            listing.manifests.push(manifest);
            listing.unread.extend(failed);
        }
        drop(entries);
        listing.manifests.sort_by(|a, b| a.digest.cmp(&b.digest));
        listing.manifests.dedup_by(|a, b| a.digest == b.digest);
        listing.tags.sort_by(|a, b| a.name.cmp(&b.name));
        listing.tags.dedup_by(|a, b| a.name == b.name);
        listing.complete = listing.unread.is_empty();
        Ok(listing)
    }

    async fn tags_of(&self, repo: &Repository, digest: &Digest) -> Result<Option<Vec<Tag>>> {
        Ok(Some(self.images.describe_one(repo, &ImageId::digest(digest.clone())).await?.tags))
    }
}
