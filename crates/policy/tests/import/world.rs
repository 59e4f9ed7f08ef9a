//! Small registries, and what becomes of them.

use jiff::{SignedDuration, Timestamp};
use lockage_policy::import::{Condemned, ImportedPolicy, InvalidPolicy, System};
use lockage_policy::retain::{Capabilities, Protection, Snapshot, Verdict};
use serde_json::{Value, json};

/// The time of every test.
pub(super) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// So many hours before now.
pub(super) fn ago(hours: i64) -> String {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap().to_string()
}

/// So many days before now.
pub(super) fn days(days: i64) -> String {
    ago(24 * days)
}

pub(super) fn parse(system: System, document: &Value) -> Result<ImportedPolicy, InvalidPolicy> {
    ImportedPolicy::parse(system, document.to_string().as_bytes()).expect("the feature is on")
}

/// The digest of a manifest of this name.
pub(super) fn digest(name: &str) -> String {
    let mut bytes = [0_u8; 32];
    for (at, byte) in name.bytes().enumerate() {
        bytes[at % 32] = bytes[at % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A snapshot of repositories, each a list of manifests without a digest.
pub(super) fn snapshot(repositories: &Value) -> Snapshot {
    let mut document = Vec::new();
    for (name, manifests) in repositories.as_object().unwrap() {
        let mut manifests = manifests.clone();
        for manifest in manifests.as_array_mut().unwrap() {
            let digest = digest(manifest["name"].as_str().unwrap());
            manifest.as_object_mut().unwrap().insert("digest".to_owned(), digest.into());
        }
        document.push(json!({ "name": name, "manifests": manifests }));
    }
    Snapshot::read(json!({ "repositories": document }).to_string().as_bytes()).unwrap()
}

/// What becomes of a registry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) delete: Vec<String>,
    pub(super) archive: Vec<String>,
    pub(super) delete_tags: Vec<String>,
}

pub(super) fn outcome(snapshot: &Snapshot, condemned: &Condemned, protection: Protection) -> Outcome {
    let settled = condemned.settle(snapshot, protection, Capabilities::OCI);
    let named = |verdict: Verdict| {
        let of = snapshot.manifests().filter(|id| settled.manifest(*id).0 == verdict);
        let mut names: Vec<_> = of.map(|id| snapshot.manifest_reference(id)).collect();
        names.sort();
        names
    };
    let gone = |verdict: Verdict| matches!(verdict, Verdict::Untag | Verdict::Delete);
    let tags = snapshot.tags().filter(|id| gone(settled.tag(*id).0));
    let mut delete_tags: Vec<_> = tags.map(|id| snapshot.tag_reference(id)).collect();
    delete_tags.sort();
    Outcome { delete: named(Verdict::Delete), archive: named(Verdict::Archive), delete_tags }
}

/// What goes from one repository `r`, as its system would have it: manifests by name, or tags.
pub(super) fn gone(system: System, policy: &Value, manifests: &Value) -> Outcome {
    gone_from(system, policy, &json!({ "r": manifests }))
}

pub(super) fn gone_from(system: System, policy: &Value, repositories: &Value) -> Outcome {
    let snapshot = snapshot(repositories);
    let condemned = parse(system, policy).unwrap_or_else(|error| panic!("{error}")).evaluate(&snapshot, now());
    let strip = |names: Vec<String>| {
        names.into_iter().map(|name| name.strip_prefix("r").map_or(name.clone(), |rest| rest[1..].to_owned())).collect()
    };
    let Outcome { delete, archive, delete_tags } = outcome(&snapshot, &condemned, Protection::Faithful);
    Outcome { delete: strip(delete), archive: strip(archive), delete_tags: strip(delete_tags) }
}
