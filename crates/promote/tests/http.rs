//! Copies over HTTP: request budgets by the servers' own logs, bytes preserved to a layout and back, and the tag rule with
//! every request failing in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockage_promote::{ImageCopy, Outcome};
use lockage_registry::client::Client;
use lockage_registry::server::Fault;
use lockage_registry::testing::fixtures;
use lockage_registry::{OciLayout, Reference, RetryPolicy, Source, TagOrDigest};
use world::{Place, client, copy, image};

fn blob_bytes(place: &Place) -> u64 {
    place.requests().iter().filter(|seen| seen.path.contains("/blobs/")).map(|seen| seen.sent + seen.received).sum()
}

#[tokio::test]
async fn across_registries_it_takes_3b_2m_1_and_each_byte_once() {
    let (dev, prod, client, image) = (Place::start().await, Place::start().await, client(), image(1));
    let (m, b) = (image.manifests.len(), image.blobs.len());
    let bytes: u64 = image.blobs.iter().map(|(blob, _)| blob.size).sum();
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    dev.hold(&image, &from).await;

    let receipt = copy(&client, &from, &to).await.unwrap();
    assert_eq!((dev.requests().len(), prod.requests().len()), (m + b, 1 + 2 * b + m), "{:#?}", prod.requests());
    assert_eq!(receipt.requests() as usize, 3 * b + 2 * m + 1);
    assert_eq!((blob_bytes(&dev), blob_bytes(&prod), receipt.bytes()), (bytes, bytes, bytes));
    let last = prod.requests().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path.as_str()),
        ("PUT", "/v2/app/manifests/v1"),
        "the tag is the last write"
    );

    // All blobs are there, and the tag holds nothing: B + 2M + 1.
    let other = prod.reference("app:v2");
    dev.server.clear_requests();
    prod.server.clear_requests();
    copy(&client, &from, &other).await.unwrap();
    assert_eq!(dev.requests().len() + prod.requests().len(), b + 2 * m + 1);

    // Nothing to do: 2 HEADs.
    dev.server.clear_requests();
    prod.server.clear_requests();
    let receipt = copy(&client, &from, &to).await.unwrap();
    let all: Vec<_> = dev.requests().into_iter().chain(prod.requests()).map(|seen| seen.method).collect();
    assert_eq!((all.as_slice(), receipt.requests()), (["HEAD".to_owned(), "HEAD".to_owned()].as_slice(), 2));
}

#[tokio::test]
async fn a_tag_that_holds_another_image_costs_one_more() {
    let (dev, prod, client) = (Place::start().await, Place::start().await, client());
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    let (old, new) = (image(1), image(2));
    dev.hold(&new, &from).await;
    prod.hold(&old, &to).await;
    let receipt = copy(&client, &from, &to).await.unwrap();
    let (m, b) = (new.manifests.len(), new.blobs.len());
    assert_eq!(dev.requests().len() + prod.requests().len(), 3 * b + 2 * m + 2);
    assert_eq!(receipt.former(), Some(old.root().digest()));
}

#[tokio::test]
async fn within_a_registry_it_takes_2m_b_1_and_no_byte_of_a_blob() {
    let (registry, client, image) = (Place::start().await, client(), image(1));
    let from = registry.reference("dev/app:pr-42");
    registry.hold(&image, &from).await;
    let receipt = copy(&client, &from, &registry.reference("prod/app:v1")).await.unwrap();
    assert_eq!(registry.requests().len(), 2 * image.manifests.len() + image.blobs.len() + 1);
    assert_eq!((blob_bytes(&registry), receipt.bytes()), (0, 0));
    let mounted = receipt.steps().iter().filter(|step| step.outcome == Outcome::Mounted).count();
    assert_eq!(mounted, image.blobs.len());
}

#[tokio::test]
async fn within_a_repository_it_takes_3() {
    let (registry, client, image) = (Place::start().await, client(), image(1));
    let from = registry.reference("app:pr-42");
    registry.hold(&image, &from).await;
    copy(&client, &from, &registry.reference("app:v1")).await.unwrap();
    let methods: Vec<_> = registry.requests().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["HEAD", "GET", "PUT"]);
}

#[tokio::test]
async fn every_oddity_survives_registry_layout_registry() {
    let (dev, prod, client) = (Place::start().await, Place::start().await, client());
    let directory = tempfile::tempdir().unwrap();
    let layout = OciLayout::open(directory.path(), "layout.test".parse().unwrap()).unwrap();
    for (name, image) in fixtures::oddities() {
        let from = dev.reference(&format!("odd/{name}:x"));
        let between: Reference = format!("layout.test/odd/{name}:x").parse().unwrap();
        let to = prod.reference(&format!("odd/{name}:x"));
        dev.hold(&image, &from).await;
        let down = ImageCopy::new(&client, &from).to(&layout, &between);
        let plan = down.plan().await.unwrap_or_else(|e| panic!("{name}: {e}"));
        down.apply(&plan).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let up = ImageCopy::new(&layout, &between).to(&client, &to);
        up.apply(&up.plan().await.unwrap()).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        for planned in plan.manifests() {
            let what = TagOrDigest::Digest(planned.digest.clone());
            let original = client.manifest(from.repository(), &what).await.unwrap();
            assert_eq!(layout.manifest(between.repository(), &what).await.unwrap(), original, "{name}");
            assert_eq!(client.manifest(to.repository(), &what).await.unwrap(), original, "{name}");
        }
        assert_eq!(prod.tagged(&to).await.as_ref(), Some(image.root().digest()), "{name}");
    }
}

#[tokio::test]
async fn every_request_may_fail_in_every_way() {
    let (old, new) = (image(1), image(2));
    let calm = (Place::start().await, Place::start().await);
    let (from, to) = (calm.0.reference("app:pr-42"), calm.1.reference("app:v1"));
    calm.0.hold(&new, &from).await;
    calm.1.hold(&old, &to).await;
    copy(&client(), &from, &to).await.unwrap();
    let counts = [calm.0.requests().len(), calm.1.requests().len()];

    let faults: [fn() -> Fault; 5] = [
        || Fault::Answer { status: 503, code: "UNAVAILABLE".into(), retry_after: None },
        || Fault::Answer { status: 404, code: "NAME_UNKNOWN".into(), retry_after: None },
        || Fault::Cut,
        || Fault::CutAfter,
        || Fault::Truncate(1),
    ];
    let felt = AtomicUsize::new(0);
    for (at_target, count) in [(false, counts[0]), (true, counts[1])] {
        for fault in faults {
            for k in 0..count {
                // Without a fault the second time: the re-run meets a registry that has recovered.
                let script = |here: bool| -> world::Script {
                    Arc::new(move |head| if here && head.index == k { fault() } else { Fault::None })
                };
                let (dev, prod) = (Place::faulty(script(!at_target)).await, Place::faulty(script(at_target)).await);
                let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
                dev.hold(&new, &from).await;
                prod.hold(&old, &to).await;
                // Each request once: what becomes of a copy when retries do not help.
                let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
                let result = tokio::time::timeout(Duration::from_secs(20), copy(&client, &from, &to)).await;
                let result =
                    result.unwrap_or_else(|_| panic!("hangs: target {at_target}, {:?} of request {k}", fault()));
                let held = prod.tagged(&to).await;
                let place = format!("target {at_target}, {:?} of request {k}: {result:?}", fault());
                match &result {
                    Ok(_) => assert_eq!(held.as_ref(), Some(new.root().digest()), "{place}"),
                    Err(_) => {
                        felt.fetch_add(1, Ordering::Relaxed);
                        let last = at_target && k + 1 == count;
                        let new = last && held.as_ref() == Some(new.root().digest());
                        assert!(new || held.as_ref() == Some(old.root().digest()), "{place}");
                    }
                }
                let receipt = copy(&client, &from, &to).await.unwrap_or_else(|e| panic!("{place}: then {e}"));
                assert_eq!(prod.tagged(&to).await.as_ref(), Some(receipt.digest()), "{place}");
            }
        }
    }
    assert!(felt.into_inner() > 3 * (counts[0] + counts[1]));
}
