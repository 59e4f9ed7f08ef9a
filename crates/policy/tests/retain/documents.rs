//! Documents: what is wrong is said with line and rule, and what might not have been meant is said as well.

use lockage_policy::retain::{Facts, Format, LintKind, Policy, Snapshot, Warning, plan};
use serde_json::json;

#[test]
fn an_invalid_document_is_refused_with_the_line_and_the_rule() {
    let base =
        "version: 1\nclasses:\n  pr: { tag: { regex: 'pr-(?<pr>[0-9]+)' } }\n  n: { tag: { glob: 'n-*' } }\ndelete:\n";
    for (rest, line, rule, part) in [
        ("  - { name: a, older_than: 3d, odler: 1 }", 6, "delete.a", "odler"),
        ("  - { name: a, older_than: 3 days }", 6, "delete.a", "no length of time"),
        ("  - { name: a, older_than: -3d }", 6, "delete.a", "no length of time"),
        (
            "  - { name: b, older_than: 3d }\n  - { name: a, class: nope, older_than: 3d }",
            7,
            "delete.a",
            "no class \"nope\"",
        ),
        ("  - { name: a }", 6, "delete.a", "no condition"),
        ("  - { name: a, always: true, beyond: 1 }", 6, "delete.a", "contradicts"),
        ("  - { name: a, class: n, beyond: 1, per: [pr] }", 6, "delete.a", "no named group"),
        ("  - { name: a, older_than: 3d }\n  - { name: a, older_than: 4d }", 6, "delete.a", "same name"),
        ("  - { name: a, tag: { regex: '(' }, always: true }", 6, "delete.a", "unclosed"),
        ("  - { name: a, tag: { semver: 'x.y' }, always: true }", 6, "delete.a", "x.y"),
        ("  - { name: a, tag: { exact: x, glob: y }, always: true }", 6, "delete.a", "exactly one"),
        ("  - { name: a, event: pr_closed, class: pr, per: [pr] }", 6, "delete.a", "without each other"),
        ("  - { name: a, older_than: 3d, per: [pr], class: pr }", 6, "delete.a", "per means nothing"),
    ] {
        let error = Policy::parse(&format!("{base}{rest}\n"), Format::Yaml).unwrap_err();
        let text = error.to_string();
        assert_eq!((error.line(), error.rule()), (Some(line), Some(rule)), "{rest}: {text}");
        assert!(text.contains(part), "{rest}: {text}");
    }
    for (text, format, line) in [
        ("version: 2\n", Format::Yaml, 1),
        ("version: 1\ndelete:\n  - { name: '', older_than: 3d }\n", Format::Yaml, 2),
        ("version: 1\nguards: { max_delete_ratio: 2 }\n", Format::Yaml, 2),
        ("version = 1\n[guards]\nmax_delete_ratio = 2\n", Format::Toml, 2),
        ("{\"version\": 1,\n \"guards\": {\"max_delete_ratio\": 2}}", Format::Json, 2),
        ("[]", Format::Json, 1),
    ] {
        let error = Policy::parse(text, format).unwrap_err();
        assert_eq!(error.line(), Some(line), "{text}: {error}");
        assert_eq!(error.to_string().matches("line ").count(), 1, "{text}: {error}");
        assert!(!error.to_string().contains("Written"), "{text}: {error}");
    }
    for (text, format, part) in [
        ("version: 1\ndelete: [{ name: grace, always: true }]\n", Format::Yaml, "another name"),
        ("version: 2\n", Format::Yaml, "version 2"),
        ("classes: {}\n", Format::Yaml, "version"),
        ("version = 1\ndelte = []\n", Format::Toml, "delte"),
        ("{\"version\": 1, \"grace\": 5}", Format::Json, "grace"),
        ("version: 1\nguards: { max_delete_ratio: 2 }\n", Format::Yaml, "a part of one"),
        ("version: 1\nhold: [{ name: h, forever: true, for: 1d }]\n", Format::Yaml, "exactly one of for"),
        ("version: 1\nkeep: [{ name: k, newest: 1, within: 1d }]\n", Format::Yaml, "rules of their own"),
        ("version: 1\nimport: { from: ecr, file: x }\nkeep: [{ name: k }]\n", Format::Yaml, "no place beside"),
    ] {
        let error = Policy::parse(text, format).unwrap_err();
        assert!(part == "grace" || error.to_string().contains(part), "{text}: {error}");
        assert!(!error.remedy().is_empty());
    }
}

#[test]
fn a_key_without_a_value_is_refused_with_its_place() {
    for (text, format, line, rule, key) in [
        (
            "version: 1\ndelete:\n- name: stale\n  class:\n  older_than: 3d\n",
            Format::Yaml,
            4,
            Some("delete.stale"),
            "class",
        ),
        (
            "version: 1\ndelete:\n- {name: d, beyond: 1, older_than: ~}\n",
            Format::Yaml,
            3,
            Some("delete.d"),
            "older_than",
        ),
        ("version: 1\ndelete:\n- {name: d, tag: null, always: true}\n", Format::Yaml, 3, Some("delete.d"), "tag"),
        ("version: 1\nclasses:\n  pr:\n", Format::Yaml, 3, Some("classes.pr"), "pr"),
        ("version: 1\nkeep:\n", Format::Yaml, 2, None, "keep"),
        ("version: 1\nguards:\n", Format::Yaml, 2, None, "guards"),
        ("version: 1\nguards: {max_delete: }\n", Format::Yaml, 2, None, "max_delete"),
        ("{\"version\": 1,\n \"guards\": {\"max_delete\": null}}", Format::Json, 2, None, "max_delete"),
        (
            "{\"version\": 1,\n \"delete\": [{\"name\": \"d\", \"tag\": null, \"always\": true}]}",
            Format::Json,
            2,
            Some("delete.d"),
            "tag",
        ),
    ] {
        let error = Policy::parse(text, format).unwrap_err();
        assert!(error.to_string().contains(&format!("{key} is null")), "{text}: {error}");
        assert_eq!((error.line(), error.rule()), (Some(line), rule), "{text}: {error}");
    }
    // Whoever reads JSON without that reader is told as well.
    for text in [
        r#"{"version": 1, "untagged": null}"#,
        r#"{"version": 1, "delete": [{"name": "d", "tag": {"glob": "a*", "exact": null}, "always": true}]}"#,
        r#"{"version": 1, "guards": {"max_delete": null}}"#,
        r#"{"version": 1, "hold": [{"name": "h", "for": "7y", "to": null}]}"#,
    ] {
        assert!(serde_json::from_str::<Policy>(text).is_err(), "{text}");
    }
}

#[test]
fn nothing_of_a_yaml_document_is_left_out_without_a_word() {
    let rest = "hold: [{ name: h, forever: true }]\n";
    for text in [
        format!("version: 1\n\0{rest}"),
        format!("version: 1 # why \0\n{rest}"),
        format!("version: 1\n...\n{rest}"),
        format!("version: 1\n...\n}}\n{rest}"),
        format!("{{version: 1}}\n{rest}"),
        format!("{{version: 1}}\n]\n{rest}"),
        format!("version: 1\n---\n{rest}"),
    ] {
        assert!(Policy::parse(&text, Format::Yaml).is_err(), "{text:?}");
    }
    for text in ["version: 1\n...\n", "---\nversion: 1\n", "version: 1\n...\n# the end\n"] {
        assert!(Policy::parse(text, Format::Yaml).is_ok(), "{text:?}");
    }
}

#[test]
fn facts_that_can_name_nothing_are_refused_with_their_place() {
    let digest = format!("sha256:{}", "01".repeat(32));
    let read = |facts: serde_json::Value| serde_json::from_value::<Facts>(facts).map_err(|error| error.to_string());
    for (facts, place) in [
        (json!({"holds": [{"digest": digest, "reason": "x"}, {"tag": "old", "reason": "x"}]}), "holds[1]: \"old\""),
        (json!({"holds": [{"tag": "r/old", "reason": "x"}]}), "holds[0]"),
        (json!({"holds": [{"repositories": "r:old", "reason": "x"}]}), "holds[0]"),
        (json!({"in_use": [{"tag": format!("r@{digest}"), "by": "k8s"}]}), "in_use[0]"),
        (json!({"in_use": [{"tag": format!("r:old@{digest}"), "by": "k8s"}]}), "in_use[0]"),
        (json!({"in_use": [{"tag": "localhost:5000/app", "by": "k8s"}]}), "in_use[0]"),
        (json!({"seen": [{"tag": "1.2.3", "digest": digest}]}), "seen[0]"),
        (json!([]), "an object"),
    ] {
        let error = read(facts.clone()).unwrap_err();
        assert!(error.contains(place), "{facts}: {error}");
    }
    for tag in ["r:old", "localhost:5000/app:1.2.3", "ghcr.io/acme/app:latest"] {
        let facts = json!({"in_use": [{"tag": tag, "by": "k8s"}], "holds": [{"repositories": "**", "reason": "x"}]});
        let read = read(facts).unwrap();
        let again: Facts = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }
}

fn lints(text: &str) -> Vec<(LintKind, String)> {
    let policy =
        Policy::parse(&format!("version: 1\n{text}"), Format::Yaml).unwrap_or_else(|error| panic!("{text}: {error}"));
    policy.lint().into_iter().map(|lint| (lint.kind, lint.place)).collect()
}

#[test]
fn each_lint_finds_what_it_is_for_and_nothing_else() {
    let pr = "classes: { pr: { tag: { regex: 'pr-(?<pr>[0-9]+)' } } }\n";
    for (text, kind, place) in [
        ("classes: { a: { tag: 'v*' }, b: { tag: { semver: '*' } } }", LintKind::ClassOverlap, "classes.a"),
        ("classes: { a: { tag: { regex: '^v.*$' } } }", LintKind::Anchors, "classes.a"),
        ("classes: { a: { tag: 'pr-2*' } }", LintKind::PrefixDigit, "classes.a"),
        (
            "delete: [{ name: d, tag: 'a-*', always: true }]\nkeep: [{ name: k, tag: 'a-*' }]",
            LintKind::Shadowed,
            "delete.d",
        ),
        (&format!("{pr}delete: [{{ name: d, class: pr, beyond: 1 }}]"), LintKind::NotPerGroup, "delete.d"),
        ("delete: [{ name: d, tag: { regex: 'pr-(?<pr>[0-9]+)' }, beyond: 1 }]", LintKind::NotPerGroup, "delete.d"),
        ("delete: [{ name: d, tag: { regex: 'pr-([0-9]+)' }, beyond: 1 }]", LintKind::NotPerGroup, "delete.d"),
        (
            "delete: [{ name: d, tag: 'x-*', always: true }]\nkeep: [{ name: k, tag: '*' }]",
            LintKind::Shadowed,
            "delete.d",
        ),
        ("classes: { a: { tag: { regex: 'pr-2.*' } } }", LintKind::PrefixDigit, "classes.a"),
        (
            "classes: { a: { repo: 'x/*', tag: 'v*' }, b: { repo: x/y, tag: 'v*' } }",
            LintKind::ClassOverlap,
            "classes.a",
        ),
        (
            "classes: { a: { tag: { regex: 'fix-[a-z]+' } }, b: { tag: { regex: '.+-[a-c]{3}' } } }",
            LintKind::ClassOverlap,
            "classes.a",
        ),
        ("classes: { a: { tag: { regex: '[x-z]+7' } }, b: { tag: 'y*' } }", LintKind::ClassOverlap, "classes.a"),
        ("hold: [{ name: h, for: 12mo }]\ndelete: [{ name: d, older_than: 370d }]", LintKind::ShortHold, "hold.h"),
        ("basis: created", LintKind::CreatedBasis, "basis"),
        ("untagged: { older_than: 2d }", LintKind::UntaggedWithoutGrace, "untagged"),
        ("keep: [{ name: k, newest: 0 }]", LintKind::NewestZero, "keep.k"),
        ("hold: [{ name: h, for: 5y }]\ndelete: [{ name: d, older_than: 7y }]", LintKind::ShortHold, "hold.h"),
    ] {
        assert_eq!(lints(text), [(kind, place.to_owned())], "{text}");
    }
    for text in [
        "classes: { a: { tag: 'v-*' }, b: { tag: { semver: '*' } } }",
        "classes: { a: { tag: { regex: 'v.*' } } }",
        "classes: { a: { tag: { regex: 'fix-[a-z]+' } }, b: { tag: { regex: '.+-[a-c]{3}[0-9]' } } }",
        "classes: { a: { tag: { regex: '[x-z]+7' } }, b: { tag: 'y*[a-z]' } }",
        "classes: { a: { repo: x/y, tag: { regex: 'a.*z' } }, b: { repo: x/z, tag: { regex: 'a.*z' } } }",
        "classes: { a: { tag: 'pr-2-*' } }",
        "delete: [{ name: d, tag: 'a-*', always: true }]\nkeep: [{ name: k, tag: 'b-*' }]",
        &format!("{pr}delete: [{{ name: d, class: pr, beyond: 1, per: [pr] }}]"),
        "delete: [{ name: d, tag: { regex: 'pr-(?:a|b)' }, beyond: 1 }]",
        "classes: { a: { repo: 'x/*', tag: 'v*' }, b: { repo: y/z, tag: 'v*' } }",
        "hold: [{ name: h, for: 1y }]\ndelete: [{ name: d, older_than: 12mo }]",
        "untagged: { older_than: 2d }\ngrace: 1h",
        "keep: [{ name: k, newest: 1 }]",
        "hold: [{ name: h, for: 7y }]\ndelete: [{ name: d, older_than: 7y }]",
    ] {
        assert_eq!(lints(text), [], "{text}");
    }
}

#[test]
fn a_plan_that_deletes_most_of_a_registry_is_worth_a_word() {
    let rows: Vec<_> = (1..=4)
        .map(|number: u8| {
            let digest = format!("sha256:{}", format!("{number:02x}").repeat(32));
            json!({"digest": digest, "tags": [format!("n-{number}")], "pushed_at": format!("2026-01-0{number}T00:00:00Z")})
        })
        .collect();
    let document = json!({"repositories": [{"name": "app", "manifests": rows}]});
    let snapshot = Snapshot::read(document.to_string().as_bytes()).unwrap();
    let facts = Facts::default();
    for (beyond, large) in [(1, true), (2, false)] {
        let text = format!("version: 1\ndelete: [{{ name: d, beyond: {beyond} }}]");
        let policy = Policy::parse(&text, Format::Yaml).unwrap();
        let plan = plan(&snapshot, &policy, &facts, "2026-06-01T00:00:00Z".parse().unwrap());
        assert_eq!(plan.lint().is_some(), large, "{beyond}");
        let said = plan.warnings().iter().any(|warning| matches!(warning, Warning::LargePart { deletes: 3, of: 4 }));
        assert_eq!(said, large, "{beyond}");
    }
}
