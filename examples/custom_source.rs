//! A source of one's own: sixty lines that the conformance suite passes, and that images can be promoted from.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_promote::ImageCopy;
use lockage_registry::testing::{conformance, fixtures};
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, Error, ErrorKind, Memory, RawManifest, Reference, Repository, Result, Source,
    Tag, TagOrDigest,
};

/// Images on a shelf: whatever your store is, these questions are all that a promotion asks of it.
#[derive(Debug)]
struct Shelf {
    repository: Repository,
    manifests: HashMap<Digest, RawManifest>,
    blobs: HashMap<Digest, bytes::Bytes>,
    tags: BTreeMap<Tag, Digest>,
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shelf")
    }
}

impl Shelf {
    /// What is on this shelf is nowhere else: only a "not found" may mean that there is none.
    fn found<T>(&self, repo: &Repository, what: &TagOrDigest, found: Option<T>) -> Result<T> {
        let missing = || Error::new(ErrorKind::NotFound, "look on the shelf for", what.after(repo));
        found.filter(|_| *repo == self.repository).ok_or_else(missing)
    }

    fn find_blob(&self, repo: &Repository, digest: &Digest) -> Result<&bytes::Bytes> {
        self.found(repo, &digest.clone().into(), self.blobs.get(digest))
    }
}

#[async_trait]
impl Source for Shelf {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        Ok(self.manifest(repo, what).await?.descriptor().clone())
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let digest = what.digest().or_else(|| self.tags.get(what.tag()?));
        self.found(repo, what, digest.and_then(|digest| self.manifests.get(digest)).cloned())
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        Ok(self.find_blob(repo, blob)?.len() as u64)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        Body::bytes(self.find_blob(repo, &blob.digest)?.clone()).open(from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        match self.found(repo, &TagOrDigest::Tag(Tag::latest()), Some(())) {
            Ok(()) => stream::iter(self.tags.keys().cloned().map(Ok)).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn referrers(&self, _: &Repository, of: &Digest, kind: Option<&str>) -> Result<Vec<Descriptor>> {
        let mut found = Vec::new();
        for manifest in self.manifests.values() {
            let view = manifest.view()?;
            let artifact_type = view.effective_artifact_type().map(str::to_owned);
            let wanted = kind.is_none_or(|kind| artifact_type.as_deref() == Some(kind));
            if wanted && view.subject.is_some_and(|subject| subject.digest == *of) {
                let mut entry = manifest.descriptor().clone();
                (entry.artifact_type, entry.annotations) = (artifact_type, view.annotations);
                found.push(entry);
            }
        }
        Ok(found)
    }
}

/// A shelf with the images that the conformance suite asks for.
fn stocked(repository: Repository) -> Shelf {
    let mut shelf = Shelf { repository, manifests: HashMap::new(), blobs: HashMap::new(), tags: BTreeMap::new() };
    for (image, tag) in fixtures::seeded() {
        shelf.tags.insert(tag, image.root().digest().clone());
        shelf.manifests.extend(image.manifests.iter().map(|manifest| (manifest.digest().clone(), manifest.clone())));
        shelf.blobs.extend(image.blobs.iter().map(|(descriptor, bytes)| (descriptor.digest.clone(), bytes.clone())));
    }
    shelf
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let repository: Repository = "shelf.test/app".parse()?;
    let shelf = stocked(repository.clone());
    println!("{}", conformance::source(&shelf, &repository, &conformance::Capabilities::all()).await?);

    let registry = Memory::new("registry.test".parse()?);
    let tag = shelf.tags.keys().next().ok_or("an empty shelf")?.clone();
    let copy =
        ImageCopy::new(&shelf, &Reference::new(repository).with_tag(tag)).to(&registry, &"registry.test/app".parse()?);
    println!("{}", copy.apply(&copy.plan().await?).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passes_the_conformance_suite() -> Result<(), Box<dyn std::error::Error>> {
        let repository: Repository = "shelf.test/app".parse()?;
        let all = conformance::Capabilities::all();
        conformance::source(&stocked(repository.clone()), &repository, &all).await?;
        Ok(())
    }
}
