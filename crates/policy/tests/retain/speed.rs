//! How long large registries take, and how much memory: `cargo test --release --test retain -- --ignored --nocapture speed`.

use std::fs::File;
use std::io::BufWriter;
use std::time::{Duration, Instant};

use lockage_policy::retain::{Facts, Plan, Snapshot, plan};

use super::large::{ingest, now, policy};

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "it is a measurement: run it in a release build on a quiet machine"]
fn a_million_tags_and_five_million_manifests() {
    let policy = policy();
    let facts = Facts::default();
    for tags in [10_000, 100_000, 1_000_000] {
        let start = Instant::now();
        let snapshot = ingest(tags);
        let ingested = start.elapsed();
        let start = Instant::now();
        let plan: Plan<'_> = plan(&snapshot, &policy, &facts, now());
        let planned = start.elapsed();
        let start = Instant::now();
        let explained = plan.explain("registry.example/app:nightly-5").unwrap();
        let explain = start.elapsed();
        println!(
            "{tags:>8} tags, {:>8} manifests: ingest {ingested:.2?}, plan {planned:.2?}, explain {explain:.2?}, peak {} MiB; {} deleted, {}",
            snapshot.manifests().len(),
            peak(),
            plan.deletes().len(),
            explained.words,
        );
        assert!(ingested < Duration::from_secs(15) && planned < Duration::from_secs(6), "three times the target");
        assert!(explain < Duration::from_millis(3) && peak() < 1024);
        drop(plan);
        written_and_read(snapshot);
    }
}

/// As `retain snapshot` writes one and `retain plan --snapshot` reads it.
fn written_and_read(snapshot: Snapshot) {
    let path = std::env::temp_dir().join(format!("lockage-speed-{}.json", std::process::id()));
    serde_json::to_writer(BufWriter::new(File::create(&path).unwrap()), &snapshot).unwrap();
    let tags = snapshot.tags().len();
    drop(snapshot);
    let document = File::open(&path).unwrap();
    let bytes = document.metadata().unwrap().len();
    let start = Instant::now();
    let snapshot = Snapshot::read(document).unwrap();
    let read = start.elapsed();
    println!("{tags:>8} tags, {:>8} MB: read {read:.2?}, peak {} MiB", bytes / 1_000_000, peak());
    assert_eq!(snapshot.tags().len(), tags);
    assert!(
        read < Duration::from_secs(30) && peak() < 1024,
        "three times what two cores take, and none of the text kept"
    );
    std::fs::remove_file(path).unwrap();
}
