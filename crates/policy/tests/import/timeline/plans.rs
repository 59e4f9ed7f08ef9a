//! Timelines, against plans of single moments.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lockage_policy::import::System;
use lockage_policy::retain::{Capabilities, Protection, Report, Timeline};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::super::random::{policies, repositories};
use super::super::world::{ago, digest, now, parse, snapshot};
use super::{Besides, days};

/// Tags, manifests, and manifests that are archived.
type Gone = [BTreeSet<String>; 3];

fn by_plan(report: Report) -> Gone {
    [report.delete_tags, report.delete, report.archive].map(|names| names.into_iter().collect())
}

fn by_timeline(timeline: &Timeline, now: Timestamp) -> Gone {
    let until = || timeline.breakpoints.iter().filter(|point| point.at <= now);
    [
        until().flat_map(|point| point.tags.clone()).collect(),
        until().flat_map(|point| point.manifests.clone()).collect(),
        until().flat_map(|point| point.archived.clone()).collect(),
    ]
}

fn later(at: Timestamp, nanos: i64) -> Timestamp {
    at + SignedDuration::from_nanos(nanos)
}

/// Times that are no whole hours, tags with a time of their own, and one that says what it speaks about.
fn roughened(repositories: &Value, seed: usize) -> Value {
    let mut all = repositories.clone();
    let parts = [0, 1, 999_999, 500_000, 123_456, 60_000_000];
    for manifests in all.as_object_mut().unwrap().values_mut() {
        let mut places = manifests.as_array_mut().unwrap().iter_mut().enumerate().peekable();
        while let Some((place, manifest)) = places.next() {
            for (other, field) in ["pushed_at", "pulled_at", "archived_at", "activated_at"].into_iter().enumerate() {
                if let Some(at) = manifest.get(field).and_then(Value::as_str) {
                    let micros = parts[(seed + 7 * place + other) % parts.len()];
                    let at: Timestamp = at.parse().unwrap();
                    manifest[field] = (at + SignedDuration::from_micros(micros)).to_string().into();
                }
            }
            let tags = manifest["tags"].as_array_mut().unwrap();
            if let Some(tag) = tags.first_mut().filter(|_| (seed + place).is_multiple_of(3)) {
                let name = tag.clone();
                *tag = json!({ "name": name, "moved_at": ago(24 * 70 + 12 * i64::try_from(seed % 100).unwrap()) });
            }
            if places.peek().is_none() && place > 0 {
                let about = digest(&format!("m{}", seed % place)).replace(':', "-");
                tags.push(format!("{about}{}", [".sig", ""][seed % 2]).into());
            }
        }
    }
    all
}

fn besides() -> impl Strategy<Value = Besides> {
    let own = [
        json!({ "version": 1 }),
        json!({ "version": 1 }),
        json!({ "version": 1, "grace": "50d" }),
        json!({ "version": 1, "hold": [{ "name": "kept", "tag": { "glob": "v*" }, "for": "2mo" }], "untag": "never" }),
    ];
    let held = [
        json!([]),
        json!([]),
        json!([{ "digest": digest("m1"), "until": "2026-06-20T00:00:00.000001Z", "reason": "a court" }]),
        json!([{ "tag": "app:v1", "until": ago(-1_000), "reason": "a court" },
               { "repositories": "team/*", "until": ago(-500), "reason": "an audit" }]),
    ];
    let can = [
        Capabilities::OCI,
        Capabilities::OCI,
        Capabilities::GHCR,
        Capabilities::ECR,
        Capabilities::DOCKER_REGISTRY_2,
        Capabilities::DOCKER_HUB,
    ];
    let protection = select(vec![Protection::Full, Protection::Full, Protection::Faithful]);
    (select(own.to_vec()), select(held.to_vec()), select(can.to_vec()), protection).prop_map(
        |(own, holds, capabilities, protection)| {
            let own = serde_json::from_value(own).unwrap();
            let facts = serde_json::from_value(json!({ "holds": holds, "capabilities": capabilities })).unwrap();
            Besides { own, facts, protection }
        },
    )
}

/// Whether what a plan has gone is gone for good: no rule keeps what is old or deletes what is new, and the registry stops at
/// no last tag.
fn only_grows(system: System, document: &Value, besides: &Besides) -> bool {
    let can = besides.facts.capabilities;
    let stops =
        besides.protection == Protection::Full && (can.last_tagged_undeletable || can.last_tag_deletes_manifest);
    let turns = |policy: &Value| {
        let is = |action: &str, age: &str| policy["action"]["type"] == action && policy["condition"].get(age).is_some();
        is("KEEP", "olderThan") || is("DELETE", "newerThan")
    };
    let turns = system == System::Gar && document["cleanupPolicies"].as_array().unwrap().iter().any(turns);
    !stops && !turns
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_timeline_says_what_plans_say_and_from_when_to_the_nanosecond(
        (system, document) in policies(),
        repositories in repositories(),
        seed in 0..10_000_usize,
        besides in besides(),
        before in 0..60_i64,
        moments in vec((0..400_i64, select(vec![-1_i64, 0, 1, 1_000, 999_999_000])), 6),
    ) {
        let policy = parse(system, &document).unwrap();
        let snapshot = snapshot(&roughened(&repositories, seed));
        let from = later(now() - days(before), 17 * i64::try_from(seed % 3).unwrap());
        let to = from + days(200);
        let timeline = besides.simulate(&policy, &snapshot, from, to);
        prop_assert!(timeline.breakpoints.is_sorted_by(|one, other| one.at < other.at));
        prop_assert!(timeline.breakpoints.iter().all(|point| (from..=to).contains(&point.at)));
        let grows = only_grows(system, &document, &besides);
        let random = moments.iter().map(|(half_days, nanos)| later(from + SignedDuration::from_hours(12 * half_days), *nanos));
        for now in random.chain([from, to]).filter(|now| (from..=to).contains(now)) {
            let (planned, told) = (by_plan(besides.plan(&policy, &snapshot, now)), by_timeline(&timeline, now));
            for (planned, told) in planned.iter().zip(&told) {
                prop_assert!(planned.is_subset(told), "not told at {}: {:?}", now, planned.difference(told));
                prop_assert!(!grows || planned == told, "told too early at {}: {:?}", now, told.difference(planned));
            }
        }
        for point in &timeline.breakpoints {
            let [tags, manifests, archived] = by_plan(besides.plan(&policy, &snapshot, point.at));
            let lists = [(&point.tags, tags), (&point.manifests, manifests), (&point.archived, archived)];
            for (told, planned) in lists {
                prop_assert!(told.iter().all(|name| planned.contains(name)), "not so at {}: {:?}", point.at, told);
            }
            if point.at == from {
                continue;
            }
            let [tags, manifests, archived] = by_plan(besides.plan(&policy, &snapshot, later(point.at, -1)));
            let lists = [(&point.tags, tags), (&point.manifests, manifests), (&point.archived, archived)];
            for (told, planned) in lists {
                prop_assert!(!told.iter().any(|name| planned.contains(name)), "before {} already: {:?}", point.at, told);
            }
        }
    }
}

fn cases() -> u32 {
    std::env::var("LOCKAGE_TIMELINE_CASES").map_or(150, |cases| cases.parse().unwrap())
}
