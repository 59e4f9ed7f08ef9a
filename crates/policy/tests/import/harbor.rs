//! What Harbor's rules do, in tables.

use lockage_policy::import::System;
use serde_json::{Value, json};

use super::world::{ago, days, gone, gone_from};

pub(super) fn selector(decoration: &str, pattern: &str) -> Value {
    json!({ "kind": "doublestar", "decoration": decoration, "pattern": pattern })
}

fn with_extras(decoration: &str, pattern: &str, extras: &str) -> Value {
    json!({ "kind": "doublestar", "decoration": decoration, "pattern": pattern, "extras": extras })
}

fn rule_of(template: &str, number: u32, tags: &[Value], repositories: &[Value]) -> Value {
    let params = if template == "always" { json!({}) } else { json!({ template: number }) };
    json!({ "action": "retain", "template": template, "params": params, "tag_selectors": tags,
            "scope_selectors": { "repository": repositories } })
}

fn rule(template: &str, number: u32, pattern: &str) -> Value {
    rule_of(template, number, &[selector("matches", pattern)], &[selector("repoMatches", "**")])
}

pub(super) fn policy(rules: &[Value]) -> Value {
    json!({ "algorithm": "or", "rules": rules, "trigger": { "kind": "Schedule", "settings": { "cron": "" } },
            "scope": { "level": "project", "ref": 1 } })
}

fn deleted(policy: &Value, artifacts: &Value) -> Vec<String> {
    gone(System::Harbor, policy, artifacts).delete
}

#[test]
fn what_no_rule_retains_goes_and_a_repository_without_a_rule_is_left_alone() {
    let artifact = |name: &str| json!([{ "name": name, "tags": ["v1"], "pushed_at": days(1) }]);
    let repositories =
        json!({ "project/app": artifact("a"), "project/web": artifact("b"), "project/team/db": artifact("c") });
    let of = |decoration: &str, pattern: &str| {
        let none = selector("matches", "nothing");
        policy(&[rule_of("always", 0, &[none], &[selector(decoration, pattern)])])
    };
    let table = [
        (of("repoMatches", "app"), vec!["project/app@a"]),
        (of("repoMatches", "{app,web}"), vec!["project/app@a", "project/web@b"]),
        (of("repoMatches", "*"), vec!["project/app@a", "project/web@b"]),
        (of("repoMatches", "**"), vec!["project/app@a", "project/team/db@c", "project/web@b"]),
        (of("repoMatches", "team/**"), vec!["project/team/db@c"]),
        (of("repoExcludes", "app"), vec!["project/team/db@c", "project/web@b"]),
        (of("repoMatches", "project/app"), vec![]),
        (policy(&[]), vec![]),
    ];
    for (policy, expected) in table {
        assert_eq!(gone_from(System::Harbor, &policy, &repositories).delete, expected, "{policy}");
    }
    let mut disabled = rule("always", 0, "nothing");
    disabled.as_object_mut().unwrap().insert("disabled".to_owned(), true.into());
    assert!(gone_from(System::Harbor, &policy(&[disabled]), &repositories).delete.is_empty());
}

#[test]
fn matches_is_of_any_tag_and_excludes_of_any_other() {
    let artifacts = json!([
        { "name": "dev", "tags": ["dev-1"], "pushed_at": days(1) },
        { "name": "mix", "tags": ["dev-2", "v1"], "pushed_at": days(1) },
        { "name": "rel", "tags": ["v2"], "pushed_at": days(1) },
        { "name": "none", "pushed_at": days(1) },
    ]);
    let table = [
        (vec![selector("matches", "dev-*")], vec!["rel"]),
        (vec![selector("excludes", "dev-*")], vec!["dev"]),
        (vec![selector("matches", "dev-*"), selector("excludes", "dev-*")], vec!["dev", "rel"]),
        (vec![with_extras("matches", "**", "")], vec![]),
        (vec![with_extras("matches", "**", r#"{"untagged":true}"#)], vec![]),
        (vec![with_extras("matches", "**", r#"{"untagged":false}"#)], vec!["none"]),
        (vec![with_extras("matches", "**", "{}")], vec!["none"]),
        (vec![with_extras("matches", "**", "nonsense")], vec![]),
        (vec![with_extras("excludes", "dev-*", "nonsense")], vec!["dev"]),
        (vec![with_extras("excludes", "dev-*", r#"{"untagged":false}"#)], vec!["dev"]),
        (vec![with_extras("excludes", "dev-*", r#"{"untagged":true}"#)], vec!["dev", "none"]),
    ];
    for (selectors, expected) in table {
        let rule = rule_of("always", 0, &selectors, &[]);
        assert_eq!(deleted(&policy(&[rule]), &artifacts), expected, "{selectors:?}");
    }
}

#[test]
fn templates_retain_by_their_own_time_and_boundary() {
    let artifacts = json!([
        { "name": "a", "tags": ["a"], "pushed_at": days(10), "pulled_at": days(1) },
        { "name": "b", "tags": ["b"], "pushed_at": days(7) },
        { "name": "c", "tags": ["c"], "pushed_at": ago(7 * 24 + 1), "pulled_at": days(7) },
        { "name": "d", "tags": ["d"], "pushed_at": ago(7 * 24 - 1), "pulled_at": ago(7 * 24 + 1) },
        { "name": "e", "tags": ["e"] },
    ]);
    let table = [
        ("always", 0, vec![]),
        ("latestPushedK", 2, vec!["a", "c", "e"]),
        ("latestPushedK", 0, vec!["a", "b", "c", "d", "e"]),
        ("latestPushedK", 99, vec![]),
        ("latestPulledN", 2, vec!["b", "d", "e"]),
        ("latestActiveK", 2, vec!["b", "c", "e"]),
        // At least so long ago, and later than so long ago.
        ("nDaysSinceLastPush", 7, vec!["a", "c", "e"]),
        ("lastXDays", 7, vec!["a", "b", "c", "e"]),
        ("nDaysSinceLastPull", 7, vec!["b", "d", "e"]),
        ("nDaysSinceLastPull", 106_751, vec![]),
    ];
    for (template, number, expected) in table {
        let policy = policy(&[rule(template, number, "**")]);
        assert_eq!(deleted(&policy, &artifacts), expected, "{template} {number}");
    }
    // Rules are OR.
    let both = policy(&[rule("latestPushedK", 1, "**"), rule("latestPulledN", 1, "**")]);
    assert_eq!(deleted(&both, &artifacts), ["b", "c", "e"]);
}

#[test]
fn the_newest_time_of_an_artifact_and_its_tags_counts() {
    let artifacts = json!([
        { "name": "moved", "tags": [{ "name": "a", "pushed_at": days(1), "pulled_at": days(2) }, "b"], "pushed_at": days(100) },
        { "name": "plain", "tags": ["c"], "pushed_at": days(50), "pulled_at": days(60) },
    ]);
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 1, "**")]), &artifacts), ["plain"]);
    assert_eq!(deleted(&policy(&[rule("latestPulledN", 1, "**")]), &artifacts), ["plain"]);
    assert_eq!(deleted(&policy(&[rule("lastXDays", 30, "**")]), &artifacts), ["plain"]);
}

#[test]
fn an_artifact_with_an_immutable_tag_stays() {
    let artifacts = json!([
        { "name": "rel", "tags": ["v1", "x"], "pushed_at": days(1) },
        { "name": "dev", "tags": ["dev"], "pushed_at": days(1) },
        { "name": "none", "pushed_at": days(1) },
    ]);
    let retention = policy(&[rule_of("always", 0, &[with_extras("matches", "nothing", "{}")], &[])]);
    let immutable = |tags: &[Value], repositories: &[Value]| {
        let rule = json!({ "action": "immutable", "template": "immutable_template", "tag_selectors": tags,
                           "scope_selectors": { "repository": repositories } });
        json!({ "retention": retention, "immutable_rules": [rule] })
    };
    let all = [selector("repoMatches", "**")];
    let table = [
        (immutable(&[selector("matches", "v*")], &all), vec!["dev", "none"]),
        (immutable(&[selector("matches", "**")], &all), vec!["none"]),
        (immutable(&[selector("excludes", "v*")], &all), vec![]),
        // The first selectors alone are looked at, and a rule without one is none.
        (immutable(&[selector("matches", "v*"), selector("matches", "no")], &all), vec!["dev", "none"]),
        (immutable(&[selector("matches", "v*")], &[selector("repoMatches", "other")]), vec!["dev", "none", "rel"]),
        (immutable(&[selector("matches", "v*")], &[]), vec!["dev", "none", "rel"]),
    ];
    for (document, expected) in table {
        // Without a tag, `excludes` is about everything.
        assert_eq!(deleted(&document, &artifacts), expected, "{document}");
    }
}

#[test]
fn a_tag_that_harbor_calls_immutable_keeps_its_artifact_without_the_rule() {
    let artifacts = json!([
        { "name": "rel", "tags": [{ "name": "v1", "immutable": true }, "x"], "pushed_at": days(1) },
        { "name": "dev", "tags": [{ "name": "dev", "immutable": false }], "pushed_at": days(1) },
    ]);
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 0, "**")]), &artifacts), ["dev"]);
}

#[test]
fn what_is_part_of_an_artifact_is_none_of_its_own() {
    let old = days(60);
    let signed = super::world::digest("image").replace(':', "-") + ".sig";
    let artifacts = |index_tag: &str| {
        json!([
            { "name": "index", "tags": [index_tag], "pushed_at": old, "children": ["amd64", "tagged", "tagged-note", "shared"] },
            { "name": "amd64", "pushed_at": old },
            { "name": "tagged", "tags": ["child"], "pushed_at": old },
            { "name": "tagged-note", "tags": ["note"], "pushed_at": old, "subject": "image" },
            { "name": "shared", "pushed_at": old },
            { "name": "other", "tags": ["keep-other"], "pushed_at": old, "children": ["shared"] },
            { "name": "sbom", "pushed_at": old, "subject": "index" },
            { "name": "image", "tags": ["keep-image"], "pushed_at": old },
            { "name": "signature", "tags": [signed], "pushed_at": old },
            { "name": "stray", "pushed_at": old },
        ])
    };
    let keep = policy(&[rule_of("always", 0, &[with_extras("matches", "keep*", "{}")], &[])]);
    assert_eq!(deleted(&keep, &artifacts("v1")), ["amd64", "index", "sbom", "stray", "tagged"]);
    // The tagged child of an index that stays cannot be deleted.
    assert_eq!(deleted(&keep, &artifacts("keep-v1")), ["stray"]);
}

#[test]
fn what_an_index_names_that_is_no_artifact_of_its_own_stays_with_it() {
    let gone = super::world::digest("nothing");
    let artifacts = json!([
        { "name": "list", "pushed_at": days(60), "subject": gone, "children": ["inner"] },
        { "name": "inner", "pushed_at": days(60), "children": ["tagged"] },
        { "name": "tagged", "tags": ["v1"], "pushed_at": days(60) },
        { "name": "sbom", "pushed_at": days(60), "subject": "tagged" },
        { "name": "other", "tags": ["v2"], "pushed_at": days(60) },
    ]);
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 0, "**")]), &artifacts), ["other"]);
}

#[test]
fn a_note_in_an_index_that_goes_goes_with_it_though_what_it_is_about_stays() {
    let artifacts = json!([
        { "name": "kept", "tags": ["v1"], "pushed_at": days(1) },
        { "name": "note", "pushed_at": days(60), "subject": "kept" },
        { "name": "own-note", "pushed_at": days(60), "subject": "kept" },
        { "name": "index", "tags": ["v2"], "pushed_at": days(60), "children": ["note"] },
    ]);
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 1, "**")]), &artifacts), ["index", "note"]);
}

#[test]
fn a_count_sees_no_children_and_no_signatures() {
    let artifacts = json!([
        { "name": "old", "tags": ["v1"], "pushed_at": days(3) },
        { "name": "index", "tags": ["v2"], "pushed_at": days(2), "children": ["child"] },
        { "name": "child", "pushed_at": days(1) },
        { "name": "sbom", "pushed_at": days(1), "subject": "index" },
    ]);
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 2, "**")]), &artifacts), Vec::<String>::new());
    assert_eq!(deleted(&policy(&[rule("latestPushedK", 1, "**")]), &artifacts), ["old"]);
}
