//! `Throttle`: exactly so many bytes and calls in a second, in both directions.

use std::time::Duration;

use futures::executor::block_on;
use futures::future::FutureExt as _;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use lockage_registry::testing::{Fault, Faulty, Recorder, fixtures};
use lockage_registry::{
    Body, Clock as _, ErrorKind, Prune as _, Retry, RetryPolicy, Source as _, SourceExt as _, TagOrDigest, Target as _,
    TargetExt as _, Throttle,
};

use crate::clock::Fake;
use crate::{memory, repo, stored, tag};

#[test]
fn a_download_takes_its_time_and_comes_in_parts() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 1_050));
    let clock = Fake::new();
    let throttle = Throttle::new(100, memory).with_clock(clock.clone());
    let mut stream = block_on(throttle.blob(&repo(), &blob, 0)).unwrap();
    assert_eq!(clock.now(), Duration::ZERO);
    for second in 0..10 {
        let part = block_on(stream.next()).unwrap().unwrap();
        assert_eq!(part, bytes.slice(second * 100..second * 100 + 100));
        assert_eq!(clock.now(), Duration::from_secs(second as u64));
    }
    assert_eq!(block_on(stream.next()).unwrap().unwrap().len(), 50);
    assert!(block_on(stream.next()).is_none());
    assert_eq!(clock.now(), Duration::from_millis(9_500));
}

#[test]
fn both_directions_and_all_clones_share_one_bucket() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 500));
    let clock = Fake::new();
    let throttle = Throttle::new(100, memory).with_clock(clock.clone());
    assert_eq!(block_on(throttle.read_blob(&repo(), &blob, 500)).unwrap(), bytes);
    assert_eq!(clock.now(), Duration::from_secs(4));
    let other = "registry.test/other".parse().unwrap();
    block_on(throttle.clone().put_blob(&other, &blob, bytes.into())).unwrap();
    assert_eq!(clock.now(), Duration::from_secs(9));
    // What is not a blob, and a blob that need not move, is free.
    block_on(throttle.put_blob(&other, &blob, Body::bytes("never sent"))).unwrap();
    block_on(throttle.stat_blob(&other, &blob.digest)).unwrap();
    assert_eq!(clock.now(), Duration::from_secs(9));
    // And the bucket is one second deep, however long nothing moves.
    clock.pass(Duration::from_secs(1_000));
    block_on(throttle.read_blob(&repo(), &blob, 500)).unwrap();
    assert_eq!(clock.now(), Duration::from_secs(1_013));
}

#[test]
fn a_body_that_can_be_sent_again_still_can() {
    let (blob, bytes) = fixtures::layer("application/octet-stream", 1, 500);
    let registry = Faulty::new(Recorder::new(memory())).fail(1, Fault::Truncate(250));
    let clock = Fake::new();
    let below = Retry::new(registry.clone(), RetryPolicy::default()).with_clock(clock.clone()).with_jitter(|| 0.0);
    let throttle = Throttle::new(100, below).with_clock(clock.clone());
    block_on(throttle.put_blob(&repo(), &blob, bytes.clone().into())).unwrap();
    // Three parts of the first attempt, of which the third broke off, and five of the second.
    assert_eq!(clock.now(), Duration::from_secs(7));
    assert_eq!(block_on(registry.read_blob(&repo(), &blob, 500)).unwrap(), bytes);
    // One that can be sent once stays so: it is not sent again.
    let registry = Faulty::new(memory()).fail(1, Fault::Before(ErrorKind::Unavailable));
    let below = Retry::new(registry.clone(), RetryPolicy::default()).with_clock(clock.clone());
    let once = Body::once(futures::stream::once(async move { Ok(bytes) }).boxed());
    let failed = block_on(Throttle::new(100, below).with_clock(clock).put_blob(&repo(), &blob, once));
    assert!(failed.unwrap_err().is_temporary());
    assert_eq!(registry.calls(), 2);
}

#[test]
fn an_error_in_a_stream_passes_at_once() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 500));
    let clock = Fake::new();
    let broken = Faulty::new(memory).fail(0, Fault::Truncate(130));
    let throttle = Throttle::new(100, broken).with_clock(clock.clone());
    let mut stream = block_on(throttle.blob(&repo(), &blob, 0)).unwrap();
    assert_eq!(block_on(stream.next()).unwrap().unwrap(), bytes.slice(..100));
    assert_eq!(block_on(stream.next()).unwrap().unwrap(), bytes.slice(100..130));
    assert_eq!(block_on(stream.next()).unwrap().unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(clock.now(), Duration::from_millis(300));
}

#[test]
fn every_operation_is_one() {
    let (clock, recorder) = (Fake::new(), Recorder::new(memory()));
    let throttle = Throttle::new(1_000_000, recorder.clone()).with_operations_per_second(1).with_clock(clock.clone());
    let (repo, image, v1) = (repo(), fixtures::image(1), "v1".parse().unwrap());
    block_on(fixtures::push(&throttle, &repo, &image, &v1)).unwrap();
    block_on(async {
        let digest = image.root().digest();
        throttle.resolve(&repo, &tag("v1")).await?;
        throttle.manifest(&repo, &TagOrDigest::Digest(digest.clone())).await?;
        throttle.stat_blob(&repo, &image.blobs[0].0.digest).await?;
        throttle.read_blob(&repo, &image.blobs[0].0, 1_000_000).await?;
        throttle.tags(&repo).try_collect::<Vec<_>>().await?;
        throttle.referrers(&repo, digest, None).await?;
        let (fresh, _) = fixtures::layer("application/octet-stream", 9, 10);
        if let lockage_registry::Opened::Upload(session) = throttle.open_blob(&repo, &fresh, None).await? {
            session.cancel().await?;
        }
        throttle.delete_tag(&repo, &v1).await?;
        throttle.delete_manifest(&repo, digest).await
    })
    .unwrap();
    let calls = recorder.calls().len() as u64;
    assert!(calls > 15, "{calls}");
    // The first is in the bucket.
    assert_eq!(clock.now(), Duration::from_secs(calls - 1));
}

#[test]
fn on_the_clock_of_the_machine_it_waits_in_truth() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 1_100));
    let throttle = Throttle::new(1_000, memory);
    let begun = std::time::Instant::now();
    assert_eq!(block_on(throttle.read_blob(&repo(), &blob, 2_000)).unwrap(), bytes);
    assert!(begun.elapsed() >= Duration::from_millis(90), "{:?}", begun.elapsed());
    // What is owed is owed by everyone, and waiting is not blocking.
    let late = async { throttle.read_blob(&repo(), &blob, 2_000).await };
    assert!(late.now_or_never().is_none());
}
