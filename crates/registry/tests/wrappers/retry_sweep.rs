//! `Retry` over a registry in which every call, one at a time, goes wrong.

use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::TryStreamExt as _;
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{
    Body, Descriptor, ErrorKind, Memory, Opened, Registry, Repository, Result, Retry, RetryPolicy, Status, Tag,
    TargetExt as _,
};

use crate::clock::Fake;
use crate::{drained, memory, repo, tag};

/// What somebody who uses every port gets to see.
#[derive(Debug, PartialEq)]
struct Seen {
    resolved: Descriptor,
    size: u64,
    bytes: Bytes,
    part: Bytes,
    tags: Vec<Tag>,
    left: Vec<Tag>,
    referrers: Vec<Descriptor>,
}

/// Uses every port once at least, and all in one order.
async fn workload(registry: &dyn Registry) -> Result<Seen> {
    let (repo, other): (Repository, Repository) = (repo(), "registry.test/other".parse().unwrap());
    let image = fixtures::image_with_layers(1, &[50, 700]);
    let sbom = fixtures::artifact_for(image.root().descriptor(), "application/spdx+json", 2);
    let (layer, bytes) = image.blobs.iter().max_by_key(|(blob, _)| blob.size).unwrap();
    let (v1, v2): (Tag, Tag) = ("v1".parse().unwrap(), "v2".parse().unwrap());

    fixtures::push(registry, &repo, &image, &v1).await?;
    fixtures::push(registry, &repo, &image, &v2).await?;
    fixtures::push(registry, &repo, &sbom, &"sbom".parse().unwrap()).await?;
    let Opened::Present = registry.open_blob(&other, layer, Some(&repo)).await? else {
        panic!("the blob is not mounted");
    };
    let piecewise = Body::replayable(|from| Box::pin(Body::bytes(bytes.clone()).open(from)));
    registry.put_blob(&"registry.test/third".parse().unwrap(), layer, piecewise).await?;

    let resolved = registry.resolve(&repo, &tag("v1")).await?;
    assert_eq!(registry.manifest(&repo, &tag("v2")).await?, *image.root());
    let size = registry.stat_blob(&other, &layer.digest).await?;
    let bytes = drained(registry.blob(&repo, layer, 0).await?).await?;
    let part = drained(registry.blob(&repo, layer, 600).await?).await?;
    let tags = registry.tags(&repo).try_collect().await?;
    let referrers = registry.referrers(&repo, &resolved.digest, None).await?;
    registry.delete_tag(&repo, &v2).await?;
    registry.delete_manifest(&repo, sbom.root().digest()).await?;
    let left = registry.tags(&repo).try_collect().await?;
    Ok(Seen { resolved, size, bytes, part, tags, left, referrers })
}

type Flaky = Faulty<Recorder<Memory>>;

fn flaky() -> Flaky {
    Faulty::new(Recorder::new(memory()))
}

fn retried(registry: &Flaky) -> Retry<Flaky> {
    Retry::new(registry.clone(), RetryPolicy::default()).with_clock(Fake::new())
}

/// What is seen without faults, and the operations in their order.
fn calm() -> (Seen, Vec<Operation>) {
    let registry = flaky();
    let seen = block_on(workload(&retried(&registry))).unwrap();
    let operations: Vec<_> = registry.inner().calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations.len(), registry.calls());
    assert!(operations.len() > 20, "{operations:?}");
    (seen, operations)
}

#[test]
fn each_call_may_fail_once_and_all_ends_well() {
    use ErrorKind::{RateLimited, Timeout, Unavailable, Unreachable};
    let (expected, operations) = calm();
    let faults = [
        Fault::Before(Unreachable),
        Fault::Before(Unavailable),
        Fault::Before(RateLimited),
        Fault::After(Timeout),
        Fault::After(Unavailable),
        Fault::After(Unreachable),
    ];
    for (k, operation) in operations.iter().enumerate() {
        for fault in faults {
            let registry = flaky().fail(k, fault);
            let seen = block_on(workload(&retried(&registry))).unwrap_or_else(|error| panic!("{k} {fault:?}: {error}"));
            assert_eq!(seen, expected, "{operation} {k} {fault:?}");
            // One call again; an upload that was not done takes a new session too.
            let again = match (operation, fault) {
                (Operation::CompleteUpload, Fault::Before(_)) => 2,
                _ => 1,
            };
            assert_eq!(registry.calls(), operations.len() + again, "{operation} {k} {fault:?}");
        }
    }
}

#[test]
fn each_stream_may_break_once_and_all_ends_well() {
    let (expected, operations) = calm();
    let mut broken = 0;
    for (k, operation) in operations.iter().enumerate() {
        for length in [0, 1, 2, 49, 700] {
            let registry = flaky().fail(k, Fault::Truncate(length));
            let seen = block_on(workload(&retried(&registry))).unwrap_or_else(|error| panic!("{k} {length}: {error}"));
            assert_eq!(seen, expected, "{operation} {k} {length}");
            broken += usize::from(registry.calls() > operations.len());
        }
    }
    assert!(broken > 30, "{broken}");
}

#[test]
fn two_failures_anywhere_end_well_too() {
    let (expected, operations) = calm();
    for first in 0..operations.len() {
        for second in first + 1..(first + 4) {
            let lost = Fault::After(ErrorKind::Unreachable);
            let registry = flaky().fail(first, lost).fail(second, lost);
            let seen = block_on(workload(&retried(&registry))).unwrap_or_else(|error| panic!("{first}: {error}"));
            assert_eq!(seen, expected, "{first} {second}");
        }
    }
}

#[test]
fn a_permanent_failure_is_never_retried() {
    use ErrorKind::{Denied, DigestMismatch, Invalid, NotFound, Protocol, Rejected, Unauthorized, Unsupported};
    let (_, operations) = calm();
    for (k, operation) in operations.iter().enumerate() {
        for kind in [Denied, DigestMismatch, Invalid, NotFound, Protocol, Rejected, Unauthorized, Unsupported] {
            let registry = flaky().fail(k, Fault::Before(kind));
            let error = block_on(workload(&retried(&registry))).unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind, Status::Permanent), "{operation} {k}");
            assert_eq!((error.attempts(), registry.calls()), (1, k + 1), "{operation} {k}");
        }
    }
}

#[test]
fn what_fails_for_good_is_tried_as_often_as_the_policy_says() {
    let (_, operations) = calm();
    for (k, operation) in operations.iter().enumerate() {
        let registry = flaky().script(move |nth, _| (nth >= k).then_some(Fault::Before(ErrorKind::Unavailable)));
        let error = block_on(workload(&retried(&registry))).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unavailable, Status::Persistent), "{operation} {k}");
        assert_eq!((error.attempts(), registry.calls()), (5, k + 5), "{operation} {k}");
    }
}
