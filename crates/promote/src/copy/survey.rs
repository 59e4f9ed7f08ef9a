//! Planning: what the image is, what it is made of, and what the target's tag holds. Reads only.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::future::FutureExt as _;
use lockage_registry::{Descriptor, Digest, Manifest, Platform, RawManifest, Reference, Repository, TagOrDigest};

use super::plan::{PlannedBlob, PlannedManifest};
use super::together::together;
use super::{CopyPlan, ImageCopy, Requests, Route};
use crate::observe::Event;
use crate::{Error, Result, Side};

/// No image has as many manifests; a registry that says so is out to exhaust its clients.
const MAX_MANIFESTS: usize = 10_000;
/// Indexes within indexes, the root included.
const MAX_DEPTH: usize = 8;

/// Asks for the target's tag first: where there is none, fetching the source's manifest pins it too, and a HEAD of the
/// source is saved.
pub(super) async fn plan(copy: &ImageCopy<'_>) -> Result<CopyPlan> {
    let requests = Requests::default();
    let target = target_reference(copy);
    let what = TagOrDigest::of(&copy.from);
    let held = held(copy, &target, &requests).await?;
    let plan = match (held, &copy.platform) {
        (None, _) => survey(copy, target, None, &what, &requests).await?,
        // Which child is meant is only known from the index.
        (Some(held), Some(_)) => survey(copy, target, Some(held.digest), &what, &requests).await?,
        (Some(held), None) => {
            let pinned = pin(copy, &what, &requests).await?;
            if pinned == held.digest {
                expect_digest(copy, &target, &pinned)?;
                bare(copy, target, held.clone(), Some(held.digest))
            } else {
                survey(copy, target, Some(held.digest), &pinned.into(), &requests).await?
            }
        }
    };
    let plan = CopyPlan { requests: requests.count(), ..plan };
    copy.event(&Event::Planned { plan: &plan });
    Ok(plan)
}

/// The digest of the source: one HEAD, unless it was given.
async fn pin(copy: &ImageCopy<'_>, what: &TagOrDigest, requests: &Requests) -> Result<Digest> {
    if let Some(digest) = what.digest() {
        return Ok(digest.clone());
    }
    requests.one();
    let resolved = copy.source.resolve(copy.from.repository(), what).await;
    resolved.map(|found| found.digest).map_err(Side::Source.failed())
}

/// A plan that has nothing to do yet.
fn bare(copy: &ImageCopy<'_>, target: Reference, root: Descriptor, former: Option<Digest>) -> CopyPlan {
    CopyPlan {
        source: copy.from.clone(),
        target,
        root,
        route: Route::Present,
        former,
        manifests: Vec::new(),
        blobs: Vec::new(),
        requests: 0,
    }
}

/// Walks the image from its root.
async fn survey(
    copy: &ImageCopy<'_>,
    target: Reference,
    former: Option<Digest>,
    what: &TagOrDigest,
    requests: &Requests,
) -> Result<CopyPlan> {
    let mut root = fetch(copy, what, requests).await?;
    if let Some(platform) = &copy.platform {
        root = child_for(copy, &root, platform, requests).await?;
    }
    expect_digest(copy, &target, root.digest())?;
    let view = root.view().map_err(Side::Source.failed())?;
    let mut plan = bare(copy, target, root.descriptor().clone(), former);
    if plan.former.as_ref() == Some(root.digest()) {
        return Ok(plan);
    }
    plan.route = route(copy, &plan.target);
    if plan.route == Route::Retag {
        plan.manifests.push(PlannedManifest { descriptor: root.descriptor().clone(), height: 0, raw: Some(root) });
    } else {
        (plan.manifests, plan.blobs) = walk(copy, root, view, requests).await?;
    }
    Ok(plan)
}

/// One HEAD for each blob that is not known about.
pub(super) async fn foresee(copy: &ImageCopy<'_>, plan: &mut CopyPlan) -> Result<()> {
    let unknown = plan.blobs.iter().enumerate().filter(|(_, blob)| blob.present.is_none());
    let asked = unknown.map(|(at, blob)| has_blob(copy, plan.target.repository(), at, &blob.descriptor.digest).boxed());
    let answers = together(copy.concurrency, asked.collect()).await?;
    plan.requests += answers.len() as u64;
    for (at, has) in answers {
        if let Some(blob) = plan.blobs.get_mut(at) {
            blob.present = Some(has);
        }
    }
    Ok(())
}

async fn has_blob(copy: &ImageCopy<'_>, repo: &Repository, at: usize, digest: &Digest) -> Result<(usize, bool)> {
    match copy.target.stat_blob(repo, digest).await {
        Ok(_) => Ok((at, true)),
        Err(error) if error.is_not_found() => Ok((at, false)),
        Err(error) => Err(Side::Target.failed()(error)),
    }
}

/// The target with the tag that the image will have: its own, else the source's, else none where a digest was given.
fn target_reference(copy: &ImageCopy<'_>) -> Reference {
    let to = &copy.to;
    match (to.tag(), to.digest(), TagOrDigest::of(&copy.from)) {
        (None, None, TagOrDigest::Tag(tag)) => to.clone().with_tag(tag),
        (None, None, TagOrDigest::Digest(_)) => match copy.from.tag() {
            Some(tag) => to.clone().with_tag(tag.clone()),
            None => to.clone(),
        },
        _ => to.clone(),
    }
}

/// What the target's tag holds now; `None` is a 404 and nothing else.
async fn held(copy: &ImageCopy<'_>, target: &Reference, requests: &Requests) -> Result<Option<Descriptor>> {
    let at = match (target.tag(), target.digest(), copy.from.digest()) {
        (Some(tag), ..) => TagOrDigest::Tag(tag.clone()),
        (None, Some(digest), _) | (None, None, Some(digest)) => TagOrDigest::Digest(digest.clone()),
        (None, None, None) => return Ok(None),
    };
    requests.one();
    match copy.target.resolve(target.repository(), &at).await {
        Ok(held) => Ok(Some(held)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(Side::Target.failed()(error)),
    }
}

/// A digest in the target's reference, or in the source's for a whole image, is a promise.
fn expect_digest(copy: &ImageCopy<'_>, target: &Reference, found: &Digest) -> Result<()> {
    match target.digest() {
        Some(promised) if promised != found => {
            Err(Error::OtherDigest { reference: Box::new(copy.to.clone()), found: found.clone() })
        }
        _ => Ok(()),
    }
}

fn route(copy: &ImageCopy<'_>, target: &Reference) -> Route {
    let (from, to) = (copy.from.repository(), target.repository());
    if from == to && copy.is_one_registry() {
        Route::Retag
    } else if from.host() == to.host() {
        Route::Mount
    } else {
        Route::Stream
    }
}

async fn fetch(copy: &ImageCopy<'_>, what: &TagOrDigest, requests: &Requests) -> Result<RawManifest> {
    requests.one();
    let fetched = copy.source.manifest(copy.from.repository(), what).await;
    let raw = fetched.map_err(Side::Source.failed())?;
    match what {
        // The digest was asked for, so whatever the port is, it is checked here.
        TagOrDigest::Digest(digest) if raw.digest() != digest => {
            RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest).map_err(Side::Source.failed())
        }
        _ => Ok(raw),
    }
}

async fn child_for(
    copy: &ImageCopy<'_>,
    index: &RawManifest,
    platform: &Platform,
    requests: &Requests,
) -> Result<RawManifest> {
    let view = index.view().map_err(Side::Source.failed())?;
    let children = view.children();
    let serves = |child: &&&Descriptor| child.platform.as_ref().is_some_and(|offered| platform.accepts(offered));
    match children.iter().find(serves) {
        Some(child) => fetch(copy, &child.digest.clone().into(), requests).await,
        None => Err(Error::NoSuchPlatform {
            image: Box::new(copy.from.clone()),
            wanted: Box::new(platform.clone()),
            offered: children
                .iter()
                .filter(|child| !child.is_attestation())
                .filter_map(|child| child.platform.clone())
                .collect(),
        }),
    }
}

/// All manifests below `root`, children before their parents, and the distinct blobs of all, largest first.
async fn walk(
    copy: &ImageCopy<'_>,
    root: RawManifest,
    view: Manifest,
    requests: &Requests,
) -> Result<(Vec<PlannedManifest>, Vec<PlannedBlob>)> {
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
            return Ok((ordered(found, &children_of), largest_first(blobs)));
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
            raw: Some(raw),
        })
        .collect();
    manifests.sort_by_key(|planned| planned.height);
    manifests
}

fn largest_first(blobs: BTreeMap<Digest, Descriptor>) -> Vec<PlannedBlob> {
    let mut blobs: Vec<_> = blobs.into_values().map(|descriptor| PlannedBlob { descriptor, present: None }).collect();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.descriptor.size));
    blobs
}

fn too_large(copy: &ImageCopy<'_>, limit: String) -> Error {
    Error::TooLarge { image: Box::new(copy.from.clone()), limit }
}
