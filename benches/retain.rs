//! The retention planner on registries of ten thousand, a hundred thousand and a million tags, each with five manifests: ingest,
//! plan, and the explanation of one tag. What takes a second or more is run ten times.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lockage_policy::retain::{Facts, plan};

#[path = "../crates/policy/tests/retain/large.rs"]
mod large;

use large::{ingest, now, policy};

fn retain(criterion: &mut Criterion) {
    let policy = policy();
    let facts = Facts::default();
    let mut group = criterion.benchmark_group("retain");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    for tags in [10_000_u64, 100_000, 1_000_000] {
        group.throughput(Throughput::Elements(tags));
        group.bench_with_input(BenchmarkId::new("ingest", tags), &tags, |bencher, tags| {
            bencher.iter_batched(|| *tags, ingest, BatchSize::PerIteration);
        });
        let snapshot = ingest(tags);
        group.bench_with_input(BenchmarkId::new("plan", tags), &snapshot, |bencher, snapshot| {
            bencher.iter(|| black_box(plan(snapshot, &policy, &facts, now()).deletes().len()));
        });
        let made = plan(&snapshot, &policy, &facts, now());
        group.throughput(Throughput::Elements(1));
        group.bench_with_input(BenchmarkId::new("explain", tags), &made, |bencher, made| {
            bencher.iter(|| black_box(made.explain("registry.example/app:nightly-5").unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, retain);
criterion_main!(benches);
