//! How long large registries take, and how much memory: `cargo test --release --test retain -- --ignored --nocapture speed`.

use std::time::{Duration, Instant};

use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{DigestKey, Facts, ManifestRow, Plan, Policy, Snapshot, SnapshotBuilder, TagRow, plan};

use super::generate::Random;

const POLICY: &str = r#"{
    "version": 1,
    "classes": {
        "pr": {"tag": {"regex": "pr-(?<pr>[0-9]+)-[0-9a-f]{7,40}"}},
        "release": {"tag": {"semver": "*"}},
        "nightly": {"tag": {"glob": "nightly-*"}}
    },
    "grace": "1h",
    "hold": [{"name": "young", "class": "release", "for": "1y"}],
    "keep": [
        {"name": "minors", "class": "release", "newest": 1, "per": ["major", "minor"], "order": "semver"},
        {"name": "floor", "class": "nightly", "newest": 100}
    ],
    "delete": [
        {"name": "superseded", "class": "pr", "beyond": 1, "per": ["pr"]},
        {"name": "stale", "class": "pr", "older_than": "30d"},
        {"name": "old", "class": "release", "older_than": "3y"},
        {"name": "nightly", "class": "nightly", "older_than": "14d"}
    ],
    "untagged": {"older_than": "2d"}
}"#;

/// Five manifests a tag: an index, three platforms, and what speaks about it.
fn build(tags: u64) -> Snapshot {
    let mut random = Random::new(1);
    let mut builder = SnapshotBuilder::new();
    let app = builder.repository("registry.example/app").unwrap();
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    for number in 0..tags {
        let mut key = || {
            let mut bytes = [0; 32];
            bytes.chunks_mut(8).for_each(|part| part.copy_from_slice(&random.next().to_le_bytes()));
            DigestKey::sha256(bytes)
        };
        let (index, platforms, note) = (key(), [key(), key(), key()], key());
        let pushed = now - Duration::from_secs(number % 100_000 * 1000);
        let row = |key| ManifestRow::new(key).pushed_at(pushed).size(1 << 20);
        let mut parent = row(index).media_type("application/vnd.oci.image.index.v1+json");
        parent.children = platforms.to_vec();
        builder.manifest(app, parent).unwrap();
        for platform in platforms {
            builder.manifest(app, row(platform).media_type("application/vnd.oci.image.manifest.v1+json")).unwrap();
        }
        builder.manifest(app, row(note).subject(index)).unwrap();
        let name = match number % 3 {
            0 => format!("pr-{}-{:07x}", number / 30, number),
            1 => format!("v{}.{}.{}", number / 100_000, number / 100 % 1000, number % 100),
            _ => format!("nightly-{number}"),
        };
        builder.tag(app, TagRow::new(&name, index)).unwrap();
    }
    builder.finish().unwrap()
}

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "it is a measurement: run it in a release build on a quiet machine"]
fn a_million_tags_and_five_million_manifests() {
    let policy: Policy = serde_json::from_str(POLICY).unwrap();
    let facts = Facts::default();
    for tags in [10_000, 100_000, 1_000_000] {
        let start = Instant::now();
        let snapshot = build(tags);
        let ingest = start.elapsed();
        let start = Instant::now();
        let plan: Plan<'_> = plan(&snapshot, &policy, &facts, "2026-06-01T00:00:00Z".parse().unwrap());
        let planned = start.elapsed();
        let start = Instant::now();
        let explained = plan.explain("registry.example/app:nightly-5").unwrap();
        let explain = start.elapsed();
        println!(
            "{tags:>8} tags, {:>8} manifests: ingest {ingest:.2?}, plan {planned:.2?}, explain {explain:.2?}, peak {} MiB; {} deleted, {}",
            snapshot.manifests().len(),
            peak(),
            plan.deletes().len(),
            explained.words,
        );
        assert!(ingest < Duration::from_secs(15) && planned < Duration::from_secs(6), "three times the target");
        assert!(explain < Duration::from_millis(3) && peak() < 1024);
    }
}
