//! The public conformance suite, over each wrapper and over all of them at once, in memory and on disk.

use std::sync::Arc;

use lockage_registry::testing::conformance::{self, Capabilities};
use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{
    Limit, OciLayout, ReadOnly, Registry, Repository, Retry, RetryPolicy, Source, Throttle, Trace, Verify,
};

use crate::clock::Fake;
use crate::memory;

async fn passes(registry: &dyn Registry) {
    let repo: Repository = "registry.test/conformance/suite".parse().unwrap();
    let report = conformance::registry(registry, &repo, &Capabilities::all()).await.unwrap();
    assert!(report.checks.len() > 50, "{registry}: {report}");
    assert!(report.shortfalls.is_empty(), "{registry}: {report}");
}

/// Every wrapper with a registry of its own, and the stack of all.
async fn all_pass(new: impl Fn() -> Arc<dyn Registry>) {
    let name = new().to_string();
    let policy = RetryPolicy::default().with_attempts(3);
    passes(&Verify::new(new())).await;
    passes(&Retry::new(new(), policy)).await;
    passes(&Limit::new(1, new())).await;
    passes(&Limit::new(16, new())).await;
    passes(&Throttle::new(u64::MAX, new()).with_operations_per_second(1_000_000)).await;
    // In small parts, on a clock that does not wait.
    passes(&Throttle::new(1_000, new()).with_clock(Fake::new())).await;
    passes(&Trace::new(new())).await;

    let recorder = Recorder::new(new());
    let stack = Throttle::new(50_000_000, Trace::new(Verify::new(recorder.clone())));
    let stack = Limit::new(1, Retry::new(stack, policy));
    assert_eq!(
        stack.to_string(),
        format!("Limit(1, Retry(3, Throttle(50000000 B/s, Trace(Verify(Recorder({name}))))))")
    );
    passes(&stack).await;
    // A stack that works adds no call: it makes those that are made without it.
    let plain = Recorder::new(new());
    passes(&plain).await;
    assert_eq!(recorder.calls().len(), plain.calls().len());

    let boxed: Box<dyn Registry> = Box::new(stack);
    passes(&Limit::new(2, boxed)).await;
}

#[tokio::test]
async fn over_memory() {
    all_pass(|| Arc::new(memory())).await;
}

#[tokio::test]
async fn over_a_layout_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    all_pass(|| {
        let path = directory.path().join(next.replace(next.get() + 1).to_string());
        std::fs::create_dir(&path).unwrap();
        Arc::new(OciLayout::open(&path, "registry.test".parse().unwrap()).unwrap()) as Arc<dyn Registry>
    })
    .await;
}

#[tokio::test]
async fn what_only_reads_passes_as_a_source() {
    let (memory, repo) = (memory(), "registry.test/conformance/suite".parse().unwrap());
    for (image, tag) in fixtures::seeded() {
        fixtures::push(&memory, &repo, &image, &tag).await.unwrap();
    }
    let read_only = ReadOnly::new(memory);
    let sources: [&dyn Source; 3] = [
        &read_only,
        &read_only.clone().into_registry(),
        &Limit::new(1, Retry::new(Trace::new(read_only.clone()), RetryPolicy::default())),
    ];
    for source in sources {
        let report = conformance::source(source, &repo, &Capabilities::all()).await.unwrap();
        assert!(report.checks.len() > 30, "{source}: {report}");
    }
}
