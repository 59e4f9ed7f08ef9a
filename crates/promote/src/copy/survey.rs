//! Planning: what the image is, what it is made of, and what the target's tag holds. Reads only.

use std::time::Instant;

use futures::future::FutureExt as _;
use lockage_registry::{Descriptor, Digest, Platform, RawManifest, Reference, Repository, TagOrDigest};

use super::attachments::{self, Attached};
use super::plan::PlannedManifest;
use super::together::together;
use super::walk::{fetch, largest_first, walk};
use super::{CopyPlan, ImageCopy, Requests, Route};
use crate::observe::Event;
use crate::{Error, Result, Side};

/// Asks for the target's tag first: where there is none, fetching the source's manifest pins it too, and a HEAD of the
/// source is saved.
pub(super) async fn plan(copy: &ImageCopy<'_>) -> Result<CopyPlan> {
    let (requests, since) = (Requests::default(), copy.since());
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
    if let Some(expected) = &copy.expected {
        expect_current(&plan, expected)?;
    }
    let attached = attached(copy, &plan, &requests, since).await?;
    let plan = CopyPlan { attached, requests: requests.count(), ..plan };
    copy.event(&Event::Planned { plan: &plan });
    Ok(plan)
}

/// What the tag held when the plan was made must be what the caller expects; a tag that holds the image already is
/// nobody's conflict.
fn expect_current(plan: &CopyPlan, expected: &Option<Digest>) -> Result<()> {
    if plan.route == Route::Present || plan.target.tag().is_none() || plan.former == *expected {
        return Ok(());
    }
    Err(Error::Moved { tag: Box::new(plan.target.clone()), expected: expected.clone(), found: plan.former.clone() })
}

async fn attached(copy: &ImageCopy<'_>, plan: &CopyPlan, requests: &Requests, since: Instant) -> Result<Attached> {
    if !copy.attachments {
        return Ok(Attached::LeftBehind);
    }
    if route(copy, &plan.target) == Route::Retag {
        return Ok(Attached::InPlace);
    }
    attachments::discover(copy, plan, requests, since).await.map(|found| Attached::Found(Box::new(found)))
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
        attached: Attached::LeftBehind,
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
        plan.manifests.push(PlannedManifest {
            descriptor: root.descriptor().clone(),
            height: 0,
            depth: 0,
            raw: Some(root),
        });
    } else {
        let below = walk(copy, root, view, requests).await?;
        (plan.manifests, plan.blobs) = (below.manifests, largest_first(below.blobs));
    }
    Ok(plan)
}

/// One HEAD for each blob that is not known about.
pub(super) async fn foresee(copy: &ImageCopy<'_>, plan: &mut CopyPlan) -> Result<()> {
    let unknown = plan.all_blobs().filter(|blob| blob.present.is_none());
    let asked = unknown.map(|blob| has_blob(copy, plan.target.repository(), &blob.descriptor.digest).boxed());
    let mut answers = together(copy.concurrency, asked.collect()).await?.into_iter();
    let attached = plan.attached.found_mut().into_iter().flat_map(|found| found.blobs.iter_mut());
    for blob in plan.blobs.iter_mut().chain(attached).filter(|blob| blob.present.is_none()) {
        blob.present = answers.next();
        plan.requests += 1;
    }
    Ok(())
}

async fn has_blob(copy: &ImageCopy<'_>, repo: &Repository, digest: &Digest) -> Result<bool> {
    match copy.target.stat_blob(repo, digest).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
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
