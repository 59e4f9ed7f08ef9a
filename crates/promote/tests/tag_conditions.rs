//! What the tag may hold when it is moved: what the caller expects, and what an immutable tag holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod stock;

use std::error::Error as _;

use lockage_promote::{Error, ImageCopy, Side};
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{Digest, ErrorKind, Memory, Reference, Source, TagOrDigest};
use stock::{image, memory, reference};

fn from() -> Reference {
    reference("dev.test/app:pr-42")
}

fn to() -> Reference {
    reference("prod.test/app:v1")
}

async fn source() -> Memory {
    let source = memory("dev.test");
    fixtures::push(&source, from().repository(), &image(2), from().tag().unwrap()).await.unwrap();
    source
}

/// A target whose tag holds the image of this seed, if any.
async fn target(seed: Option<u64>) -> Memory {
    let target = memory("prod.test");
    if let Some(seed) = seed {
        fixtures::push(&target, to().repository(), &image(seed), to().tag().unwrap()).await.unwrap();
    }
    target
}

fn digest(seed: u64) -> Digest {
    image(seed).root().digest().clone()
}

async fn held(target: &dyn Source) -> Option<Digest> {
    match target.resolve(to().repository(), &TagOrDigest::of(&to())).await {
        Ok(found) => Some(found.digest),
        Err(error) if error.is_not_found() => None,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_tag_moves_only_from_what_is_expected() {
    let source = source().await;
    for (holds, expected, moves) in [
        (None, None, true),
        (Some(1), Some(1), true),
        (None, Some(1), false),
        (Some(1), None, false),
        (Some(1), Some(3), false),
        // It holds the image already: there is nothing to protect.
        (Some(2), Some(1), true),
        (Some(2), None, true),
    ] {
        let target = Recorder::new(target(holds).await);
        let expected = expected.map(digest);
        let copy = ImageCopy::new(&source, &from()).to(&target, &to()).expect_current(expected.clone());
        match copy.plan().await {
            Ok(plan) => {
                copy.apply(&plan).await.unwrap();
                assert!(moves, "{holds:?} {expected:?}");
                assert_eq!(held(&target).await, Some(digest(2)));
            }
            Err(error) => {
                assert!(!moves, "{error}");
                let shown = error.details();
                let Error::Moved { expected: said, found, .. } = error else { panic!("{error}") };
                assert_eq!((said, found), (expected, holds.map(digest)));
                assert_eq!((shown[0].0, shown[1].0), ("holds", "expected"));
                assert!(target.calls().iter().all(|call| !call.operation.is_write()));
            }
        }
    }
}

#[tokio::test]
async fn a_tag_that_somebody_moves_after_the_plan_is_left_alone() {
    let source = source().await;
    let target = Recorder::new(target(Some(1)).await);
    let copy = ImageCopy::new(&source, &from()).to(&target, &to()).expect_current(Some(digest(1)));
    let plan = copy.plan().await.unwrap();
    fixtures::push(target.inner(), to().repository(), &image(3), to().tag().unwrap()).await.unwrap();
    target.clear();
    let error = copy.apply(&plan).await.unwrap_err();
    let Error::Moved { tag, expected, found } = &error else { panic!("{error}") };
    assert_eq!((tag.to_string(), expected, found), (to().to_string(), &Some(digest(1)), &Some(digest(3))));
    assert_eq!((error.side(), held(&target).await), (Some(Side::Target), Some(digest(3))));
    assert!(error.remedy().unwrap().contains("left alone"));

    // The HEAD is right before the PUT, and only where it is asked for.
    let again = copy.clone().expect_current(Some(digest(3)));
    let plan = again.plan().await.unwrap();
    target.clear();
    again.apply(&plan).await.unwrap();
    let last: Vec<_> = target.calls().iter().rev().take(2).map(|call| call.operation).collect();
    assert_eq!(last, [Operation::PutManifest, Operation::Resolve]);
    assert_eq!(target.count(Operation::Resolve), 1);
}

#[tokio::test]
async fn without_an_expectation_nobody_asks() {
    let (source, target) = (source().await, Recorder::new(target(Some(1)).await));
    let copy = ImageCopy::new(&source, &from()).to(&target, &to()).without_attachments();
    copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!(target.count(Operation::Resolve), 1, "that of the plan");
}

/// A target that refuses to have its tag written, as registries with immutable tags do.
fn immutable(target: Memory, fault: Fault) -> Faulty<Memory> {
    Faulty::new(target)
        .script(move |_, call| (call.operation == Operation::PutManifest && call.what == "v1").then_some(fault))
}

#[tokio::test]
async fn an_immutable_tag_says_what_it_holds() {
    let source = source().await;
    let target = immutable(target(Some(1)).await, Fault::Before(ErrorKind::TagImmutable));
    let copy = ImageCopy::new(&source, &from()).to(&target, &to());
    let error = copy.apply(&copy.plan().await.unwrap()).await.unwrap_err();
    let Error::TagImmutable { current, wanted, .. } = &error else { panic!("{error}") };
    assert_eq!((current, wanted), (&digest(1), &digest(2)));
    assert_eq!(error.details(), [("holds", digest(1).to_string()), ("wanted", digest(2).to_string())]);
    assert_eq!(error.to_string(), "prod.test/app:v1: the tag is immutable and holds another image");
    assert!(error.source().unwrap().to_string().contains("push manifest"));
    assert!(error.remedy().is_some() && error.port().is_some());
    assert_eq!(held(target.inner()).await, Some(digest(1)));
}

#[tokio::test]
async fn an_immutable_tag_that_holds_the_image_is_success() {
    // Another copy of the same image was quicker: the tag was absent when this one was planned.
    let source = source().await;
    let target = immutable(target(None).await, Fault::After(ErrorKind::TagImmutable));
    let copy = ImageCopy::new(&source, &from()).to(&target, &to());
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!((receipt.digest(), held(target.inner()).await), (&digest(2), Some(digest(2))));
}

#[tokio::test]
async fn where_an_immutable_tag_cannot_be_read_the_refusal_stands() {
    let source = source().await;
    let target = Faulty::new(target(None).await).script(|_, call| match call.operation {
        Operation::PutManifest if call.what == "v1" => Some(Fault::Before(ErrorKind::TagImmutable)),
        _ => None,
    });
    let copy = ImageCopy::new(&source, &from()).to(&target, &to());
    let error = copy.apply(&copy.plan().await.unwrap()).await.unwrap_err();
    assert_eq!((error.side(), error.port().unwrap().kind()), (Some(Side::Target), ErrorKind::TagImmutable), "{error}");
}
