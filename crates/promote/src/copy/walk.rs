//! Walking: all manifests below one, and their blobs, by digest. Reads only.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::future::FutureExt as _;
use lockage_registry::{Descriptor, Digest, Manifest, RawManifest, TagOrDigest};

use super::plan::{PlannedBlob, PlannedManifest};
use super::together::together;
use super::{ImageCopy, Requests};
use crate::{Error, Result, Side};

/// No image has as many manifests; a registry that says so is out to exhaust its clients.
pub(super) const MAX_MANIFESTS: usize = 10_000;
/// Indexes within indexes, the root included; attachments of attachments as well.
pub(super) const MAX_DEPTH: usize = 8;

/// The most bytes of manifests that are held for one image with what is attached to it.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What a manifest is made of.
pub(super) struct Below {
    /// Children before their parents, the root last.
    pub(super) manifests: Vec<PlannedManifest>,
    /// Each once.
    pub(super) blobs: BTreeMap<Digest, Descriptor>,
}

pub(super) async fn fetch(copy: &ImageCopy<'_>, what: &TagOrDigest, requests: &Requests) -> Result<RawManifest> {
    if let TagOrDigest::Digest(digest) = what
        && let Some(raw) = copy.flights.shelf.find(copy.from.repository(), digest)
    {
        return if requests.brought(raw.descriptor().size, MAX_BYTES) { Ok(raw) } else { Err(too_many_bytes(copy)) };
    }
    requests.one();
    let fetched = copy.source.manifest(copy.from.repository(), what).await;
    let raw = fetched.map_err(Side::Source.failed())?;
    if !requests.brought(raw.descriptor().size, MAX_BYTES) {
        return Err(too_many_bytes(copy));
    }
    match what {
        // The digest was asked for, so whatever the port is, it is checked here.
        TagOrDigest::Digest(digest) if raw.digest() != digest => {
            RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest).map_err(Side::Source.failed())
        }
        _ => Ok(raw),
    }
}

/// Fetches all manifests below `root`, a level at a time.
pub(super) async fn walk(
    copy: &ImageCopy<'_>,
    root: RawManifest,
    view: Manifest,
    requests: &Requests,
) -> Result<Below> {
    let mut blobs: BTreeMap<Digest, Descriptor> = BTreeMap::new();
    let mut children_of: HashMap<Digest, Vec<Digest>> = HashMap::new();
    let mut found: Vec<RawManifest> = Vec::new();
    let mut seen: HashSet<Digest> = HashSet::from([root.digest().clone()]);
    let mut level = vec![(root, view)];
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for (raw, view) in level {
            for blob in view.blobs() {
                blobs.entry(blob.digest.clone()).or_insert_with(|| blob.clone());
            }
            let children = view.children();
            children_of.insert(raw.digest().clone(), children.iter().map(|child| child.digest.clone()).collect());
            next.extend(
                children.iter().filter(|child| seen.insert(child.digest.clone())).map(|child| child.digest.clone()),
            );
            found.push(raw);
        }
        if seen.len() > MAX_MANIFESTS {
            return Err(too_large(copy, format!("{MAX_MANIFESTS} manifests")));
        }
        if next.is_empty() {
            return Ok(Below { manifests: ordered(found, &children_of), blobs });
        }
        let children = next.into_iter().map(|digest| child(copy, digest, requests).boxed());
        level = together(copy.concurrency, children.collect()).await?;
    }
    Err(too_large(copy, format!("{MAX_DEPTH} levels of indexes")))
}

async fn child(copy: &ImageCopy<'_>, digest: Digest, requests: &Requests) -> Result<(RawManifest, Manifest)> {
    let raw = fetch(copy, &TagOrDigest::Digest(digest), requests).await?;
    let view = raw.view().map_err(Side::Source.failed())?;
    Ok((raw, view))
}

/// By height: what has no children first. `found` has every manifest after one of its parents, and digests cannot form
/// a cycle, so one pass from the back suffices for a manifest whose parents are all on one level; the loop serves those
/// that are listed on several.
fn ordered(found: Vec<RawManifest>, children_of: &HashMap<Digest, Vec<Digest>>) -> Vec<PlannedManifest> {
    let mut heights: HashMap<Digest, u32> = HashMap::new();
    for _ in 0..MAX_DEPTH {
        for raw in found.iter().rev() {
            let children = children_of.get(raw.digest()).into_iter().flatten();
            let height = children.filter_map(|child| heights.get(child)).max().map_or(0, |highest| highest + 1);
            heights.insert(raw.digest().clone(), height);
        }
    }
    let mut manifests: Vec<_> = found
        .into_iter()
        .map(|raw| PlannedManifest {
            descriptor: raw.descriptor().clone(),
            height: heights.get(raw.digest()).copied().unwrap_or_default(),
            depth: 0,
            raw: Some(raw),
        })
        .collect();
    manifests.sort_by_key(|planned| planned.height);
    manifests
}

pub(super) fn largest_first(blobs: BTreeMap<Digest, Descriptor>) -> Vec<PlannedBlob> {
    let mut blobs: Vec<_> = blobs.into_values().map(|descriptor| PlannedBlob { descriptor, present: None }).collect();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.descriptor.size));
    blobs
}

fn too_many_bytes(copy: &ImageCopy<'_>) -> Error {
    too_large(copy, format!("{MAX_BYTES} bytes of manifests"))
}

pub(super) fn too_large(copy: &ImageCopy<'_>, limit: String) -> Error {
    Error::TooLarge { image: Box::new(copy.from.clone()), limit }
}
