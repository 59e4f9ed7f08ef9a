//! The images that are signed: the one that was asked for and, where that is wanted, everything in its index.

use std::collections::HashSet;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Descriptor, Digest, Error as RegistryError, ErrorKind, Repository, Source, TagOrDigest};

use super::AT_ONCE;
use crate::{Error, Result};

/// The image `digest` and, up to so many `children`, the manifests of its index and of those in it: deepest first, each
/// once, each read and hashed. One GET a manifest.
pub(super) async fn levels(
    source: &dyn Source,
    repo: &Repository,
    digest: &Digest,
    children: Option<usize>,
) -> Result<Vec<Vec<Descriptor>>> {
    let mut seen = HashSet::from([digest.clone()]);
    let mut next = vec![digest.clone()];
    let mut levels = Vec::new();
    while !next.is_empty() {
        let read = stream::iter(next).map(|digest| read(source, repo, digest)).buffered(AT_ONCE);
        let level: Vec<_> = read.try_collect().await?;
        let below = level.iter().flat_map(|(_, below)| below).filter(|_| children.is_some());
        next = below.filter(|digest| seen.insert((*digest).clone())).cloned().collect();
        if let Some(limit) = children.filter(|limit| seen.len() > limit + 1) {
            let what = "manifests in an index".to_owned();
            return Err(Error::TooMuch { place: format!("{repo}@{digest}"), what, limit: limit as u64 });
        }
        levels.push(level.into_iter().map(|(image, _)| image).collect());
    }
    levels.reverse();
    Ok(levels)
}

/// What is stored under a digest, and what is in it.
async fn read(source: &dyn Source, repo: &Repository, digest: Digest) -> Result<(Descriptor, Vec<Digest>)> {
    let manifest = source.manifest(repo, &TagOrDigest::Digest(digest.clone())).await?;
    if *manifest.digest() != digest {
        let error = RegistryError::new(ErrorKind::DigestMismatch, "pull manifest", format_args!("{repo}@{digest}"));
        return Err(error.with_message(format_args!("its bytes hash to {}", manifest.digest())).into());
    }
    let children = manifest.view()?.children().into_iter().map(|child| child.digest.clone()).collect();
    Ok((manifest.descriptor().clone(), children))
}
