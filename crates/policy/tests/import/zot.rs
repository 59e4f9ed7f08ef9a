//! What zot's retention does, in tables.

use lockage_policy::import::System;
use serde_json::{Value, json};

use super::world::{ago, days, digest, gone, gone_from};

fn policy(keep_tags: Value) -> Value {
    json!({ "delay": "24h", "policies": [{ "repositories": ["**"], "keepTags": keep_tags }] })
}

fn tags(policy: &Value, manifests: &Value) -> Vec<String> {
    let outcome = gone(System::Zot, policy, manifests);
    assert!(outcome.delete.is_empty() && outcome.archive.is_empty(), "{outcome:?}");
    outcome.delete_tags
}

fn manifests() -> Value {
    json!([
        { "name": "a", "tags": ["v1"], "pushed_at": days(10), "pulled_at": days(1) },
        { "name": "b", "tags": ["v2"], "pushed_at": days(5) },
        { "name": "c", "tags": ["rc-v3"], "pushed_at": days(3), "pulled_at": days(3) },
        { "name": "d", "tags": ["dev"], "pushed_at": days(2), "pulled_at": days(2) },
    ])
}

#[test]
fn a_tag_is_in_the_first_group_that_one_of_its_patterns_is_found_in() {
    let table = [
        (json!([]), vec![]),
        (json!([{ "patterns": ["v.*"] }]), vec![]),
        (json!([{ "patterns": ["^v"] }]), vec!["dev", "rc-v3"]),
        (json!([{ "patterns": ["^v", "rc"] }]), vec!["dev"]),
        (json!([{ "patterns": [] }]), vec![]),
        (json!([{}]), vec![]),
        // In the first group nothing is kept of it, and it is in no other.
        (json!([{ "patterns": ["^v"], "pushedWithin": "24h" }, {}]), vec!["v1", "v2"]),
        (json!([{}, { "patterns": ["^v"], "pushedWithin": "24h" }]), vec![]),
        (json!([{ "patterns": ["^v"], "mostRecentlyPushedCount": 1 }]), vec!["dev", "rc-v3", "v1"]),
    ];
    for (keep, expected) in table {
        assert_eq!(tags(&policy(keep.clone()), &manifests()), expected, "{keep}");
    }
}

#[test]
fn a_group_keeps_the_union_of_its_rules() {
    let table = [
        (json!({ "mostRecentlyPushedCount": 2 }), vec!["v1", "v2"]),
        (json!({ "mostRecentlyPulledCount": 1 }), vec!["dev", "rc-v3", "v2"]),
        (json!({ "mostRecentlyPushedCount": 1, "mostRecentlyPulledCount": 1 }), vec!["rc-v3", "v2"]),
        (json!({ "pushedWithin": "96h" }), vec!["v1", "v2"]),
        // A push counts for `pulledWithin` too.
        (json!({ "pulledWithin": "48h1s" }), vec!["rc-v3", "v2"]),
        (json!({ "pulledWithin": "36h" }), vec!["dev", "rc-v3", "v2"]),
        // Exactly so long ago is not within.
        (json!({ "pushedWithin": "120h" }), vec!["v1", "v2"]),
        (json!({ "pushedWithin": "120h1s" }), vec!["v1"]),
        (json!({ "mostRecentlyPushedCount": 0 }), vec![]),
        (json!({ "mostRecentlyPushedCount": 100 }), vec![]),
    ];
    for (rules, expected) in table {
        assert_eq!(tags(&policy(json!([rules])), &manifests()), expected, "{rules}");
    }
}

#[test]
fn the_first_policy_for_a_repository_owns_it() {
    let manifest = |name: &str, tag: &str| json!([{ "name": name, "tags": [tag], "pushed_at": days(9) }]);
    let repositories =
        json!({ "prod/app": manifest("a", "x"), "dev/app": manifest("b", "x"), "other": manifest("c", "x") });
    let none = json!([{ "patterns": ["nothing"] }]);
    let document = json!({ "policies": [
        { "repositories": ["prod/*"] },
        { "repositories": ["{prod,dev}/**"], "keepTags": none },
    ] });
    assert_eq!(gone_from(System::Zot, &document, &repositories).delete_tags, ["dev/app:x"]);
}

#[test]
fn tags_without_statistics_stay_where_statistics_are_needed() {
    let signature = digest("a").replace(':', "-") + ".sig";
    let manifests = json!([
        { "name": "a", "tags": ["v1"], "pushed_at": days(10) },
        { "name": "unknown", "tags": ["x1"] },
        { "name": "none", "tags": ["y1"], "pushed_at": days(10), "no_statistics": true },
        { "name": "sig", "tags": [signature], "pushed_at": days(10) },
    ]);
    let rules = policy(json!([{ "patterns": ["^v"], "mostRecentlyPushedCount": 1 }]));
    assert_eq!(tags(&rules, &manifests), Vec::<String>::new());
    // Names alone: zot needs no database for them, and takes a signature for a tag like others.
    let names = policy(json!([{ "patterns": ["^v"] }]));
    assert_eq!(tags(&names, &manifests), [signature.as_str(), "x1"]);
}

#[test]
fn untagged_manifests_go_after_the_delay_unless_the_policy_says_otherwise() {
    let manifests = json!([
        { "name": "old", "pushed_at": ago(25) },
        { "name": "exact", "pushed_at": ago(24) },
        { "name": "young", "pushed_at": ago(23) },
        { "name": "unknown" },
        { "name": "index", "tags": ["v1"], "pushed_at": ago(99), "children": ["child"] },
        { "name": "child", "pushed_at": ago(99) },
        { "name": "inner", "pushed_at": ago(99), "children": ["inner-child"] },
        { "name": "inner-child", "pushed_at": ago(99) },
        { "name": "note", "pushed_at": ago(99), "subject": "index" },
        { "name": "orphan", "pushed_at": ago(99), "subject": "sha256:0000000000000000000000000000000000000000000000000000000000000000" },
    ]);
    let of = |members: Value| {
        let mut policy = json!({ "repositories": ["r"] });
        policy.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "delay": "24h", "policies": [policy] })
    };
    let all = vec!["exact", "inner", "inner-child", "old"];
    let table = [
        (json!({ "delay": "24h", "policies": [] }), all.clone()),
        (json!({ "delay": "24h", "policies": [{ "repositories": ["other"], "deleteUntagged": false }] }), all.clone()),
        (of(json!({})), all.clone()),
        (of(json!({ "deleteUntagged": true })), all.clone()),
        (of(json!({ "deleteUntagged": false })), vec![]),
        (of(json!({ "deleteReferrers": true })), vec!["exact", "inner", "inner-child", "old", "orphan"]),
        (of(json!({ "deleteReferrers": true, "deleteUntagged": false })), vec!["orphan"]),
        (json!({}), vec!["exact", "inner", "inner-child", "old", "young"]),
        (json!({ "dryRun": true }), vec![]),
    ];
    for (document, expected) in table {
        assert_eq!(gone(System::Zot, &document, &manifests).delete, expected, "{document}");
    }
}

#[test]
fn what_is_kept_untagged_is_counted_by_itself() {
    let manifests = json!([
        { "name": "a", "pushed_at": days(5), "pulled_at": days(1) },
        { "name": "b", "pushed_at": days(4) },
        { "name": "c", "pushed_at": days(3) },
        { "name": "tagged", "tags": ["v1"], "pushed_at": days(2) },
        { "name": "none", "pushed_at": days(9), "no_statistics": true },
    ]);
    let of = |rules: Value| json!({ "delay": "24h", "policies": [{ "repositories": ["**"], "keepUntagged": rules }] });
    let table = [
        (json!({}), vec!["a", "b", "c", "none"]),
        (json!({ "mostRecentlyPushedCount": 1 }), vec!["a", "b"]),
        (json!({ "pulledWithin": "36h" }), vec!["b", "c"]),
        (json!({ "pushedWithin": "97h", "mostRecentlyPulledCount": 1 }), vec![]),
    ];
    for (rules, expected) in table {
        assert_eq!(gone(System::Zot, &of(rules.clone()), &manifests).delete, expected, "{rules}");
    }
}

#[test]
fn what_speaks_about_something_that_goes_goes_in_the_same_run() {
    let manifests = json!([
        { "name": "old", "pushed_at": days(9) },
        { "name": "sig", "pushed_at": days(9), "subject": "old" },
        { "name": "sig-sig", "pushed_at": days(9), "subject": "sig" },
        { "name": "young", "pushed_at": ago(1), "subject": "old" },
    ]);
    let of = |referrers: bool| json!({ "delay": "24h", "policies": [{ "repositories": ["r"], "deleteReferrers": referrers }] });
    assert_eq!(gone(System::Zot, &of(true), &manifests).delete, ["old", "sig", "sig-sig"]);
    assert_eq!(gone(System::Zot, &of(false), &manifests).delete, ["old"]);
}

#[test]
fn a_manifest_that_loses_its_last_tag_goes_on_a_later_run_unless_the_delay_is_shorter_than_a_run() {
    let manifests = json!([
        { "name": "image", "tags": ["dev", "dev-2"], "pushed_at": ago(2) },
        { "name": "sig", "pushed_at": ago(2), "subject": "image" },
        { "name": "sig-sig", "pushed_at": ago(2), "subject": "sig" },
        { "name": "stray", "pushed_at": ago(2) },
        { "name": "kept", "tags": ["v1", "dev-3"], "pushed_at": ago(2) },
        { "name": "index", "tags": ["dev-4"], "pushed_at": ago(2), "children": ["child", "kept"] },
        { "name": "child", "pushed_at": ago(2) },
    ]);
    let of = |delay: &str, referrers: bool| {
        json!({ "delay": delay, "policies": [
            { "repositories": ["**"], "deleteReferrers": referrers, "keepTags": [{ "patterns": ["^v"] }] },
        ] })
    };
    let tags = ["dev", "dev-2", "dev-3", "dev-4"];
    let table = [
        (of("1h", true), vec!["stray"]),
        (of("1m", true), vec!["stray"]),
        (of("1s", true), vec!["child", "image", "index", "sig", "sig-sig", "stray"]),
        (of("1ms", false), vec!["child", "image", "index", "stray"]),
    ];
    for (document, expected) in table {
        let outcome = gone(System::Zot, &document, &manifests);
        assert_eq!(outcome.delete, expected, "{document}");
        assert_eq!(outcome.delete_tags, tags, "{document}");
    }
}
