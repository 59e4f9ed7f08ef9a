//! The listing of tags: one serves many copies, none that began after it, and a huge one is not waited for.

use std::sync::{Arc, Mutex};

use lockage_promote::{AttachmentOutcome, Flights, ImageCopy};
use lockage_registry::testing::{Operation, Recorder};
use lockage_registry::{DigestTagKind, Tag, TagOrDigest, Target};

use crate::pieces::{Attached, cosign, from, tag, to};
use crate::stock::{memory, reference};

#[tokio::test]
async fn copies_that_were_made_before_it_share_one_listing() {
    let attached = Attached::new().await;
    let source = Recorder::new(attached.source.clone());
    let (target, flights) = (memory("prod.test"), Flights::new());
    let tags: Vec<_> = (0..8).map(|n| reference(&format!("prod.test/app:v{n}"))).collect();
    let copies: Vec<_> =
        tags.iter().map(|to| ImageCopy::new(&source, &from()).to(&target, to).sharing(&flights)).collect();
    let plans = futures::future::join_all(copies.iter().map(|copy| async { copy.plan().await.unwrap() })).await;
    assert_eq!(source.count(Operation::Tags), 1);
    assert!(plans.iter().all(|plan| plan.attachments().len() == Attached::COUNT));

    // Signed since: whoever begins now, and whoever looks again, sees it.
    let late = cosign(&attached.source, from().repository(), &["late"]).await;
    tag(&attached.source, from().repository(), &late, attached.image.root().digest(), DigestTagKind::Sbom).await;
    let fresh = ImageCopy::new(&source, &from()).to(&target, &tags[0]).sharing(&flights);
    for copy in [&fresh, &copies[0]] {
        assert_eq!(copy.plan().await.unwrap().attachments().len(), Attached::COUNT + 1);
    }
}

#[tokio::test]
async fn where_there_are_too_many_tags_those_that_matter_are_asked_for() {
    let attached = Attached::new().await;
    for n in 0..20_001 {
        let at: Tag = format!("a-{n}").parse().unwrap();
        attached.source.put_manifest(from().repository(), attached.image.root(), &at.into()).await.unwrap();
    }
    let source = Recorder::new(attached.source.clone());
    let target = memory("prod.test");
    let copy = ImageCopy::new(&source, &from()).to(&target, &to());
    let plan = copy.plan().await.unwrap();
    assert_eq!(plan.attachments().len(), Attached::COUNT);
    // Three tags for each of the image's manifests, of the attachments, and of the child of one.
    let manifests = attached.image.manifests.len() + Attached::COUNT + 1;
    assert_eq!((source.count(Operation::Tags), source.count(Operation::Resolve)), (1, 3 * manifests));
    let receipt = copy.apply(&plan).await.unwrap();
    assert!(receipt.attachments().found().iter().all(|one| one.outcome == AttachmentOutcome::Carried));
    attached.assert_at(&target, &to()).await;
}

#[tokio::test]
async fn what_was_listed_and_is_gone_when_it_is_read_is_not_there() {
    let attached = Attached::new().await;
    let gone = Arc::new(Mutex::new(false));
    let source = lockage_registry::testing::Faulty::new(attached.source.clone()).script({
        let at = lockage_registry::DigestTag::new(attached.image.root().digest(), DigestTagKind::Signature).to_string();
        let gone = Arc::clone(&gone);
        move |_, call| {
            let hit = call.operation == Operation::Manifest && call.what == at;
            *gone.lock().unwrap() |= hit;
            hit.then_some(lockage_registry::testing::Fault::Before(lockage_registry::ErrorKind::NotFound))
        }
    });
    let target = memory("prod.test");
    let plan = ImageCopy::new(&source, &from()).to(&target, &to()).plan().await.unwrap();
    assert_eq!((plan.attachments().len(), *gone.lock().unwrap()), (Attached::COUNT - 1, true));
    assert!(TagOrDigest::of(plan.target()).tag().is_some());
}
