//! How long it takes to say what goes when in a large repository: `cargo test --release --test import --features import --
//! --ignored --nocapture seconds`.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use lockage_policy::import::System;
use lockage_policy::retain::{Capabilities, DigestKey, ManifestRow, Protection, Snapshot, SnapshotBuilder, TagRow};
use serde_json::{Value, json};

use super::super::harbor;
use super::super::world::{now, parse};
use super::{Besides, days};

/// So many images with two platforms, a signature and a time of their own each, in one repository.
fn large(images: u32) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    let app = builder.repository("app").unwrap();
    let key = |number: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        DigestKey::sha256(bytes)
    };
    for image in 0..images {
        let pushed = now() - SignedDuration::from_mins(10 * i64::from(image));
        let row = |part: u32| {
            let mut row =
                ManifestRow::new(key(4 * image + part)).pushed_at(pushed + SignedDuration::from_secs(part.into()));
            row.pulled_at = Some(pushed + SignedDuration::from_hours(5));
            row
        };
        let index = row(0).child(key(4 * image + 1)).child(key(4 * image + 2));
        for row in [index, row(1), row(2), row(3).subject(key(4 * image))] {
            builder.manifest(app, row).unwrap();
        }
        let name = format!("{}-{image}", ["pr", "sha", "v"][image as usize % 3]);
        builder.tag(app, TagRow::new(&name, key(4 * image))).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
#[ignore = "it is a measurement: run it in a release build on a quiet machine"]
fn ten_thousand_images_of_one_repository_take_seconds() {
    let ecr = |number: u32, tags: Value, count: &str, days: u32| {
        let mut selection = json!({ "countType": count, "countUnit": "days", "countNumber": days });
        selection.as_object_mut().unwrap().extend(tags.as_object().unwrap().clone());
        json!({ "rulePriority": number, "selection": selection, "action": { "type": "expire" } })
    };
    let age = |days: u32, state: &str| json!({ "tagState": state, "olderThan": format!("{days}d") });
    let harbor_rule = |template: &str, pattern: &str| {
        json!({ "action": "retain", "template": template, "params": { template: 20 },
            "tag_selectors": [harbor::selector("matches", pattern)],
            "scope_selectors": { "repository": [harbor::selector("repoMatches", "**")] } })
    };
    let table = [
        (
            System::Ecr,
            json!({ "rules": [
            ecr(1, json!({ "tagStatus": "tagged", "tagPatternList": ["pr-*"] }), "sinceImagePushed", 14),
            ecr(2, json!({ "tagStatus": "tagged", "tagPatternList": ["sha-*"] }), "sinceImagePushed", 30),
            ecr(3, json!({ "tagStatus": "any" }), "sinceImagePushed", 90)] }),
        ),
        (
            System::Gar,
            json!({ "cleanupPolicies": [
            { "name": "a", "action": { "type": "DELETE" }, "condition": age(30, "ANY") },
            { "name": "b", "action": { "type": "DELETE" }, "condition": age(10, "UNTAGGED") },
            { "name": "c", "action": { "type": "KEEP" }, "mostRecentVersions": { "keepCount": 10 } }] }),
        ),
        (
            System::Harbor,
            harbor::policy(&[
                harbor_rule("nDaysSinceLastPush", "pr-*"),
                harbor_rule("nDaysSinceLastPull", "sha-*"),
                harbor_rule("latestPushedK", "v-*"),
            ]),
        ),
        (
            System::Zot,
            json!({ "delay": "24h", "policies": [{ "repositories": ["**"], "deleteReferrers": true,
            "keepTags": [{ "patterns": ["pr-.*"], "pushedWithin": "240h" }, { "pulledWithin": "480h" }] }] }),
        ),
    ];
    // Each twice as large as the one before: what grows faster than the registry is seen.
    let snapshots = [2_500, 5_000, 10_000].map(large);
    for (system, document) in table {
        let policy = parse(system, &document).unwrap();
        let runs = [Capabilities::OCI, Capabilities::GHCR].into_iter();
        for (can, snapshot) in runs.flat_map(|can| snapshots.iter().map(move |snapshot| (can, snapshot))) {
            let start = Instant::now();
            let besides = Besides::with(Protection::Full, can);
            let timeline = besides.simulate(&policy, snapshot, now(), now() + days(365));
            let took = start.elapsed();
            println!(
                "{system}: {} moments of {} manifests: {took:.2?}",
                timeline.breakpoints.len(),
                snapshot.manifests().len()
            );
            assert!(!timeline.breakpoints.is_empty() && took < Duration::from_secs(10));
        }
    }
}
