//! Which documents are refused, where, and why.

use lockage_policy::import::{Flaw, ImportedPolicy, System};
use serde_json::{Value, json};

use super::harbor::{policy, selector};
use super::vectors::cases;
use super::world::parse;

fn flaw(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::Syntax(_) => "syntax",
        Flaw::Length { .. } => "length",
        Flaw::TooMany { .. } => "too many",
        Flaw::Missing => "missing",
        Flaw::Unknown { .. } => "unknown",
        Flaw::Wrong { .. } => "wrong",
        Flaw::Contradiction(_) => "contradiction",
        Flaw::Twice { .. } => "twice",
        Flaw::Pattern(_) => "pattern",
        _ => "other",
    }
}

/// Puts `value` at a place such as `/rules/0/selection/countNumber`; `null` takes out what is there.
fn with(document: &Value, place: &str, value: Value) -> Value {
    let mut document = document.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{place}"));
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        other => panic!("{place}: {other}"),
    }
    document
}

fn refused(system: System, document: &Value, place: &str, kind: &str) {
    match parse(system, document) {
        Ok(policy) => panic!("{document} is {policy:?}"),
        Err(error) => {
            assert_eq!((error.place(), flaw(error.flaw())), (place, kind), "{document}: {error}");
            assert_eq!(error.system(), system);
            assert!(!error.remedy().is_empty() && !error.to_string().contains('\n'));
        }
    }
}

fn ecr() -> Value {
    json!({ "rules": [
        { "rulePriority": 1, "description": "tagged", "action": { "type": "expire" }, "selection":
            { "tagStatus": "tagged", "tagPatternList": ["prod*"], "countType": "imageCountMoreThan", "countNumber": 5 } },
        { "rulePriority": 2, "action": { "type": "expire" }, "selection":
            { "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5 } },
        { "rulePriority": 3, "action": { "type": "transition", "targetStorageClass": "archive" }, "selection":
            { "tagStatus": "any", "storageClass": "standard", "countType": "sinceImagePulled", "countUnit": "days",
              "countNumber": 90 } },
        { "rulePriority": 4, "action": { "type": "expire" }, "selection":
            { "tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned", "countUnit": "days",
              "countNumber": 90 } },
    ] })
}

#[test]
fn ecr_refuses_what_ecr_refuses() {
    assert!(parse(System::Ecr, &ecr()).is_ok());
    let table = [
        ("/more", json!(1), "$.more", "unknown"),
        ("/rules", Value::Null, "$", "length"),
        ("/rules/0/more", json!(1), "$.rules[0].more", "unknown"),
        ("/rules/0/rulePriority", Value::Null, "$.rules[0].rulePriority", "missing"),
        ("/rules/0/rulePriority", json!(0), "$.rules[0].rulePriority", "wrong"),
        ("/rules/0/rulePriority", json!(1.5), "$.rules[0].rulePriority", "wrong"),
        ("/rules/0/rulePriority", json!("1"), "$.rules[0].rulePriority", "wrong"),
        ("/rules/1/rulePriority", json!(1), "$.rules[1].rulePriority", "twice"),
        ("/rules/2/rulePriority", json!(9), "", ""),
        ("/rules/1/rulePriority", json!(9), "$.rules[2].rulePriority", "contradiction"),
        ("/rules/0/description", json!(1), "$.rules[0].description", "wrong"),
        ("/rules/0/selection", Value::Null, "$.rules[0].selection", "missing"),
        ("/rules/0/selection/more", json!(1), "$.rules[0].selection.more", "unknown"),
        ("/rules/0/selection/tagStatus", json!("all"), "$.rules[0].selection.tagStatus", "wrong"),
        ("/rules/0/selection/tagStatus", json!("any"), "$.rules[0].selection.tagPatternList", "contradiction"),
        ("/rules/0/selection/tagPatternList", Value::Null, "$.rules[0].selection.tagPatternList", "missing"),
        ("/rules/0/selection/tagPatternList", json!([]), "$.rules[0].selection.tagPatternList", "wrong"),
        ("/rules/0/selection/tagPatternList", json!("a"), "$.rules[0].selection.tagPatternList", "wrong"),
        ("/rules/0/selection/tagPatternList", json!([""]), "$.rules[0].selection.tagPatternList[0]", "wrong"),
        (
            "/rules/0/selection/tagPatternList",
            json!(["a", "*****"]),
            "$.rules[0].selection.tagPatternList[1]",
            "pattern",
        ),
        ("/rules/0/selection/tagPatternList", json!(["****"]), "", ""),
        ("/rules/0/selection/tagPrefixList", json!(["a"]), "$.rules[0].selection.tagPrefixList", "contradiction"),
        ("/rules/1/selection/tagPrefixList", json!(["a"]), "$.rules[1].selection.tagPrefixList", "contradiction"),
        ("/rules/0/selection/storageClass", json!("cold"), "$.rules[0].selection.storageClass", "wrong"),
        ("/rules/0/selection/storageClass", json!("archive"), "$.rules[0].selection.countType", "contradiction"),
        ("/rules/0/selection/countType", json!("imageCount"), "$.rules[0].selection.countType", "wrong"),
        ("/rules/0/selection/countUnit", json!("days"), "$.rules[0].selection.countUnit", "contradiction"),
        ("/rules/1/selection/countUnit", json!("hours"), "$.rules[1].selection.countUnit", "wrong"),
        ("/rules/1/selection/countUnit", Value::Null, "$.rules[1].selection.countUnit", "missing"),
        ("/rules/0/selection/countNumber", json!(0), "$.rules[0].selection.countNumber", "wrong"),
        ("/rules/0/selection/countNumber", json!(-1), "$.rules[0].selection.countNumber", "wrong"),
        ("/rules/0/selection/countNumber", json!(99_999_999_999_u64), "$.rules[0].selection.countNumber", "wrong"),
        ("/rules/0/action", Value::Null, "$.rules[0].action", "missing"),
        ("/rules/0/action/type", json!("keep"), "$.rules[0].action.type", "wrong"),
        ("/rules/0/action/more", json!(1), "$.rules[0].action.more", "unknown"),
        (
            "/rules/0/action/targetStorageClass",
            json!("archive"),
            "$.rules[0].action.targetStorageClass",
            "contradiction",
        ),
        ("/rules/2/action/targetStorageClass", Value::Null, "$.rules[2].action.targetStorageClass", "missing"),
        ("/rules/2/action/targetStorageClass", json!("standard"), "$.rules[2].action.targetStorageClass", "wrong"),
        ("/rules/2/action", json!({ "type": "expire" }), "$.rules[2].selection.countType", "contradiction"),
        ("/rules/3/selection/countNumber", json!(89), "$.rules[3].selection.countNumber", "wrong"),
        ("/rules/3/selection/storageClass", Value::Null, "$.rules[3].selection.countType", "contradiction"),
    ];
    for (at, value, place, kind) in table {
        let document = with(&ecr(), at, value);
        if kind.is_empty() {
            assert!(parse(System::Ecr, &document).is_ok(), "{document}");
        } else {
            refused(System::Ecr, &document, place, kind);
        }
    }
}

#[test]
fn ecr_takes_one_rule_for_the_same_images_of_a_storage_class() {
    let tagged = |priority: u32, name: &str, list: Value| {
        json!({ "rulePriority": priority, "action": { "type": "expire" }, "selection":
            { "tagStatus": "tagged", name: list, "countType": "imageCountMoreThan", "countNumber": 5 } })
    };
    let both = |one: Value, other: Value| json!({ "rules": [one, other] });
    let first = tagged(1, "tagPatternList", json!(["a", "b"]));
    for list in [json!(["a", "b"]), json!(["b", "a"]), json!(["a", "b", "a"])] {
        refused(System::Ecr, &both(first.clone(), tagged(2, "tagPatternList", list)), "$.rules[1].selection", "twice");
    }
    assert!(parse(System::Ecr, &both(first.clone(), tagged(2, "tagPatternList", json!(["a"])))).is_ok());
    assert!(parse(System::Ecr, &both(first, tagged(2, "tagPrefixList", json!(["a", "b"])))).is_ok());
}

#[test]
fn ecr_has_a_shortest_and_a_longest_document() {
    refused(System::Ecr, &json!({ "rules": [] }), "$", "length");
    let padded = |spaces: usize| format!("{}{}", ecr(), " ".repeat(spaces));
    let length = ecr().to_string().chars().count();
    let parse = |text: String| ImportedPolicy::parse(System::Ecr, text.as_bytes()).unwrap();
    assert!(parse(padded(30_720 - length)).is_ok());
    assert_eq!(flaw(parse(padded(30_721 - length)).unwrap_err().flaw()), "length");
    let empty = parse(format!("{{\"rules\": [{}]}}", " ".repeat(100))).unwrap_err();
    assert_eq!((empty.place(), flaw(empty.flaw())), ("$.rules", "wrong"));
    let rule = |number: u32| {
        json!({ "rulePriority": number, "action": { "type": "expire" }, "selection": { "tagStatus": "tagged",
            "tagPrefixList": [number.to_string()], "countType": "imageCountMoreThan", "countNumber": 5 } })
    };
    let rules = |number: u32| json!({ "rules": (1..=number).map(rule).collect::<Vec<_>>() }).to_string();
    assert!(parse(rules(50)).is_ok());
    assert_eq!(flaw(parse(rules(51)).unwrap_err().flaw()), "too many");
}

#[test]
fn artifact_registry_refuses_what_its_api_refuses() {
    let document = json!({ "cleanupPolicies": [
        { "name": "d", "action": { "type": "Delete" }, "condition":
            { "tagState": "tagged", "tagPrefixes": ["a"], "versionNamePrefixes": ["b"], "packageNamePrefixes": ["c"],
              "olderThan": "30d", "newerThan": "60d" } },
        { "name": "k", "action": { "type": "Keep" }, "mostRecentVersions": { "packageNamePrefixes": ["c"], "keepCount": 5 } },
    ], "cleanupPolicyDryRun": false });
    assert!(parse(System::Gar, &document).is_ok());
    let all = "$.cleanupPolicies";
    let table = [
        ("/more", json!(1), "$.more".to_owned(), "unknown"),
        ("/cleanupPolicies", Value::Null, all.to_owned(), "missing"),
        ("/cleanupPolicyDryRun", json!("yes"), "$.cleanupPolicyDryRun".to_owned(), "wrong"),
        ("/cleanupPolicies/0/name", Value::Null, format!("{all}[0].name"), "missing"),
        ("/cleanupPolicies/0/name", json!(""), format!("{all}[0]"), "length"),
        ("/cleanupPolicies/0/id", json!("d"), format!("{all}[0].id"), "contradiction"),
        ("/cleanupPolicies/1/name", json!("d"), format!("{all}[1]"), "twice"),
        ("/cleanupPolicies/0/action", Value::Null, format!("{all}[0].action"), "missing"),
        ("/cleanupPolicies/0/action/type", json!("Archive"), format!("{all}[0].action.type"), "wrong"),
        ("/cleanupPolicies/0/condition", Value::Null, format!("{all}[0].condition"), "missing"),
        ("/cleanupPolicies/0/condition/more", json!(1), format!("{all}[0].condition.more"), "unknown"),
        ("/cleanupPolicies/0/condition/tagState", json!("some"), format!("{all}[0].condition.tagState"), "wrong"),
        (
            "/cleanupPolicies/0/condition/tagState",
            json!("UNTAGGED"),
            format!("{all}[0].condition.tagPrefixes"),
            "contradiction",
        ),
        ("/cleanupPolicies/0/condition/tagPrefixes", json!("a"), format!("{all}[0].condition.tagPrefixes"), "wrong"),
        (
            "/cleanupPolicies/0/condition/tagPrefixes",
            json!([""]),
            format!("{all}[0].condition.tagPrefixes[0]"),
            "wrong",
        ),
        ("/cleanupPolicies/0/condition/olderThan", json!(30), format!("{all}[0].condition.olderThan"), "wrong"),
        ("/cleanupPolicies/0/condition/olderThan", json!("30 days"), format!("{all}[0].condition.olderThan"), "wrong"),
        ("/cleanupPolicies/0/condition/newerThan", json!("-1d"), format!("{all}[0].condition.newerThan"), "wrong"),
        (
            "/cleanupPolicies/0/mostRecentVersions",
            json!({ "keepCount": 1 }),
            format!("{all}[0].mostRecentVersions"),
            "contradiction",
        ),
        ("/cleanupPolicies/1/action/type", json!("Delete"), format!("{all}[1].mostRecentVersions"), "contradiction"),
        (
            "/cleanupPolicies/1/mostRecentVersions/keepCount",
            json!(0),
            format!("{all}[1].mostRecentVersions.keepCount"),
            "wrong",
        ),
        (
            "/cleanupPolicies/1/mostRecentVersions/keepCount",
            Value::Null,
            format!("{all}[1].mostRecentVersions.keepCount"),
            "missing",
        ),
    ];
    for (at, value, place, kind) in table {
        refused(System::Gar, &with(&document, at, value), &place, kind);
    }
    let keep = |number: usize| json!({ "name": number.to_string(), "action": { "type": "Keep" }, "condition": {} });
    let list = |number: usize| Value::from((0..number).map(keep).collect::<Vec<_>>());
    assert!(parse(System::Gar, &list(10)).is_ok());
    refused(System::Gar, &list(11), "$", "too many");
    refused(
        System::Gar,
        &json!({ "a": { "name": "b", "action": { "type": "Keep" }, "condition": {} } }),
        "$.a.name",
        "contradiction",
    );
}

#[test]
fn harbor_refuses_also_what_harbor_takes_a_default_for() {
    let rule = json!({ "id": 1, "priority": 1, "disabled": false, "action": "retain", "template": "latestPushedK",
        "params": { "latestPushedK": 10 }, "tag_selectors": [selector("matches", "v*")],
        "scope_selectors": { "repository": [selector("repoMatches", "**")] } });
    let document = json!({ "retention": policy(std::slice::from_ref(&rule)), "immutable_rules": [{ "project_id": 1, "action": "immutable",
        "template": "immutable_template", "tag_selectors": [selector("matches", "v*")],
        "scope_selectors": { "repository": [selector("repoMatches", "**")] } }] });
    assert!(parse(System::Harbor, &document).is_ok());
    let (all, first) = ("$.retention", "$.retention.rules[0]");
    let table = [
        ("/retention/more", json!(1), format!("{all}.more"), "unknown"),
        ("/retention/algorithm", json!("and"), format!("{all}.algorithm"), "wrong"),
        ("/retention/algorithm", Value::Null, format!("{all}.algorithm"), "missing"),
        ("/retention/rules", Value::Null, format!("{all}.rules"), "missing"),
        ("/retention/trigger", Value::Null, format!("{all}.trigger"), "missing"),
        ("/retention/trigger/settings", json!({}), format!("{all}.trigger.settings.cron"), "missing"),
        ("/retention/trigger/settings/cron", json!(1), format!("{all}.trigger.settings.cron"), "wrong"),
        ("/retention/scope", Value::Null, format!("{all}.scope"), "missing"),
        ("/retention/scope/level", json!("system"), format!("{all}.scope.level"), "wrong"),
        ("/retention/scope/ref", json!(0), format!("{all}.scope.ref"), "wrong"),
        ("/retention/rules/0/more", json!(1), format!("{first}.more"), "unknown"),
        ("/retention/rules/0/id", json!("1"), format!("{first}.id"), "wrong"),
        ("/retention/rules/0/disabled", json!("no"), format!("{first}.disabled"), "wrong"),
        ("/retention/rules/0/action", json!("delete"), format!("{first}.action"), "wrong"),
        ("/retention/rules/0/template", json!("latest"), format!("{first}.template"), "wrong"),
        ("/retention/rules/0/template", json!("nothing"), format!("{first}.template"), "wrong"),
        ("/retention/rules/0/template", json!("latestPulledN"), format!("{first}.params.latestPushedK"), "unknown"),
        ("/retention/rules/0/template", json!("always"), format!("{first}.params.latestPushedK"), "unknown"),
        ("/retention/rules/0/params", Value::Null, format!("{first}.params"), "missing"),
        ("/retention/rules/0/params", json!({}), format!("{first}.params.latestPushedK"), "missing"),
        ("/retention/rules/0/params/latestPushedK", json!("10"), format!("{first}.params.latestPushedK"), "wrong"),
        ("/retention/rules/0/params/latestPushedK", json!(-1), format!("{first}.params.latestPushedK"), "wrong"),
        ("/retention/rules/0/params/latestPushedK", json!(1.5), format!("{first}.params.latestPushedK"), "wrong"),
        ("/retention/rules/0/params/latestPushedK", json!(32_767), format!("{first}.params.latestPushedK"), "wrong"),
        ("/retention/rules/0/tag_selectors", json!([]), format!("{first}.tag_selectors"), "wrong"),
        ("/retention/rules/0/tag_selectors/0/kind", json!("label"), format!("{first}.tag_selectors[0].kind"), "wrong"),
        (
            "/retention/rules/0/tag_selectors/0/decoration",
            json!("repoMatches"),
            format!("{first}.tag_selectors[0].decoration"),
            "wrong",
        ),
        (
            "/retention/rules/0/tag_selectors/0/pattern",
            json!(" "),
            format!("{first}.tag_selectors[0].pattern"),
            "wrong",
        ),
        ("/retention/rules/0/tag_selectors/0/pattern", json!(1), format!("{first}.tag_selectors[0].pattern"), "wrong"),
        (
            "/retention/rules/0/tag_selectors/0/pattern",
            json!("{a"),
            format!("{first}.tag_selectors[0].pattern"),
            "pattern",
        ),
        ("/retention/rules/0/tag_selectors/0/extras", json!({}), format!("{first}.tag_selectors[0].extras"), "wrong"),
        ("/retention/rules/0/scope_selectors", Value::Null, format!("{first}.scope_selectors"), "missing"),
        (
            "/retention/rules/0/scope_selectors/project",
            json!([]),
            format!("{first}.scope_selectors.project"),
            "unknown",
        ),
        (
            "/retention/rules/0/scope_selectors/repository/0/decoration",
            json!("matches"),
            format!("{first}.scope_selectors.repository[0].decoration"),
            "wrong",
        ),
        ("/immutable_rules/0/action", json!("retain"), "$.immutable_rules[0].action".to_owned(), "wrong"),
        ("/immutable_rules/0/tag_selectors", Value::Null, "$.immutable_rules[0].tag_selectors".to_owned(), "missing"),
    ];
    for (at, value, place, kind) in table {
        refused(System::Harbor, &with(&document, at, value), &place, kind);
    }
    refused(System::Harbor, &policy(&[rule.clone(), rule.clone()]), "$.rules[1]", "twice");
    let days = |number: u32| {
        with(
            &with(&policy(std::slice::from_ref(&rule)), "/rules/0/template", json!("lastXDays")),
            "/rules/0/params",
            json!({ "lastXDays": number }),
        )
    };
    assert!(parse(System::Harbor, &days(106_751)).is_ok());
    refused(System::Harbor, &days(106_752), "$.rules[0].params.lastXDays", "wrong");
    let many = |number: usize| {
        let rule = |at: usize| with(&rule, "/params/latestPushedK", json!(at));
        policy(&(0..number).map(rule).collect::<Vec<_>>())
    };
    assert!(parse(System::Harbor, &many(15)).is_ok());
    refused(System::Harbor, &many(16), "$.rules", "too many");
}

#[test]
fn zot_refuses_what_zot_refuses_and_spans_without_a_unit() {
    let document = json!({ "dryRun": false, "delay": "24h", "policies": [{ "repositories": ["a/**"], "deleteReferrers": true,
        "deleteUntagged": true, "keepUntagged": { "pulledWithin": "1h" },
        "keepTags": [{ "patterns": ["v.*"], "mostRecentlyPushedCount": 10, "mostRecentlyPulledCount": 10,
                       "pulledWithin": "720h", "pushedWithin": "720h" }] }] });
    assert!(parse(System::Zot, &document).is_ok());
    let first = "$.policies[0]";
    let table = [
        ("/more", json!(1), "$.more".to_owned(), "unknown"),
        ("/dryRun", json!(1), "$.dryRun".to_owned(), "wrong"),
        ("/DRYRUN", json!(true), "$.dryRun".to_owned(), "twice"),
        ("/delay", json!(24), "$.delay".to_owned(), "wrong"),
        ("/delay", json!("1d"), "$.delay".to_owned(), "wrong"),
        ("/delay", json!("-1h"), "$.delay".to_owned(), "wrong"),
        ("/policies/0/more", json!(1), format!("{first}.more"), "unknown"),
        ("/policies/0/repositories", Value::Null, format!("{first}.repositories"), "missing"),
        ("/policies/0/repositories", json!([]), format!("{first}.repositories"), "wrong"),
        ("/policies/0/repositories/0", json!("[a"), format!("{first}.repositories[0]"), "pattern"),
        ("/policies/0/deleteUntagged", json!("yes"), format!("{first}.deleteUntagged"), "wrong"),
        ("/policies/0/keepTags", json!({}), format!("{first}.keepTags"), "wrong"),
        ("/policies/0/keepTags/0/more", json!(1), format!("{first}.keepTags[0].more"), "unknown"),
        ("/policies/0/keepTags/0/patterns/0", json!("("), format!("{first}.keepTags[0].patterns[0]"), "pattern"),
        ("/policies/0/keepTags/0/patterns/0", json!("(?=a)"), format!("{first}.keepTags[0].patterns[0]"), "pattern"),
        (
            "/policies/0/keepTags/0/mostRecentlyPushedCount",
            json!(-1),
            format!("{first}.keepTags[0].mostRecentlyPushedCount"),
            "wrong",
        ),
        ("/policies/0/keepTags/0/pulledWithin", json!(720), format!("{first}.keepTags[0].pulledWithin"), "wrong"),
        ("/policies/0/keepUntagged/patterns", json!([]), format!("{first}.keepUntagged.patterns"), "unknown"),
    ];
    for (at, value, place, kind) in table {
        let document = with(&document, at, value);
        // JSON's members are in the order of their names here: capitals come first.
        let place = if at == "/DRYRUN" { "$.dryRun" } else { &place };
        refused(System::Zot, &document, place, kind);
    }
    let upper = json!({ "retention": { "DELAY": "24h", "Policies": [{ "Repositories": ["**"] }] } });
    assert!(parse(System::Zot, &upper).is_ok());
}

#[test]
fn what_is_no_json_or_says_something_twice_is_refused() {
    for system in System::ALL {
        for text in ["", "nonsense", "[", "{\"a\": 1, \"a\": 2}", "\u{feff}{", "{} {}", "\"text\"", "1", "null"] {
            let error = ImportedPolicy::parse(system, text.as_bytes()).unwrap().unwrap_err();
            assert!(error.place().starts_with('$'), "{system}: {text}: {error}");
        }
        assert!(ImportedPolicy::parse(system, &[0xff, 0xfe]).unwrap().is_err());
        assert!(ImportedPolicy::parse(system, " ".repeat(2 << 20).as_bytes()).unwrap().is_err());
        assert!(ImportedPolicy::parse(system, "[".repeat(100_000).as_bytes()).unwrap().is_err());
        assert_eq!(system.as_str().parse(), Ok(system));
    }
    assert!("quay".parse::<System>().is_err());
}

#[test]
fn every_document_of_the_cases_is_written_as_it_was_read() {
    for case in cases().iter().filter(|case| case["expect"]["valid"] != false) {
        let system: System = case["system"].as_str().unwrap().parse().unwrap();
        let policy = parse(system, &case["policy"]["document"]).unwrap();
        let written = serde_json::to_value(&policy).unwrap();
        assert_eq!(parse(system, &written).unwrap(), policy, "{written}");
    }
}
