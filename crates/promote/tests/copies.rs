//! What a copy does on each route, with what it was given: retag, mount, stream, one platform, a plan kept as a
//! document, and copies side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod stock;

use std::sync::{Arc, Mutex};

use lockage_promote::{Attachments, CopyPlan, Error, Event, Flights, ImageCopy, Outcome, Route};
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{ErrorKind, Memory, RawManifest, Source, TagOrDigest, Target};
use stock::{image, memory, reference};

async fn dev(image: &fixtures::Image, at: &str) -> Memory {
    let (registry, at) = (memory("dev.test"), reference(at));
    fixtures::push(&registry, at.repository(), image, at.tag().unwrap()).await.unwrap();
    registry
}

#[tokio::test]
async fn every_oddity_keeps_its_bytes_and_its_media_type() {
    for (name, image) in fixtures::oddities() {
        let source = dev(&image, "dev.test/odd:x").await;
        let target = memory("prod.test");
        let to = reference("prod.test/nested/odd:y");
        let from = reference("dev.test/odd:x");
        let copy = ImageCopy::new(&source, &from).to(&target, &to);
        let plan = copy.plan().await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let receipt = copy.apply(&plan).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(receipt.digest(), image.root().digest(), "{name}");
        // A subject is not below the image that is attached to it.
        let below = image.manifests.iter().filter(|manifest| plan.manifests().any(|d| d == manifest.descriptor()));
        for manifest in below {
            let what = TagOrDigest::Digest(manifest.digest().clone());
            let copied = target.manifest(to.repository(), &what).await.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(copied, *manifest, "{name}");
        }
        assert_eq!(target.manifest(to.repository(), &TagOrDigest::of(&to)).await.unwrap(), *image.root(), "{name}");
    }
}

#[tokio::test]
async fn within_a_repository_only_the_tag_moves() {
    let image = image(1);
    let registry = Recorder::new(dev(&image, "dev.test/app:pr-42").await);
    let copy = ImageCopy::new(&registry, &reference("dev.test/app:pr-42")).to(&registry, &reference("dev.test/app:v1"));
    let plan = copy.plan().await.unwrap();
    assert_eq!(plan.route(), Route::Retag);
    let receipt = copy.apply(&plan).await.unwrap();
    assert_eq!((receipt.requests(), registry.calls().len()), (3, 3), "{:?}", registry.calls());

    registry.clear();
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert!(!receipt.moved());
    assert_eq!((receipt.requests(), registry.count(Operation::Resolve)), (2, 2), "{:?}", registry.calls());
}

#[tokio::test]
async fn within_a_registry_blobs_are_mounted_and_no_byte_is_read() {
    let image = image(1);
    let registry = Recorder::new(dev(&image, "dev.test/app:pr-42").await);
    let copy =
        ImageCopy::new(&registry, &reference("dev.test/app:pr-42")).to(&registry, &reference("dev.test/prod/app"));
    let copy = copy.without_attachments();
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!(receipt.target().to_string(), "dev.test/prod/app:pr-42", "a target without a tag takes the source's");
    assert_eq!((receipt.route(), receipt.bytes()), (Route::Mount, 0));
    assert_eq!(receipt.requests() as usize, 2 * image.manifests.len() + image.blobs.len() + 1);
    assert_eq!(registry.count(Operation::Blob), 0);
    let mounted = receipt.steps().iter().filter(|step| step.outcome == Outcome::Mounted).count();
    assert_eq!(mounted, image.blobs.len());
    assert_eq!(receipt.steps().last().unwrap().content.digest, *image.root().digest());
}

#[tokio::test]
async fn a_platform_is_copied_alone_under_its_own_digest() {
    let image = image(1);
    let source = dev(&image, "dev.test/app:pr-42").await;
    let target = memory("prod.test");
    let from = reference("dev.test/app:pr-42");
    let to = reference("prod.test/lambda:pr-42");
    let arm = image.root().view().unwrap().children()[1].clone();
    for _ in 0..2 {
        let copy = ImageCopy::new(&source, &from).to(&target, &to).platform("linux/arm64".parse().unwrap());
        let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
        assert_eq!(*receipt.digest(), arm.digest);
    }
    let none = ImageCopy::new(&source, &from).to(&target, &to).platform("windows/amd64".parse().unwrap());
    let error = none.plan().await.unwrap_err();
    assert!(matches!(error, Error::NoSuchPlatform { .. }));
    assert!(error.remedy().unwrap().contains("linux/amd64, linux/arm64"), "{:?}", error.remedy());
}

#[tokio::test]
async fn a_digest_in_a_reference_is_a_promise() {
    let (wanted, other) = (image(1), image(2));
    let source = dev(&wanted, "dev.test/app:pr-42").await;
    let target = memory("prod.test");
    let pinned = reference("dev.test/app").with_digest(wanted.root().digest().clone());

    let to = reference("prod.test/app:v1").with_digest(other.root().digest().clone());
    let error = ImageCopy::new(&source, &pinned).to(&target, &to).plan().await.unwrap_err();
    assert!(matches!(error, Error::OtherDigest { .. }), "{error}");

    // By digest on both sides: no tag is needed, and none is made.
    let copy = ImageCopy::new(&source, &pinned).to(&target, &reference("prod.test/app"));
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!(receipt.target().tag(), None);
    assert!(!copy.apply(&copy.plan().await.unwrap()).await.unwrap().moved());
}

#[tokio::test]
async fn a_plan_survives_as_a_document() {
    let image = image(1);
    let source = dev(&image, "dev.test/app:pr-42").await;
    let target = memory("prod.test");
    let copy = ImageCopy::new(&source, &reference("dev.test/app:pr-42")).to(&target, &reference("prod.test/app:v1"));
    let mut plan = copy.plan().await.unwrap();
    copy.foresee(&mut plan).await.unwrap();
    assert_eq!(plan.bytes(), image.blobs.iter().map(|(blob, _)| blob.size).sum::<u64>());
    let kept: CopyPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(kept.to_string(), plan.to_string());
    let receipt = copy.apply(&kept).await.unwrap();
    assert_eq!(receipt.digest(), image.root().digest());
    assert_eq!(*receipt.attachments(), Attachments::Found(Vec::new()));

    let elsewhere = ImageCopy::new(&source, copy.from()).to(&target, &reference("prod.test/other:v1"));
    assert!(matches!(elsewhere.apply(&kept).await.unwrap_err(), Error::OtherPlan { .. }));
}

#[tokio::test]
async fn schema_1_is_refused_before_anything_is_written() {
    let source = memory("dev.test");
    let target = Recorder::new(memory("prod.test"));
    let schema1 = br#"{"schemaVersion":1,"name":"app","tag":"x","fsLayers":[],"history":[],"signatures":[]}"#;
    let raw =
        RawManifest::new("application/vnd.docker.distribution.manifest.v1+prettyjws", schema1[..].into()).unwrap();
    assert_eq!(raw.view().unwrap_err().kind(), ErrorKind::Unsupported);
    let from = reference("dev.test/old:x");
    assert!(source.put_manifest(from.repository(), &raw, &TagOrDigest::of(&from)).await.is_err());

    let old = Old(raw);
    let error = ImageCopy::new(&old, &from).to(&target, &reference("prod.test/old:x")).plan().await.unwrap_err();
    assert!(error.to_string().contains("schema 1"), "{error}");
    assert!(error.remedy().unwrap().contains("docker"), "{:?}", error.remedy());
    assert!(target.calls().iter().all(|call| !call.operation.is_write()));
}

/// A registry of long ago.
#[derive(Debug)]
struct Old(RawManifest);

impl std::fmt::Display for Old {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("old")
    }
}

#[async_trait::async_trait]
impl Source for Old {
    async fn resolve(
        &self,
        _: &lockage_registry::Repository,
        _: &TagOrDigest,
    ) -> lockage_registry::Result<lockage_registry::Descriptor> {
        Ok(self.0.descriptor().clone())
    }
    async fn manifest(
        &self,
        _: &lockage_registry::Repository,
        _: &TagOrDigest,
    ) -> lockage_registry::Result<RawManifest> {
        Ok(self.0.clone())
    }
    async fn stat_blob(
        &self,
        _: &lockage_registry::Repository,
        _: &lockage_registry::Digest,
    ) -> lockage_registry::Result<u64> {
        unreachable!()
    }
    async fn blob(
        &self,
        _: &lockage_registry::Repository,
        _: &lockage_registry::Descriptor,
        _: u64,
    ) -> lockage_registry::Result<lockage_registry::ByteStream> {
        unreachable!()
    }
    fn tags<'a>(
        &'a self,
        _: &'a lockage_registry::Repository,
    ) -> futures::stream::BoxStream<'a, lockage_registry::Result<lockage_registry::Tag>> {
        unreachable!()
    }
    async fn referrers(
        &self,
        _: &lockage_registry::Repository,
        _: &lockage_registry::Digest,
        _: Option<&str>,
    ) -> lockage_registry::Result<Vec<lockage_registry::Descriptor>> {
        unreachable!()
    }
}

#[tokio::test]
async fn copies_side_by_side_move_a_shared_blob_once() {
    let image = image(1);
    let source = Recorder::new(dev(&image, "dev.test/app:pr-42").await);
    let target = memory("prod.test");
    let (from, flights) = (reference("dev.test/app:pr-42"), Flights::new());
    let tags: Vec<_> = (0..8).map(|n| reference(&format!("prod.test/app:v{n}"))).collect();
    let copies: Vec<_> =
        tags.iter().map(|to| ImageCopy::new(&source, &from).to(&target, to).sharing(&flights)).collect();
    let receipts = futures::future::join_all(
        copies.iter().map(|copy| async { copy.apply(&copy.plan().await.unwrap()).await.unwrap() }),
    )
    .await;
    assert_eq!(source.count(Operation::Blob), image.blobs.len());
    let uploaded: u64 = receipts.iter().map(lockage_promote::Receipt::bytes).sum();
    assert_eq!(uploaded, image.blobs.iter().map(|(blob, _)| blob.size).sum::<u64>());
}

#[tokio::test]
async fn a_failed_transfer_does_not_fail_those_who_wait_for_it() {
    let image = fixtures::image_with_layers(1, &[100_000]);
    let source = Faulty::new(dev(&image, "dev.test/app:pr-42").await);
    let target = memory("prod.test");
    let (from, flights) = (reference("dev.test/app:pr-42"), Flights::new());
    // The first read of a blob breaks, whichever copy makes it.
    let broken = Arc::new(Mutex::new(false));
    let source = source.script({
        let broken = Arc::clone(&broken);
        move |_, call| {
            let mut broken = broken.lock().unwrap();
            let now = call.operation == Operation::Blob && !*broken;
            *broken |= now;
            now.then_some(Fault::Truncate(10))
        }
    });
    let tags: Vec<_> = (0..4).map(|n| reference(&format!("prod.test/app:v{n}"))).collect();
    let copies: Vec<_> =
        tags.iter().map(|to| ImageCopy::new(&source, &from).to(&target, to).sharing(&flights)).collect();
    let results =
        futures::future::join_all(copies.iter().map(|copy| async { copy.apply(&copy.plan().await.unwrap()).await }))
            .await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
}

#[tokio::test]
async fn an_observer_sees_every_byte_and_the_tag_last() {
    let image = image(1);
    let source = dev(&image, "dev.test/app:pr-42").await;
    let target = memory("prod.test");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::new({
        let seen = Arc::clone(&seen);
        move |event: &Event<'_>| {
            seen.lock().unwrap().push(match event {
                Event::Planned { plan } => ("planned", plan.bytes()),
                Event::BlobMoved { bytes, .. } => ("moved", *bytes),
                Event::TagMoved { .. } => ("tag", 0),
                _ => ("other", 0),
            });
        }
    });
    let copy = ImageCopy::new(&source, &reference("dev.test/app:pr-42"))
        .to(&target, &reference("prod.test/app:v1"))
        .observed_by(observer);
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.first(), Some(&("planned", receipt.bytes())));
    assert_eq!(seen.last(), Some(&("tag", 0)));
    assert_eq!(seen.iter().filter(|(what, _)| *what == "moved").map(|(_, n)| n).sum::<u64>(), receipt.bytes());
}
