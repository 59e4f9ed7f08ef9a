//! Large registries, for measurements: by the test of speed here, and by the benchmark of the planner.

use std::time::Duration;

use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{DigestKey, ManifestRow, Policy, Snapshot, SnapshotBuilder, TagRow};

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

pub(crate) fn policy() -> Policy {
    serde_json::from_str(POLICY).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// Digests as random as real ones (splitmix64), the same in every run.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> DigestKey {
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            part.copy_from_slice(&(mixed ^ mixed >> 31).to_le_bytes());
        }
        DigestKey::sha256(bytes)
    }
}

/// An index, three platforms and a referrer for each tag.
pub(crate) fn ingest(tags: u64) -> Snapshot {
    let mut keys = Keys(1);
    let mut builder = SnapshotBuilder::new();
    let app = builder.repository("registry.example/app").unwrap();
    for number in 0..tags {
        let (index, platforms, note) = (keys.next(), [keys.next(), keys.next(), keys.next()], keys.next());
        let pushed = now() - Duration::from_secs(number % 100_000 * 1000);
        let row = |key| ManifestRow::new(key).pushed_at(pushed).size(1 << 20);
        let mut parent = row(index).media_type("application/vnd.oci.image.index.v1+json");
        parent.children = platforms.to_vec();
        builder.manifest(app, parent).unwrap();
        for platform in platforms {
            builder.manifest(app, row(platform).media_type("application/vnd.oci.image.manifest.v1+json")).unwrap();
        }
        builder.manifest(app, row(note).subject(index)).unwrap();
        let name = match number % 3 {
            0 => format!("pr-{}-{number:07x}", number / 30),
            1 => format!("v{}.{}.{}", number / 100_000, number / 100 % 1000, number % 100),
            _ => format!("nightly-{number}"),
        };
        builder.tag(app, TagRow::new(&name, index)).unwrap();
    }
    builder.finish().unwrap()
}
