//! The tag is the last write: whatever call fails, at source or target, the tag holds its old value or the complete new
//! one, and a re-run completes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod stock;

use std::collections::HashSet;

use lockage_promote::{ImageCopy, Side};
use lockage_registry::testing::{Fault, Faulty, fixtures};
use lockage_registry::{Digest, ErrorKind, Memory, Reference, Source, TagOrDigest};
use stock::{image, memory, reference};

async fn push(target: &Memory, image: &fixtures::Image, at: &Reference) {
    fixtures::push(target, at.repository(), image, at.tag().unwrap()).await.unwrap();
}

async fn tagged(registry: &dyn Source, at: &Reference) -> Option<Digest> {
    match registry.resolve(at.repository(), &TagOrDigest::of(at)).await {
        Ok(found) => Some(found.digest),
        Err(error) if error.is_not_found() => None,
        Err(error) => panic!("{error}"),
    }
}

/// Everything below a manifest is there.
async fn assert_complete(registry: &dyn Source, at: &Reference) {
    let mut open = vec![TagOrDigest::of(at)];
    let mut seen = HashSet::new();
    while let Some(what) = open.pop() {
        let manifest = registry.manifest(at.repository(), &what).await.unwrap();
        let view = manifest.view().unwrap();
        for blob in view.blobs() {
            assert_eq!(registry.stat_blob(at.repository(), &blob.digest).await.unwrap(), blob.size);
        }
        for child in view.children() {
            if seen.insert(child.digest.clone()) {
                open.push(child.digest.clone().into());
            }
        }
    }
}

#[tokio::test]
async fn every_call_may_fail_at_either_side() {
    let (from, to) = (reference("dev.test/app:pr-42"), reference("prod.test/app:v1"));
    let (old, new) = (image(1), image(2));
    let source = memory("dev.test");
    push(&source, &new, &from).await;

    let calm_source = Faulty::new(source.clone());
    let calm_target = Faulty::new(memory("prod.test"));
    push(calm_target.inner(), &old, &to).await;
    let copy = ImageCopy::new(&calm_source, &from).to(&calm_target, &to);
    copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    let (source_calls, target_calls) = (calm_source.calls(), calm_target.calls());
    assert!(source_calls > 10 && target_calls > 20, "{source_calls} {target_calls}");

    let mut failures = 0;
    for side in [Side::Source, Side::Target] {
        let calls = if side == Side::Source { source_calls } else { target_calls };
        for fault in [
            Fault::Before(ErrorKind::Unavailable),
            Fault::After(ErrorKind::Unreachable),
            Fault::Truncate(1),
            Fault::ShortEnd(1),
            Fault::Corrupt,
        ] {
            for k in 0..calls {
                let (source, prod) = (source.clone(), memory("prod.test"));
                push(&prod, &old, &to).await;
                let at = |this: Side| if side == this { k } else { usize::MAX };
                let source = Faulty::new(source).fail(at(Side::Source), fault);
                let target = Faulty::new(prod.clone()).fail(at(Side::Target), fault);
                let copy = ImageCopy::new(&source, &from).to(&target, &to);
                let result = match copy.plan().await {
                    Ok(plan) => copy.apply(&plan).await,
                    Err(error) => Err(error),
                };

                let held = tagged(&prod, &to).await.unwrap();
                if let Err(error) = result {
                    failures += 1;
                    // A body that breaks under the target's hands is the target's failure.
                    if matches!(fault, Fault::Before(_) | Fault::After(_)) {
                        assert_eq!(error.side(), Some(side), "{error}");
                    }
                    let lost_answer = k + 1 == target_calls && fault == Fault::After(ErrorKind::Unreachable);
                    let expected = if side == Side::Target && lost_answer { &new } else { &old };
                    assert_eq!(held, *expected.root().digest(), "{side} call {k}, {fault:?}");
                } else {
                    assert_eq!(held, *new.root().digest(), "{side} call {k}, {fault:?}");
                }
                assert_complete(&prod, &to).await;

                let again = ImageCopy::new(&source, &from).to(&target, &to);
                let receipt = again.apply(&again.plan().await.unwrap()).await.unwrap();
                assert_eq!(receipt.digest(), new.root().digest());
                assert_eq!(tagged(&prod, &to).await.as_ref(), Some(new.root().digest()));
                assert_complete(&prod, &to).await;
            }
        }
    }
    assert!(failures > 2 * (source_calls + target_calls) - 2, "only {failures} faults were felt");
}

#[tokio::test]
async fn a_copy_that_is_dropped_midway_leaves_the_tag() {
    let (from, to) = (reference("dev.test/app:pr-42"), reference("prod.test/app:v1"));
    let (source, target) = (memory("dev.test"), memory("prod.test"));
    push(&source, &image(2), &from).await;
    push(&target, &image(1), &to).await;
    let copy = ImageCopy::new(&source, &from).to(&target, &to);
    let plan = copy.plan().await.unwrap();
    for polls in 0..200 {
        let mut apply = Box::pin(copy.apply(&plan));
        let mut done = false;
        for _ in 0..polls {
            if futures::poll!(&mut apply).is_ready() {
                done = true;
                break;
            }
        }
        drop(apply);
        let held = tagged(&target, &to).await.unwrap();
        assert_eq!(held == *plan.digest(), done);
        if done {
            return;
        }
    }
    panic!("the copy never ended");
}

#[tokio::test]
async fn a_child_that_the_source_lacks_is_found_before_anything_is_written() {
    let (from, to) = (reference("dev.test/app:pr-42"), reference("prod.test/app:v1"));
    let image = image(3);
    let source = memory("dev.test");
    push(&source, &image, &from).await;
    lockage_registry::Prune::delete_manifest(&source, from.repository(), image.manifests[0].digest()).await.unwrap();
    let target = lockage_registry::testing::Recorder::new(memory("prod.test"));
    let error = ImageCopy::new(&source, &from).to(&target, &to).plan().await.unwrap_err();
    assert_eq!((error.side(), error.port().unwrap().kind()), (Some(Side::Source), ErrorKind::NotFound));
    assert!(error.to_string().contains(image.manifests[0].digest().as_str()), "{error}");
    assert!(target.calls().iter().all(|call| !call.operation.is_write()), "{:?}", target.calls());
}
