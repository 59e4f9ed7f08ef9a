//! What Artifact Registry's cleanup policies do, in tables.

use lockage_policy::import::System;
use serde_json::{Value, json};

use super::world::{ago, days, gone, gone_from, now, outcome, parse, snapshot};
use lockage_policy::retain::Protection;

fn delete(condition: Value) -> Value {
    json!({ "name": "delete", "action": { "type": "Delete" }, "condition": condition })
}

fn keep(condition: Value) -> Value {
    json!({ "name": "keep", "action": { "type": "Keep" }, "condition": condition })
}

fn newest(prefixes: &[&str], number: u32) -> Value {
    let most = json!({ "packageNamePrefixes": prefixes, "keepCount": number });
    json!({ "name": "newest", "action": { "type": "KEEP" }, "mostRecentVersions": most })
}

fn versions() -> Value {
    json!([
        { "name": "a", "tags": ["default"], "pushed_at": days(120), "version_name": "2.0.1" },
        { "name": "b", "tags": ["default", "x"], "pushed_at": days(150), "version_name": "2.0.6" },
        { "name": "c", "tags": ["patch"], "pushed_at": days(20), "version_name": "1.0" },
        { "name": "d", "pushed_at": days(200) },
        { "name": "e", "tags": ["patch-2"] },
    ])
}

#[test]
fn what_a_condition_matches_is_all_of_its_fields() {
    let table = [
        (json!({}), vec!["a", "b", "c", "d", "e"]),
        (json!({ "tagState": "any" }), vec!["a", "b", "c", "d", "e"]),
        (json!({ "tagState": "TAGGED" }), vec!["a", "b", "c", "e"]),
        (json!({ "tagState": "untagged" }), vec!["d"]),
        (json!({ "tagPrefixes": ["def"] }), vec!["a", "b"]),
        (json!({ "tagPrefixes": ["x", "patch"] }), vec!["b", "c", "e"]),
        (json!({ "tagPrefixes": ["patch"], "olderThan": "10d" }), vec!["c"]),
        (json!({ "versionNamePrefixes": ["2.0", "1"] }), vec!["a", "b", "c"]),
        (json!({ "versionNamePrefixes": ["sha256:"] }), vec!["d", "e"]),
        (json!({ "olderThan": "100d" }), vec!["a", "b", "d"]),
        (json!({ "olderThan": "10368000s" }), vec!["b", "d"]),
        (json!({ "newerThan": "130d", "olderThan": "30d" }), vec!["a"]),
        (json!({ "newerThan": "20d" }), vec![]),
        (json!({ "packageNamePrefixes": ["r"] }), vec!["a", "b", "c", "d", "e"]),
        (json!({ "packageNamePrefixes": ["other"] }), vec![]),
    ];
    for (condition, expected) in table {
        let outcome = gone(System::Gar, &json!([delete(condition.clone())]), &versions());
        assert_eq!(outcome.delete, expected, "{condition}");
    }
}

#[test]
fn keep_policies_are_heard_above_all_that_delete_whatever_their_order() {
    let all = delete(json!({}));
    let table = [
        (keep(json!({ "tagPrefixes": ["default"] })), vec!["c", "d", "e"]),
        (keep(json!({ "versionNamePrefixes": ["2.0.6"] })), vec!["a", "c", "d", "e"]),
        // Of what is not known when it was uploaded, an age keeps.
        (keep(json!({ "newerThan": "30d" })), vec!["a", "b", "d"]),
        (keep(json!({ "olderThan": "130d" })), vec!["a", "c"]),
        (newest(&[], 1), vec!["a", "b", "d"]),
        (newest(&["r", "x"], 2), vec!["b", "d"]),
        (newest(&["x"], 2), vec!["a", "b", "c", "d", "e"]),
    ];
    for (keep, expected) in table {
        for policies in [json!([all, keep]), json!([keep, all])] {
            assert_eq!(gone(System::Gar, &policies, &versions()).delete, expected, "{policies}");
        }
    }
}

#[test]
fn exactly_so_old_is_neither_older_nor_newer() {
    let versions = json!([
        { "name": "younger", "pushed_at": ago(30 * 24 - 1) },
        { "name": "exact", "pushed_at": days(30) },
        { "name": "older", "pushed_at": ago(30 * 24 + 1) },
    ]);
    let gone = |condition: Value| gone(System::Gar, &json!([delete(condition)]), &versions).delete;
    assert_eq!(gone(json!({ "olderThan": "30d" })), ["older"]);
    assert_eq!(gone(json!({ "newerThan": "30d" })), ["younger"]);
}

#[test]
fn the_newest_are_counted_by_package() {
    let version = |name: &str, at: i64| json!({ "name": name, "pushed_at": days(at) });
    let repositories = json!({
        "europe-docker.pkg.dev/project/images/web": [version("w1", 1), version("w2", 2)],
        "europe-docker.pkg.dev/project/images/api": [version("a1", 1), version("a2", 2)],
    });
    let policies = json!([delete(json!({})), newest(&["we"], 1)]);
    let outcome = gone_from(System::Gar, &policies, &repositories);
    let images = "europe-docker.pkg.dev/project/images";
    assert_eq!(outcome.delete, [format!("{images}/api@a1"), format!("{images}/api@a2"), format!("{images}/web@w2")]);
}

#[test]
fn the_registry_refuses_to_delete_what_is_still_named() {
    let old = days(60);
    let versions = json!([
        { "name": "index", "tags": ["v1"], "pushed_at": old, "children": ["inner"] },
        { "name": "inner", "pushed_at": old, "children": ["child"] },
        { "name": "child", "pushed_at": old },
        { "name": "signed", "pushed_at": old },
        { "name": "signature", "tags": ["keep"], "pushed_at": old, "subject": "signed" },
        { "name": "plain", "pushed_at": old },
        { "name": "note", "pushed_at": old, "subject": "plain" },
    ]);
    let untagged = json!([delete(json!({ "tagState": "untagged", "olderThan": "30d" }))]);
    assert_eq!(gone(System::Gar, &untagged, &versions).delete, ["note", "plain"]);
    let all = json!([delete(json!({ "olderThan": "30d" }))]);
    assert_eq!(gone(System::Gar, &all, &versions).delete.len(), 7);
}

#[test]
fn without_a_delete_policy_and_in_a_dry_run_nothing_goes() {
    assert!(gone(System::Gar, &json!([keep(json!({}))]), &versions()).delete.is_empty());
    assert!(gone(System::Gar, &json!([]), &versions()).delete.is_empty());
    let document = json!({ "cleanupPolicies": [delete(json!({}))], "cleanupPolicyDryRun": true });
    let snapshot = snapshot(&json!({ "r": versions() }));
    let condemned = parse(System::Gar, &document).unwrap().evaluate(&snapshot, now());
    assert!(condemned.is_dry_run() && snapshot.manifests().all(|id| condemned.is_condemned(id)));
    for protection in [Protection::Faithful, Protection::Full] {
        assert!(outcome(&snapshot, &condemned, protection).delete.is_empty());
    }
}

#[test]
fn a_document_is_a_list_a_map_or_the_members_of_a_repository() {
    let old = json!({ "action": { "type": "DELETE" }, "condition": { "olderThan": "100d" } });
    let mut named = old.clone();
    named.as_object_mut().unwrap().insert("name".to_owned(), "old".into());
    let documents = [
        json!([named]),
        json!({ "old": old }),
        json!({ "old": { "id": "old", "action": { "type": "DELETE" }, "condition": { "olderThan": "100d" } } }),
        json!({ "cleanupPolicies": [named] }),
        json!({ "cleanupPolicies": { "old": old }, "cleanupPolicyDryRun": false }),
    ];
    let first = parse(System::Gar, &documents[0]).unwrap();
    for document in &documents {
        assert_eq!(parse(System::Gar, document).unwrap(), first, "{document}");
    }
}
