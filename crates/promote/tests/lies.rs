//! Registries that lie, and inputs that make no sense: each is caught, told in words, and leaves the target's tag alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod world;

use std::sync::Arc;

use lockage_promote::{Error, Side};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::{ErrorKind, Reference, Source, SourceExt};
use world::{Place, client, copy, image};

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Copies from a registry that lies as `lie` says, to one that tells the truth, or the other way round.
async fn lied_to(side: Side, lie: impl Fn(&RequestHead) -> Fault + Send + Sync + 'static) -> Error {
    let lie: world::Script = Arc::new(lie);
    let honest: world::Script = Arc::new(|_| Fault::None);
    let (at_dev, at_prod) = if side == Side::Source { (lie, honest) } else { (honest, lie) };
    let (dev, prod) = (Place::faulty(at_dev).await, Place::faulty(at_prod).await);
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    let (old, new) = (image(1), image(2));
    dev.hold(&new, &from).await;
    prod.hold(&old, &to).await;
    let error = copy(&client(), &from, &to).await.unwrap_err();
    assert_eq!(prod.tagged(&to).await.as_ref(), Some(old.root().digest()), "{error}");
    error
}

fn is(head: &RequestHead, method: &str, part: &str) -> bool {
    head.method == method && head.path.contains(part)
}

fn kind(error: &Error) -> (Option<Side>, ErrorKind) {
    (error.side(), error.port().unwrap().kind())
}

#[tokio::test]
async fn wrong_bytes_for_a_blob() {
    let error =
        lied_to(Side::Source, |head| if is(head, "GET", "/blobs/") { Fault::Corrupt } else { Fault::None }).await;
    assert_eq!(kind(&error), (Some(Side::Source), ErrorKind::DigestMismatch), "{error}");
}

#[tokio::test]
async fn wrong_bytes_for_a_manifest() {
    let lie = |head: &RequestHead| if is(head, "GET", "/manifests/") { Fault::Corrupt } else { Fault::None };
    let error = lied_to(Side::Source, lie).await;
    assert_eq!(kind(&error), (Some(Side::Source), ErrorKind::DigestMismatch), "{error}");
}

#[tokio::test]
async fn a_truncated_blob() {
    let lie = |head: &RequestHead| if is(head, "GET", "/blobs/") { Fault::Truncate(7) } else { Fault::None };
    let error = lied_to(Side::Source, lie).await;
    assert_eq!(error.side(), Some(Side::Source), "{error}");
}

#[tokio::test]
async fn another_digest_for_the_tag_than_for_its_bytes() {
    let lie = |head: &RequestHead| match is(head, "GET", "/manifests/") {
        true => Fault::Header { name: "docker-content-digest".into(), value: OTHER.into() },
        false => Fault::None,
    };
    // The tag is absent at the target, so the GET pins: what it says and what it sends must agree.
    let (dev, prod) = (Place::faulty(Arc::new(lie)).await, Place::start().await);
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    dev.hold(&image(2), &from).await;
    let error = copy(&client(), &from, &to).await.unwrap_err();
    assert_eq!(kind(&error), (Some(Side::Source), ErrorKind::DigestMismatch), "{error}");
    assert!(prod.requests().iter().all(|seen| seen.method == "HEAD"));
}

#[tokio::test]
async fn another_digest_stored_than_sent() {
    let lie = |head: &RequestHead| match is(head, "PUT", "/manifests/sha256:") {
        true => Fault::Header { name: "docker-content-digest".into(), value: OTHER.into() },
        false => Fault::None,
    };
    let error = lied_to(Side::Target, lie).await;
    assert_eq!(kind(&error), (Some(Side::Target), ErrorKind::DigestMismatch), "{error}");
    assert!(error.to_string().contains(OTHER), "{error}");
}

#[tokio::test]
async fn another_digest_uploaded_than_sent() {
    let lie = |head: &RequestHead| match is(head, "PUT", "/blobs/") {
        true => Fault::Header { name: "docker-content-digest".into(), value: OTHER.into() },
        false => Fault::None,
    };
    let error = lied_to(Side::Target, lie).await;
    assert_eq!(kind(&error), (Some(Side::Target), ErrorKind::DigestMismatch), "{error}");
}

#[tokio::test]
async fn a_part_that_is_not_the_part_that_was_asked_for() {
    let lie = |head: &RequestHead| match is(head, "GET", "/blobs/") {
        true => Fault::Header { name: "content-range".into(), value: "bytes 0-9/10".into() },
        false => Fault::None,
    };
    let dev = Place::faulty(Arc::new(lie)).await;
    let (from, image) = (dev.reference("app:pr-42"), image(1));
    dev.hold(&image, &from).await;
    let (blob, bytes) = &image.blobs[0];
    assert!(blob.size > 4);
    let Err(error) = client().blob(from.repository(), blob, 4).await else { panic!("the wrong part was believed") };
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");

    // An honest one gives the rest, and no more.
    let honest = Place::start().await;
    let from = honest.reference("app:pr-42");
    honest.hold(&image, &from).await;
    let mut stream = client().blob(from.repository(), blob, 4).await.unwrap();
    let mut rest = Vec::new();
    while let Some(chunk) = futures::StreamExt::next(&mut stream).await {
        rest.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(rest, bytes[4..]);
    let seen = honest.requests().pop().unwrap();
    assert_eq!((seen.status, seen.sent), (206, blob.size - 4));
}

#[tokio::test]
async fn a_size_that_is_not_that_of_the_blob() {
    let dev = Place::start().await;
    let (from, image) = (dev.reference("app:pr-42"), image(1));
    dev.hold(&image, &from).await;
    for wrong in [-1_i64, 1] {
        let mut blob = image.blobs[0].0.clone();
        blob.size = blob.size.checked_add_signed(wrong).unwrap();
        let error = client().read_blob(from.repository(), &blob, u64::MAX).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SizeMismatch, "{error}");
    }
}

#[tokio::test]
async fn a_manifest_above_the_limit() {
    let dev = Place::start().await;
    let from = dev.reference("app:pr-42");
    dev.hold(&image(1), &from).await;
    let client = Client::builder().manifest_limit(100).build().unwrap();
    let what = lockage_registry::TagOrDigest::of(&from);
    let error = client.manifest(from.repository(), &what).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn inputs_that_make_no_sense_say_what_to_do() {
    let (dev, prod) = (Place::start().await, Place::start().await);
    let to = prod.reference("app:v1");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let unreachable: Reference = format!("{nobody}/app:v1").parse().unwrap();
    let plain = client();
    let tls = Client::builder().https(dev.server.host().clone()).build().unwrap();
    let denied =
        Place::faulty(Arc::new(|_| Fault::Answer { status: 403, code: "DENIED".into(), retry_after: None })).await;
    for (client, from, kind, part, remedy) in [
        (&plain, &dev.reference("app:missing"), ErrorKind::NotFound, "app:missing", "Check the name"),
        (&plain, &dev.reference("nothing/here:x"), ErrorKind::NotFound, "nothing/here:x", "Check the name"),
        (&plain, &unreachable, ErrorKind::Unreachable, "cannot be reached", "Check the host"),
        (&tls, &dev.reference("app:pr-42"), ErrorKind::Tls, "TLS", "plain-http"),
        (&plain, &denied.reference("app:pr-42"), ErrorKind::Denied, "denied", "right"),
    ] {
        let error = copy(client, from, &to).await.unwrap_err();
        let port = error.port().unwrap();
        assert_eq!((error.side(), port.kind()), (Some(Side::Source), kind), "{error}: {port:?}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(error.remedy().unwrap().contains(remedy), "{:?}", error.remedy());
    }
    assert!(prod.requests().iter().all(|seen| seen.method == "HEAD"), "nothing is written: {:?}", prod.requests());
    assert_eq!(prod.tagged(&to).await, None);
}
