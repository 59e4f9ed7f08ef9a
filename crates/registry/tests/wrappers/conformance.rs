//! The public conformance suite, over each wrapper and over all of them at once, in memory and on disk.

use std::sync::Arc;

use lockage_registry::testing::conformance::{self, Capabilities};
use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{
    Limit, OciLayout, ReadOnly, Registry, Remember, Repository, Retry, RetryPolicy, Source, Throttle, Trace, Verify,
};

use crate::clock::Fake;
use crate::memory;

async fn passes(registry: &dyn Registry) {
    let repo: Repository = "registry.test/conformance/suite".parse().unwrap();
    let report = conformance::registry(registry, &repo, &Capabilities::all()).await.unwrap();
    assert!(report.checks.len() > 50, "{registry}: {report}");
    assert!(report.shortfalls.is_empty(), "{registry}: {report}");
}

/// All wrappers around one registry, and the calls that arrived there.
async fn stack_passes(registry: Arc<dyn Registry>) -> usize {
    let name = registry.to_string();
    let recorder = Recorder::new(registry);
    let stack = Throttle::new(50_000_000, Trace::new(Verify::new(recorder.clone())));
    let stack = Limit::new(1, Retry::new(stack, RetryPolicy::default().with_attempts(3)));
    assert_eq!(
        stack.to_string(),
        format!("Limit(1, Retry(3, Throttle(50000000 B/s, Trace(Verify(Recorder({name}))))))")
    );
    let stack: Box<dyn Registry> = Box::new(stack);
    passes(&Limit::new(2, stack)).await;
    recorder.calls().len()
}

#[tokio::test]
async fn each_over_memory() {
    let new = || -> Arc<dyn Registry> { Arc::new(memory()) };
    passes(&Verify::new(new())).await;
    passes(&Retry::new(new(), RetryPolicy::default())).await;
    passes(&Limit::new(1, new())).await;
    passes(&Limit::new(16, new())).await;
    passes(&Throttle::new(u64::MAX, new()).with_operations_per_second(1_000_000)).await;
    // In small parts, on a clock that does not wait.
    passes(&Throttle::new(1_000, new()).with_clock(Fake::new())).await;
    passes(&Trace::new(new())).await;
    passes(&Remember::new(tempfile::tempdir().unwrap().path(), new())).await;
}

#[tokio::test]
async fn all_over_memory_and_none_adds_a_call() {
    let plain = Recorder::new(memory());
    passes(&plain).await;
    assert_eq!(stack_passes(Arc::new(memory())).await, plain.calls().len());
}

#[tokio::test]
async fn all_over_a_layout_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    stack_passes(Arc::new(OciLayout::open(directory.path(), "registry.test".parse().unwrap()).unwrap())).await;
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
