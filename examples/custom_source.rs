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
#[derive(Debug, Default)]
struct Shelf {
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
    fn find_blob(&self, repo: &Repository, digest: &Digest) -> Result<&bytes::Bytes> {
        self.blobs
            .get(digest)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "find blob", format_args!("{repo}@{digest}")))
    }
}

#[async_trait]
impl Source for Shelf {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        Ok(self.manifest(repo, what).await?.descriptor().clone())
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let digest = what.digest().or_else(|| self.tags.get(what.tag()?));
        let found = digest.and_then(|digest| self.manifests.get(digest)).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "find manifest", what.after(repo)))
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        Ok(self.find_blob(repo, blob)?.len() as u64)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        Body::bytes(self.find_blob(repo, &blob.digest)?.clone()).open(from).await
    }

    fn tags<'a>(&'a self, _: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        stream::iter(self.tags.keys().cloned().map(Ok)).boxed()
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
fn stocked() -> Shelf {
    let mut shelf = Shelf::default();
    for (image, tag) in fixtures::seeded() {
        shelf.tags.insert(tag, image.root().digest().clone());
        shelf.manifests.extend(image.manifests.iter().map(|manifest| (manifest.digest().clone(), manifest.clone())));
        shelf.blobs.extend(image.blobs.iter().map(|(descriptor, bytes)| (descriptor.digest.clone(), bytes.clone())));
    }
    shelf
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shelf = stocked();
    let repository: Repository = "shelf.test/app".parse()?;
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
        let all = conformance::Capabilities::all();
        conformance::source(&stocked(), &"shelf.test/app".parse()?, &all).await?;
        Ok(())
    }
}
