//! What ECR's lifecycle policies do, in tables.

use lockage_policy::import::System;
use serde_json::{Value, json};

use super::world::{Outcome, ago, days, gone, gone_from};

fn rule(priority: u32, selection: Value) -> Value {
    json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } })
}

fn expire(selection: Value) -> Value {
    json!({ "rules": [rule(1, selection)] })
}

fn transition(selection: Value) -> Value {
    let action = json!({ "type": "transition", "targetStorageClass": "archive" });
    json!({ "rules": [{ "rulePriority": 1, "selection": selection, "action": action }] })
}

fn count(tags: Value, number: u32) -> Value {
    let mut selection = tags;
    let members = selection.as_object_mut().unwrap();
    members.insert("countType".to_owned(), "imageCountMoreThan".into());
    members.insert("countNumber".to_owned(), number.into());
    selection
}

fn since(tags: Value, kind: &str, number: u32) -> Value {
    let mut selection = tags;
    let members = selection.as_object_mut().unwrap();
    members.insert("countType".to_owned(), kind.into());
    members.insert("countUnit".to_owned(), "days".into());
    members.insert("countNumber".to_owned(), number.into());
    selection
}

fn any() -> Value {
    json!({ "tagStatus": "any" })
}

fn untagged() -> Value {
    json!({ "tagStatus": "untagged" })
}

fn patterns(patterns: &[&str]) -> Value {
    json!({ "tagStatus": "tagged", "tagPatternList": patterns })
}

fn deleted(policy: &Value, images: Value) -> Vec<String> {
    let Outcome { delete, archive, .. } = gone(System::Ecr, policy, &images);
    assert!(archive.is_empty());
    delete
}

fn archived(policy: &Value, images: Value) -> Vec<String> {
    let Outcome { delete, archive, .. } = gone(System::Ecr, policy, &images);
    assert!(delete.is_empty());
    archive
}

#[test]
fn all_listed_patterns_have_to_match_some_tag() {
    let images = json!([
        { "name": "both", "tags": ["alpha-1", "beta-1"], "pushed_at": days(20) },
        { "name": "one", "tags": ["alpha-2"], "pushed_at": days(20) },
        { "name": "single", "tags": ["alpha-beta"], "pushed_at": days(20) },
    ]);
    let table = [
        (vec!["alpha*", "beta*"], vec!["both"]),
        (vec!["alpha*"], vec!["both", "one", "single"]),
        (vec!["alpha*", "*beta*"], vec!["both", "single"]),
        // Asked twice, a tag answers twice.
        (vec!["alpha*", "alpha*"], vec!["both", "one", "single"]),
        (vec!["lpha*"], vec![]),
    ];
    for (list, expected) in table {
        let policy = expire(since(patterns(&list), "sinceImagePushed", 14));
        assert_eq!(deleted(&policy, images.clone()), expected, "{list:?}");
    }
}

#[test]
fn an_image_belongs_to_the_first_rule_that_matches_it_not_to_the_first_that_marks_it() {
    let images = json!([
        { "name": "a", "tags": ["beta-1", "prod-1"], "pushed_at": days(10) },
        { "name": "b", "tags": ["beta-2", "prod-2"], "pushed_at": days(9) },
        { "name": "c", "tags": ["beta-3"], "pushed_at": days(8) },
        { "name": "d", "tags": ["beta-4"], "pushed_at": days(7) },
    ]);
    let policy = |prod: u32, beta: u32| json!({ "rules": [rule(prod, count(patterns(&["prod*"]), 1)), rule(beta, count(patterns(&["beta*"]), 1))] });
    // The second rule counts what the first one owns, and may not touch it.
    assert_eq!(deleted(&policy(1, 2), images.clone()), ["a", "c"]);
    assert_eq!(deleted(&policy(2, 1), images), ["a", "b", "c"]);
}

#[test]
fn the_order_of_rules_in_the_document_says_nothing() {
    let images = json!([
        { "name": "old", "tags": ["prod-1"], "pushed_at": days(40) },
        { "name": "new", "tags": ["prod-2"], "pushed_at": days(1) },
    ]);
    let rules = [rule(5, count(any(), 1)), rule(2, count(patterns(&["prod*"]), 5))];
    assert!(deleted(&json!({ "rules": rules }), images).is_empty());
}

#[test]
fn days_are_of_24_hours_and_exactly_so_old_is_not_older() {
    let images = json!([
        { "name": "younger", "pushed_at": ago(14 * 24 - 1) },
        { "name": "exact", "pushed_at": days(14) },
        { "name": "older", "pushed_at": ago(14 * 24 + 1) },
        { "name": "unknown" },
        { "name": "ahead", "pushed_at": ago(-24) },
    ]);
    assert_eq!(deleted(&expire(since(untagged(), "sinceImagePushed", 14)), images), ["older"]);
}

#[test]
fn an_image_without_a_time_is_neither_counted_nor_acted_on() {
    let images = json!([
        { "name": "a", "pushed_at": days(3) },
        { "name": "b", "pushed_at": days(2) },
        { "name": "unknown" },
    ]);
    assert_eq!(deleted(&expire(count(any(), 1)), images), ["a"]);
}

#[test]
fn a_restored_image_is_as_old_as_its_restore() {
    let images = json!([
        { "name": "restored", "tags": ["a"], "pushed_at": days(300), "activated_at": days(1) },
        { "name": "plain", "tags": ["b"], "pushed_at": days(2) },
    ]);
    assert_eq!(deleted(&expire(count(any(), 1)), images.clone()), ["plain"]);
    assert_eq!(deleted(&expire(since(any(), "sinceImagePushed", 100)), images.clone()), Vec::<String>::new());
    assert_eq!(deleted(&expire(since(any(), "sinceImagePushed", 1)), images), ["plain"]);
}

#[test]
fn the_last_pull_falls_back_to_the_restore_and_to_the_push() {
    let images = json!([
        { "name": "pulled", "pushed_at": days(300), "pulled_at": days(10) },
        { "name": "stale", "pushed_at": days(300), "pulled_at": days(100) },
        { "name": "never", "pushed_at": days(100) },
        { "name": "new", "pushed_at": days(10) },
        { "name": "restored", "pushed_at": days(300), "pulled_at": days(200), "activated_at": days(10) },
        { "name": "restored-never", "pushed_at": days(300), "activated_at": days(10) },
        { "name": "restored-long-ago", "pushed_at": days(300), "pulled_at": days(200), "activated_at": days(100) },
        { "name": "pulled-since", "pushed_at": days(300), "pulled_at": days(5), "activated_at": days(100) },
        { "name": "exact", "pushed_at": days(90) },
    ]);
    let policy = transition(since(any(), "sinceImagePulled", 90));
    assert_eq!(archived(&policy, images), ["never", "restored-long-ago", "stale"]);
}

#[test]
fn rules_see_the_images_of_their_storage_class_alone() {
    let archive = || json!({ "tagStatus": "any", "storageClass": "archive" });
    let images = json!([
        { "name": "old", "storage_class": "archive", "archived_at": days(91), "pushed_at": days(400) },
        { "name": "exact", "storage_class": "archive", "archived_at": days(90), "pushed_at": days(400) },
        { "name": "unknown", "storage_class": "archive", "pushed_at": days(400) },
        { "name": "standard", "archived_at": days(91), "pushed_at": days(400) },
    ]);
    let policy = expire(since(archive(), "sinceImageTransitioned", 90));
    assert_eq!(deleted(&policy, images.clone()), ["old"]);
    assert_eq!(deleted(&expire(since(any(), "sinceImagePushed", 14)), images.clone()), ["standard"]);
    let both = json!({ "rules": [
        rule(2, since(archive(), "sinceImageTransitioned", 90)),
        rule(1, since(any(), "sinceImagePushed", 14)),
    ] });
    assert_eq!(deleted(&both, images), ["old", "standard"]);
}

#[test]
fn an_image_that_an_index_names_waits_for_it() {
    let old = days(60);
    let images = |index_tags: Value| {
        json!([
            { "name": "index", "tags": index_tags, "pushed_at": old, "children": ["inner", "amd64"] },
            { "name": "inner", "pushed_at": old, "children": ["arm64"] },
            { "name": "amd64", "pushed_at": old },
            { "name": "arm64", "pushed_at": old },
            { "name": "stray", "pushed_at": old },
        ])
    };
    let policy = expire(since(untagged(), "sinceImagePushed", 14));
    assert_eq!(deleted(&policy, images(json!(["v1"]))), ["stray"]);
    assert_eq!(deleted(&policy, images(json!([]))), ["amd64", "arm64", "index", "inner", "stray"]);
    // A child stays that no rule is about, also when its index goes.
    let tagged = expire(since(patterns(&["v*"]), "sinceImagePushed", 14));
    assert_eq!(deleted(&tagged, images(json!(["v1"]))), ["index"]);
}

#[test]
fn a_child_of_two_indexes_waits_for_both() {
    let images = json!([
        { "name": "one", "tags": ["a1"], "pushed_at": days(60), "children": ["child"] },
        { "name": "two", "tags": ["b1"], "pushed_at": days(60), "children": ["child"] },
        { "name": "child", "pushed_at": days(60) },
    ]);
    let policy = |list: &[&str]| {
        let tagged = since(patterns(list), "sinceImagePushed", 14);
        json!({ "rules": [rule(1, tagged), rule(2, since(untagged(), "sinceImagePushed", 14))] })
    };
    assert_eq!(deleted(&policy(&["a*"]), images.clone()), ["one"]);
    assert_eq!(deleted(&policy(&["*1"]), images), ["child", "one", "two"]);
}

#[test]
fn an_archived_index_keeps_its_images() {
    let images = json!([
        { "name": "index", "tags": ["v1"], "pushed_at": days(60), "children": ["child"] },
        { "name": "child", "pushed_at": days(60) },
    ]);
    let tagged = since(patterns(&["v*"]), "sinceImagePulled", 14);
    let action = json!({ "type": "transition", "targetStorageClass": "archive" });
    let policy = json!({ "rules": [
        { "rulePriority": 1, "selection": tagged, "action": action },
        rule(2, since(untagged(), "sinceImagePushed", 14)),
    ] });
    assert_eq!(archived(&policy, images), ["index"]);
}

#[test]
fn what_is_in_the_archive_is_not_archived_again_and_its_images_may_follow() {
    let archived_long_ago = |tag: &str, children: Value| {
        json!({
            "name": tag, "tags": [tag], "pushed_at": days(60), "storage_class": "archive", "archived_at": days(9), "children": children,
        })
    };
    let mut note = archived_long_ago("note", json!([]));
    note["subject"] = "image".into();
    let images = json!([
        archived_long_ago("index", json!(["child"])),
        { "name": "child", "pushed_at": days(60) },
        { "name": "image", "pushed_at": days(60) },
        note,
    ]);
    let untagged = || since(untagged(), "sinceImagePushed", 14);
    assert_eq!(archived(&transition(untagged()), images.clone()), ["child", "image"]);
    assert_eq!(deleted(&expire(untagged()), images), ["image", "note"]);
}

#[test]
fn what_speaks_about_an_image_shares_its_fate_and_is_not_counted() {
    let images = json!([
        { "name": "old", "tags": ["v1"], "pushed_at": days(40) },
        { "name": "old-sig", "pushed_at": days(1), "subject": "old" },
        { "name": "old-sig-sig", "pushed_at": days(1), "subject": "old-sig" },
        { "name": "new", "tags": ["v2"], "pushed_at": days(30) },
        { "name": "new-sig", "pushed_at": days(60), "subject": "new" },
        { "name": "orphan", "pushed_at": days(50), "subject": "sha256:0000000000000000000000000000000000000000000000000000000000000000" },
    ]);
    // The orphan is an image like others, and the third newest.
    assert_eq!(deleted(&expire(count(any(), 1)), images.clone()), ["old", "old-sig", "old-sig-sig", "orphan"]);
    assert_eq!(deleted(&expire(count(any(), 2)), images.clone()), ["orphan"]);
    assert_eq!(
        archived(&transition(since(any(), "sinceImagePulled", 35)), images),
        ["old", "old-sig", "old-sig-sig", "orphan"]
    );
}

#[test]
fn what_speaks_about_an_image_stays_where_an_index_names_it_that_stays() {
    let images = json!([
        { "name": "old", "tags": ["v1"], "pushed_at": days(40) },
        { "name": "provenance", "pushed_at": days(40), "subject": "old" },
        { "name": "signature", "pushed_at": days(40), "subject": "provenance" },
        { "name": "index", "tags": ["latest"], "pushed_at": days(1), "children": ["provenance"] },
    ]);
    assert_eq!(deleted(&expire(since(patterns(&["v*"]), "sinceImagePushed", 14)), images), ["old"]);
}

#[test]
fn tags_go_with_their_image_and_no_other_way() {
    let images = json!([
        { "name": "old", "tags": ["v1", "latest"], "pushed_at": days(40) },
        { "name": "new", "tags": ["v2"], "pushed_at": days(1) },
    ]);
    let outcome = gone(System::Ecr, &expire(since(patterns(&["v*"]), "sinceImagePushed", 14)), &images);
    assert_eq!(outcome.delete, ["old"]);
    assert_eq!(outcome.delete_tags, ["latest", "v1"]);
}

#[test]
fn every_repository_is_counted_by_itself() {
    let image = |name: &str, at: i64| json!({ "name": name, "pushed_at": days(at) });
    let repositories = json!({ "a": [image("a1", 1), image("a2", 2)], "b": [image("b1", 1), image("b2", 2)] });
    let outcome = gone_from(System::Ecr, &expire(count(any(), 1)), &repositories);
    assert_eq!(outcome.delete, ["a@a2", "b@b2"]);
}
