//! The forms in which people have the documents of each system.

use lockage_policy::import::{ImportedPolicy, System};
use lockage_policy::retain::{Facts, Policy, Protection, Snapshot, plan_imported};
use serde_json::{Value, json};

use super::world::{now, parse};

fn same(system: System, document: &Value, forms: &[Value]) -> ImportedPolicy {
    let policy = parse(system, document).unwrap_or_else(|error| panic!("{error}"));
    for form in forms {
        let read = parse(system, form).unwrap_or_else(|error| panic!("{error}: {form}"));
        assert_eq!(read, policy, "{form}");
    }
    policy
}

fn place(system: System, document: &Value) -> String {
    parse(system, document).expect_err("it is refused").place().to_owned()
}

#[test]
fn a_lifecycle_policy_may_be_the_text_that_the_api_carries() {
    let rule = |count: i64| {
        let selection = json!({ "tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": count });
        json!({ "rules": [{ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } }] })
    };
    let answer = |text: String| json!({ "registryId": "012345678910", "repositoryName": "app", "lifecyclePolicyText": text, "lastEvaluatedAt": 1.5 });
    let text = rule(1).to_string();
    let input = json!({ "repositoryName": "app", "lifecyclePolicyText": text });
    same(System::Ecr, &rule(1), &[answer(text.clone()), input, Value::from(text.clone())]);
    // What is wrong in the text has its place there.
    let wrong = rule(0).to_string();
    let within = "$.lifecyclePolicyText.rules[0].selection.countNumber";
    assert_eq!(place(System::Ecr, &answer(wrong.clone())), within);
    assert_eq!(place(System::Ecr, &Value::from(wrong)), "$.rules[0].selection.countNumber");
    assert_eq!(place(System::Ecr, &answer("none".to_owned())), "$.lifecyclePolicyText");
    assert_eq!(place(System::Ecr, &json!({ "lifecyclePolicyText": rule(1) })), "$.lifecyclePolicyText");
    assert_eq!(place(System::Ecr, &json!({ "lifecyclePolicyText": text, "rules": [] })), "$.rules");
    // A text within the text is none.
    assert_eq!(place(System::Ecr, &answer(answer(text).to_string())), "$.lifecyclePolicyText.lastEvaluatedAt");
}

#[test]
fn cleanup_policies_may_be_those_of_a_repository() {
    let list = json!([
        { "name": "old", "action": { "type": "Delete" }, "condition": { "olderThan": "30d" } },
        { "name": "some", "action": { "type": "Keep" }, "mostRecentVersions": { "keepCount": 5 } },
    ]);
    let map = json!({
        "old": { "id": "old", "action": "DELETE", "condition": { "olderThan": "2592000s" } },
        "some": { "id": "some", "action": "KEEP", "mostRecentVersions": { "keepCount": 5 } },
    });
    let described = json!({
        "cleanupPolicies": map, "cleanupPolicyDryRun": false, "createTime": "2026-01-01T00:00:00Z", "format": "DOCKER",
        "mode": "STANDARD_REPOSITORY", "name": "projects/p/locations/europe/repositories/r", "sizeBytes": "1",
    });
    let members = json!({ "cleanupPolicies": map });
    same(System::Gar, &list, &[map, members, described.clone(), json!({ "cleanupPolicies": list })]);
    let mut other = described;
    other.as_object_mut().unwrap().remove("format");
    assert_eq!(place(System::Gar, &other), "$.createTime");
}

#[test]
fn retention_may_be_in_the_whole_configuration_of_zot() {
    let section = json!({ "delay": "24h", "policies": [
        { "repositories": ["**"], "keepTags": [{ "patterns": ["^v"], "mostRecentlyPushedCount": 3 }] },
    ] });
    let configuration = |storage: Value| json!({ "distSpecVersion": "1.1.1", "storage": storage, "http": { "port": "8080" }, "log": { "level": "debug" } });
    let storage = json!({ "rootDirectory": "/tmp/zot", "gc": true, "gcDelay": "2h", "retention": section });
    same(System::Zot, &section, &[json!({ "retention": section }), configuration(storage)]);
    // Without a delay of its own it has that of the garbage collection.
    let policies = &section["policies"];
    let of_garbage = configuration(json!({ "gcDelay": "2h", "retention": { "policies": policies } }));
    same(System::Zot, &json!({ "delay": "2h", "policies": policies }), &[of_garbage]);
    let without = configuration(json!({ "retention": { "policies": policies } }));
    same(System::Zot, &json!({ "delay": "1h", "policies": policies }), &[without]);
    // What another section decides as well, or nothing does.
    let table = [
        (json!({ "retention": section, "subPaths": { "/a": { "rootDirectory": "/a" } } }), "$.storage.subPaths"),
        (json!({ "gc": false, "retention": section }), "$.storage.gc"),
        (json!({ "gcDelay": 1, "retention": section }), "$.storage.gcDelay"),
        (json!({ "rootDirectory": "/tmp/zot" }), "$.storage.retention"),
        (json!({ "retention": { "policies": [{}] } }), "$.storage.retention.policies[0].repositories"),
        (json!([]), "$.storage"),
    ];
    for (storage, expected) in table {
        assert_eq!(place(System::Zot, &configuration(storage.clone())), expected, "{storage}");
    }
}

#[test]
fn a_plan_names_the_policy_that_it_was_made_by() {
    let policy =
        |age: &str| json!([{ "name": "old", "action": { "type": "Delete" }, "condition": { "olderThan": age } }]);
    let snapshot = Snapshot::read(br#"{"repositories": []}"#.as_slice()).unwrap();
    let (own, facts) = (Policy::keep_everything(), Facts::default());
    let named = |document: &Value| {
        let theirs = parse(System::Gar, document).unwrap();
        let imported = theirs.evaluate(&snapshot, now()).imported(&snapshot, Protection::Full);
        let plan = plan_imported(&snapshot, &own, &facts, imported, now());
        assert_eq!(plan.policy(), own.digest_with(theirs.digest()));
        plan.policy()
    };
    assert_eq!(named(&policy("30d")), named(&policy("2592000s")), "the same, written another way");
    assert_ne!(named(&policy("30d")), named(&policy("31d")));
    assert_ne!(named(&policy("30d")), own.digest());
}
