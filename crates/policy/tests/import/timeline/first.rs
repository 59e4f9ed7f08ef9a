//! The first moments at which something goes, in tables.

use lockage_policy::import::System;
use lockage_policy::retain::{Capabilities, Protection, Timeline};
use serde_json::{Value, json};

use super::super::harbor;
use super::super::world::{ago, digest, now, parse, snapshot};
use super::{Besides, days};

/// When each goes or is archived, as `name moment`, within a thousand days.
fn moments_of(system: System, document: &Value, manifests: &Value, besides: &Besides) -> Vec<String> {
    let policy = parse(system, document).unwrap_or_else(|error| panic!("{error}"));
    let snapshot = snapshot(&json!({ "app": manifests }));
    let timeline = besides.simulate(&policy, &snapshot, now(), now() + days(1_000));
    let mut all = Vec::new();
    for point in &timeline.breakpoints {
        let gone = point.tags.iter().map(|name| (name, "")).chain(point.manifests.iter().map(|name| (name, "")));
        let all_of = gone.chain(point.archived.iter().map(|name| (name, " archived")));
        all.extend(all_of.map(|(name, how)| format!("{}{how} {}", name.strip_prefix("app").unwrap(), point.at)));
    }
    all
}

fn faithfully(system: System, document: &Value, manifests: &Value) -> Vec<String> {
    moments_of(system, document, manifests, &Besides::nothing(Protection::Faithful))
}

#[test]
fn each_system_has_its_own_first_moment() {
    let image = json!([{ "name": "m", "tags": ["v1"], "pushed_at": "2026-06-01T00:00:00.5Z",
                         "pulled_at": "2026-06-01T06:00:00Z" }]);
    let ecr = |count: &str, action: Value| {
        json!({ "rules": [{ "rulePriority": 1, "action": action, "selection":
            { "tagStatus": "any", "countType": count, "countUnit": "days", "countNumber": 10 } }] })
    };
    let gar = json!({ "cleanupPolicies": [{ "name": "old", "action": { "type": "DELETE" },
        "condition": { "tagState": "ANY", "olderThan": "864000s" } }] });
    let harbor = |template: &str| {
        harbor::policy(&[json!({ "action": "retain", "template": template, "params": { template: 10 },
            "tag_selectors": [harbor::selector("matches", "**")],
            "scope_selectors": { "repository": [harbor::selector("repoMatches", "**")] } })])
    };
    let zot = json!({ "delay": "0s", "policies": [{ "repositories": ["**"],
        "keepTags": [{ "patterns": [".*"], "pushedWithin": "240h" }] }] });
    let archive = json!({ "type": "transition", "targetStorageClass": "archive" });
    let table = [
        // Older than, and days are of 24 hours.
        (System::Ecr, ecr("sinceImagePushed", json!({ "type": "expire" })), "", "2026-06-11T00:00:00.500000001Z"),
        (System::Ecr, ecr("sinceImagePulled", archive), " archived", "2026-06-11T06:00:00.000000001Z"),
        (System::Gar, gar, "", "2026-06-11T00:00:00.500000001Z"),
        // Whole seconds that have to be more.
        (System::Harbor, harbor("nDaysSinceLastPush"), "", "2026-06-11T00:00:01Z"),
        (System::Harbor, harbor("nDaysSinceLastPull"), "", "2026-06-11T06:00:01Z"),
        (System::Harbor, harbor("lastXDays"), "", "2026-06-11T00:00:00Z"),
        // Within, and so no longer after exactly as long.
        (System::Zot, zot, "", "2026-06-11T00:00:00.5Z"),
    ];
    for (system, document, how, at) in table {
        let expected = match how {
            "" => vec![format!(":v1 {at}"), format!("@m {at}")],
            how => vec![format!("@m{how} {at}")],
        };
        assert_eq!(faithfully(system, &document, &image), expected, "{document}");
    }
}

#[test]
fn what_goes_and_would_stay_later_is_told_when_it_first_goes() {
    let keep = json!({ "cleanupPolicies": [
        { "name": "all", "action": { "type": "DELETE" }, "condition": { "tagState": "ANY", "olderThan": "10d" } },
        { "name": "old", "action": { "type": "KEEP" }, "condition": { "tagState": "ANY", "olderThan": "20d" } }] });
    let at = |days: i64| ago(-24 * days);
    let images = json!([{ "name": "new", "pushed_at": at(0) }, { "name": "old", "pushed_at": ago(24 * 15) },
                        { "name": "oldest", "pushed_at": ago(24 * 25) }]);
    let expected = ["@old 2026-06-01T12:00:00Z", "@new 2026-06-11T12:00:00.000000001Z"];
    assert_eq!(faithfully(System::Gar, &keep, &images), expected);
    let mut dry = keep;
    dry["cleanupPolicyDryRun"] = true.into();
    assert_eq!(faithfully(System::Gar, &dry, &images), [""; 0], "a dry run takes nothing");
}

#[test]
fn what_a_kept_image_needs_goes_with_it_and_a_hold_ends_when_it_ends() {
    let rule = |number: u32, tags: Value, days: u32| {
        let mut selection = json!({ "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days });
        selection.as_object_mut().unwrap().extend(tags.as_object().unwrap().clone());
        json!({ "rulePriority": number, "selection": selection, "action": { "type": "expire" } })
    };
    let untagged = rule(1, json!({ "tagStatus": "untagged" }), 5);
    let policy = json!({ "rules": [untagged, rule(2, json!({ "tagStatus": "any" }), 30)] });
    let images = json!([
        { "name": "platform", "pushed_at": ago(0) },
        { "name": "index", "tags": ["v1"], "children": ["platform"], "pushed_at": ago(0) },
        { "name": "signature", "subject": "index", "pushed_at": ago(0) }]);
    let at = |moment: &str| {
        let mut expected = [":v1", "@index", "@platform", "@signature"].map(|name| format!("{name} {moment}"));
        expected.sort();
        expected
    };
    let sorted = |besides: &Besides| {
        let mut all = moments_of(System::Ecr, &policy, &images, besides);
        all.sort();
        all
    };
    let mut besides = Besides::nothing(Protection::Full);
    assert_eq!(sorted(&besides), at("2026-07-01T12:00:00.000000001Z"));
    let hold = json!([{ "digest": digest("index"), "until": "2027-01-01T00:00:00Z", "reason": "a court" }]);
    besides.facts.holds = serde_json::from_value(hold).unwrap();
    assert_eq!(sorted(&besides), at("2027-01-01T00:00:00Z"));
    besides.protection = Protection::Faithful;
    assert_eq!(sorted(&besides), at("2026-07-01T12:00:00.000000001Z"), "no hold counts");
}

#[test]
fn the_last_image_with_a_tag_stays_where_its_registry_keeps_it() {
    let policy = |count: &str, action: Value| {
        json!({ "rules": [{ "rulePriority": 1, "action": action, "selection":
            { "tagStatus": "any", "countType": count, "countUnit": "days", "countNumber": 10 } }] })
    };
    let pushed = policy("sinceImagePushed", json!({ "type": "expire" }));
    let archiving = policy("sinceImagePulled", json!({ "type": "transition", "targetStorageClass": "archive" }));
    let image = |name: &str, pushed: i64, pulled: i64| json!({ "name": name, "tags": [name], "pushed_at": ago(pushed), "pulled_at": ago(pulled) });
    let images = json!([image("one", 24, 24), image("two", 12, 12)]);
    let names = |policy: &Value, can| moments_of(System::Ecr, policy, &images, &Besides::with(Protection::Full, can));
    assert_eq!(
        names(&pushed, Capabilities::OCI),
        [
            ":one 2026-06-10T12:00:00.000000001Z",
            "@one 2026-06-10T12:00:00.000000001Z",
            ":two 2026-06-11T00:00:00.000000001Z",
            "@two 2026-06-11T00:00:00.000000001Z"
        ]
    );
    assert_eq!(
        names(&pushed, Capabilities::GHCR),
        [":one 2026-06-10T12:00:00.000000001Z", "@one 2026-06-10T12:00:00.000000001Z"],
    );
    let archived = ["@one archived 2026-06-10T12:00:00.000000001Z", "@two archived 2026-06-11T00:00:00.000000001Z"];
    assert_eq!(names(&archiving, Capabilities::GHCR), archived);
}

#[test]
fn the_document_of_a_timeline_names_archived_images_only_where_there_are_some() {
    let image = json!({ "app": [{ "name": "m", "pushed_at": ago(0), "pulled_at": ago(0) }] });
    let written = |action: Value| {
        let policy = json!({ "rules": [{ "rulePriority": 1, "action": action, "selection":
            { "tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 1 } }] });
        let policy = parse(System::Ecr, &policy).unwrap();
        let timeline = Besides::nothing(Protection::Full).simulate(&policy, &snapshot(&image), now(), now() + days(2));
        let document = serde_json::to_value(&timeline).unwrap();
        assert_eq!(serde_json::from_value::<Timeline>(document.clone()).unwrap(), timeline);
        (document["breakpoints"][0].clone(), timeline.to_string())
    };
    let at = "2026-06-02T12:00:00.000000001Z";
    let (document, text) = written(json!({ "type": "transition", "targetStorageClass": "archive" }));
    assert_eq!(document, json!({ "at": at, "tags": [], "manifests": [], "archived": ["app@m"] }));
    assert_eq!(text, format!("{at}  0 tags, 0 manifests, 1 archived\n  app@m (archived)"));
}
