//! `lockage retain` as a program: what it prints, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn lockage(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockage")).current_dir(dir).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Three images of two pull requests, as in the snapshots of other systems.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let digest = |number: u8| format!("sha256:{}", format!("{number:02x}").repeat(32));
    let row = |number: u8, tag: &str, at: &str| {
        json!({"name": format!("m{number}"), "digest": digest(number), "tags": [tag], "children": [],
               "pushed_at": format!("2026-06-01T{at}:00Z")})
    };
    let rows = [row(1, "pr-2-aaaaaaa", "10:00"), row(2, "pr-2-bbbbbbb", "11:00"), row(3, "pr-267-ccccccc", "09:00")];
    let snapshot = json!({"repositories": [{"name": "app", "manifests": rows}]});
    std::fs::write(dir.path().join("snapshot.json"), snapshot.to_string()).unwrap();
    let policy = "version: 1\nclasses:\n  pr: { tag: { regex: 'pr-(?<pr>[0-9]+)-[0-9a-f]{7,40}' } }\ngrace: 15m\ndelete:\n  \
                  - { name: superseded, class: pr, beyond: 1, per: [pr] }\n  - { name: stale, class: pr, older_than: 30d }\n";
    std::fs::write(dir.path().join("policy.yaml"), policy).unwrap();
    dir
}

const PLAN: [&str; 6] = ["retain", "plan", "--policy", "policy.yaml", "--snapshot", "snapshot.json"];

#[test]
fn a_plan_is_one_document_with_a_reason_for_everything() {
    let dir = place();
    let output = lockage(dir.path(), &[&PLAN[..], &["--now", "2026-06-01T12:00:00Z", "--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let plan = printed(&output);
    assert_eq!(plan["delete"], json!(["app@m1"]));
    assert_eq!(plan["keep"], json!(["app@m2", "app@m3"]));
    assert_eq!(plan["delete_tags"], json!(["app:pr-2-aaaaaaa"]));
    assert_eq!(plan["keep_tags"], json!(["app:pr-2-bbbbbbb", "app:pr-267-ccccccc"]));
    assert_eq!((&plan["untag"], &plan["archive"]), (&json!([]), &json!([])));
    assert_eq!(plan["reasons"].as_object().unwrap().len(), 6);
    assert_eq!(plan["reasons"]["app:pr-2-aaaaaaa"]["rule"], "superseded");
    let table = lockage(dir.path(), &[&PLAN[..], &["--now", "2026-06-01T12:00:00Z"]].concat());
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("delete   app@m1 (pr-2-aaaaaaa)") && table.contains("1 of 3 manifests deleted"), "{table}");
}

#[test]
fn a_guard_ends_with_1_and_an_invalid_policy_with_2_and_its_place() {
    let dir = place();
    let late = lockage(dir.path(), &[&PLAN[..], &["--now", "2026-08-01T00:00:00Z", "--json"]].concat());
    assert_eq!(late.status.code(), Some(1), "nothing would be left: {late:?}");
    assert_eq!(printed(&late)["delete"].as_array().unwrap().len(), 3);
    assert!(String::from_utf8(late.stderr).unwrap().starts_with("error: the plan is not to be executed"));
    std::fs::write(dir.path().join("policy.yaml"), "version: 1\ndelete:\n  - { name: a, older_than: soon }\n").unwrap();
    for command in ["plan", "check"] {
        let mut arguments = vec!["retain", command, "--policy", "policy.yaml"];
        if command == "plan" {
            arguments.extend(["--snapshot", "snapshot.json"]);
        }
        let output = lockage(dir.path(), &arguments);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(said.starts_with("error: policy.yaml: line 3: delete.a: "), "{said}");
        assert!(said.lines().nth(1).is_some_and(|line| line.starts_with("The keys of such a document")), "{said}");
    }
}

#[test]
fn a_tag_is_explained_and_time_is_travelled() {
    let dir = place();
    let explain = ["retain", "explain", "app:pr-267-ccccccc", "--policy", "policy.yaml", "--snapshot", "snapshot.json"];
    let explained = lockage(dir.path(), &[&explain[..], &["--now", "2026-06-01T12:00:00Z", "--json"]].concat());
    let explained = printed(&explained);
    assert_eq!((&explained["verdict"], &explained["layer"]), (&json!("keep"), &json!("default")));
    assert_eq!(explained["goes_at"], "2026-07-01T09:00:00.000001Z");
    let simulate = ["retain", "simulate", "--policy", "policy.yaml", "--snapshot", "snapshot.json"];
    let times = ["--now", "2026-06-01T12:00:00Z", "--to", "2026-07-01T10:00:00Z", "--json"];
    let timeline = printed(&lockage(dir.path(), &[&simulate[..], &times].concat()));
    let tags: Vec<&Value> = timeline["breakpoints"].as_array().unwrap().iter().map(|point| &point["tags"]).collect();
    assert_eq!(tags, [&json!(["app:pr-2-aaaaaaa"]), &json!(["app:pr-267-ccccccc"])]);
    std::fs::write(
        dir.path().join("all.yaml"),
        "version: 1\ndelete:\n  - { name: all, tag: { glob: '*' }, always: true }\n",
    )
    .unwrap();
    let all = ["retain", "simulate", "--policy", "all.yaml", "--snapshot", "snapshot.json"];
    let all = String::from_utf8(lockage(dir.path(), &[&all[..], &times[..4]].concat()).stdout).unwrap();
    let end = "warning: app ends without a tag\nguards were not asked: a plan of that day may be refused by them\n";
    assert!(all.ends_with(end), "{all}");
}

#[test]
fn a_policy_of_another_system_is_read_as_that_system_reads_it() {
    let dir = place();
    let policy = json!({"rules": [{"rulePriority": 1, "description": "keep one", "selection": {"tagStatus": "tagged",
        "tagPatternList": ["pr-*"], "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]});
    std::fs::write(dir.path().join("policy.json"), policy.to_string()).unwrap();
    let plan =
        ["retain", "plan", "--policy", "policy.json", "--format", "ecr", "--snapshot", "snapshot.json", "--json"];
    for more in [&["--faithful"][..], &[]] {
        let output = lockage(dir.path(), &[&plan[..], more, &["--now", "2026-06-01T12:00:00Z"]].concat());
        assert_eq!(printed(&output)["keep"], json!(["app@m2"]), "{output:?}");
    }
    std::fs::write(dir.path().join("policy.json"), "{\"rules\": []}").unwrap();
    let output = lockage(dir.path(), &plan);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// A place with policies of ECR and of Artifact Registry besides: what is older than ten days goes, and than eleven.
fn place_of_three() -> tempfile::TempDir {
    let dir = place();
    let ecr = json!({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "sinceImagePushed",
        "countUnit": "days", "countNumber": 10}, "action": {"type": "expire"}}]});
    let gar = json!({"cleanupPolicies": [{"name": "old", "action": {"type": "DELETE"},
        "condition": {"tagState": "ANY", "olderThan": "11d"}}]});
    std::fs::write(dir.path().join("ecr.json"), ecr.to_string()).unwrap();
    std::fs::write(dir.path().join("gar.json"), gar.to_string()).unwrap();
    dir
}

#[test]
fn a_policy_of_another_system_travels_in_time_as_well() {
    let dir = place_of_three();
    let simulate = |policy: &str, format: &str, more: &[&str]| {
        let arguments = ["retain", "simulate", "--policy", policy, "--format", format, "--snapshot", "snapshot.json"];
        let times = ["--now", "2026-06-01T12:00:00Z", "--to", "2026-06-12T09:30:00Z"];
        lockage(dir.path(), &[&arguments[..], &times, more].concat())
    };
    for more in [&["--json"][..], &["--json", "--faithful"]] {
        let output = simulate("ecr.json", "ecr", more);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let point = |hour: &str, tag: &str, manifest: &str| json!({"at": format!("2026-06-11T{hour}:00:00.000000001Z"), "tags": [tag], "manifests": [manifest]});
        let expected = [
            point("09", "app:pr-267-ccccccc", "app@m3"),
            point("10", "app:pr-2-aaaaaaa", "app@m1"),
            point("11", "app:pr-2-bbbbbbb", "app@m2"),
        ];
        assert_eq!(printed(&output)["breakpoints"], json!(expected));
    }
    let text = String::from_utf8(simulate("gar.json", "gar", &[]).stdout).unwrap();
    let expected = "2026-06-12T09:00:00.000000001Z  1 tags, 1 manifests\n  app:pr-267-ccccccc\n  app@m3\n\
                    guards were not asked: a plan of that day may be refused by them\n";
    assert_eq!(text, expected);
    // By a document of the own language that takes its rules from one of ECR, which holds one of them.
    let own = "version: 1\nimport: { from: ecr, file: ecr.json }\n\
               hold: [{ name: held, tag: { glob: 'pr-267-*' }, for: 12mo }]\n";
    std::fs::write(dir.path().join("own.yaml"), own).unwrap();
    let held = printed(&simulate("own.yaml", "lockage", &["--json"]));
    assert_eq!(held["breakpoints"].as_array().unwrap().len(), 2, "{held}");
    assert_eq!(held["breakpoints"][0]["manifests"], json!(["app@m1"]));
    let early = ["--snapshot", "snapshot.json", "--now", "2026-06-01T12:00:00Z", "--to", "2026-05-01T00:00:00Z"];
    let early = [&["retain", "simulate", "--policy", "ecr.json", "--format", "ecr"][..], &early].concat();
    let early = lockage(dir.path(), &early);
    assert_eq!(early.status.code(), Some(2), "{early:?}");
    assert!(String::from_utf8(early.stderr).unwrap().contains("--to is before --now"));
}

#[test]
fn policies_of_two_systems_are_compared_on_one_inventory() {
    let dir = place_of_three();
    let compare = |one: &[&str], other: &[&str], now: &str| {
        let arguments = ["retain", "plan", "--snapshot", "snapshot.json", "--json", "--now", now, "--policy"];
        lockage(dir.path(), &[&arguments[..], one, &["--against"], other].concat())
    };
    let (late, later) = ("2026-06-11T12:00:00Z", "2026-06-12T09:30:00Z");
    let none = json!([]);
    let table = [
        // Which one, which other one, when, and what goes and stays more.
        (
            &["policy.yaml"][..],
            &["ecr.json", "--against-format", "ecr"][..],
            late,
            none.clone(),
            json!(["app@m2", "app@m3"]),
        ),
        (
            &["policy.yaml"],
            &["ecr.json", "--against-format", "ecr", "--against-faithful"],
            late,
            none.clone(),
            json!(["app@m2", "app@m3"]),
        ),
        (
            &["ecr.json", "--format", "ecr"],
            &["policy.yaml", "--against-format", "lockage"],
            late,
            json!(["app@m2", "app@m3"]),
            none.clone(),
        ),
        (
            &["ecr.json", "--format", "ecr", "--faithful"],
            &["policy.yaml", "--against-format", "lockage"],
            late,
            json!(["app@m2", "app@m3"]),
            none.clone(),
        ),
        (
            &["ecr.json", "--format", "ecr"],
            &["gar.json", "--against-format", "gar"],
            late,
            json!(["app@m1", "app@m2", "app@m3"]),
            none.clone(),
        ),
        (
            &["ecr.json", "--format", "ecr"],
            &["gar.json", "--against-format", "gar"],
            later,
            json!(["app@m1", "app@m2"]),
            none.clone(),
        ),
        (
            &["gar.json", "--format", "gar"],
            &["ecr.json", "--against-format", "ecr", "--faithful"],
            later,
            none.clone(),
            json!(["app@m1", "app@m2"]),
        ),
        (&["ecr.json", "--format", "ecr"], &["ecr.json"], late, none.clone(), none.clone()),
    ];
    for (one, other, now, delete, keep) in table {
        let output = compare(one, other, now);
        assert_eq!(output.status.code(), Some(0), "{one:?} {other:?}: {output:?}");
        let difference = printed(&output);
        assert_eq!((&difference["delete"], &difference["keep"]), (&delete, &keep), "{one:?} {other:?}");
        assert_eq!(difference["delete_tags"].as_array().unwrap().len(), delete.as_array().unwrap().len());
        assert!(difference.get("archive").is_none(), "nothing is archived");
    }
    // What cannot be is said before anything is planned.
    for (one, other) in [
        (&["policy.yaml"][..], &["policy.yaml", "--against-faithful"][..]),
        (&["policy.yaml"], &["ecr.json"]),
        (&["policy.yaml"], &["ecr.json", "--against-format", "gar"]),
        (&["policy.yaml", "--faithful"], &["ecr.json", "--against-format", "ecr"]),
    ] {
        let output = compare(one, other, late);
        assert_eq!(output.status.code(), Some(2), "{one:?} {other:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn a_comparison_says_which_hold_for_compliance_is_weaker() {
    let dir = place();
    let held = |years: u8| format!("version: 1\nhold: [{{ name: audit, for: {years}y, mode: compliance }}]\n");
    std::fs::write(dir.path().join("seven.yaml"), held(7)).unwrap();
    std::fs::write(dir.path().join("five.yaml"), held(5)).unwrap();
    let compare = |one: &str, other: &str, more: &[&str]| {
        let arguments = ["retain", "plan", "--snapshot", "snapshot.json", "--now", "2026-06-01T12:00:00Z"];
        let output = lockage(dir.path(), &[&arguments[..], &["--policy", one, "--against", other], more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output
    };
    let text = String::from_utf8(compare("five.yaml", "seven.yaml", &[]).stdout).unwrap();
    assert!(text.contains("warning: the hold audit is for compliance: it was for 7y, and is for 5y\n"), "{text}");
    let weaker = json!([{"hold": "audit", "how": "it was for 7y, and is for 5y"}]);
    assert_eq!(printed(&compare("five.yaml", "seven.yaml", &["--json"]))["weakened"], weaker);
    assert!(printed(&compare("seven.yaml", "five.yaml", &["--json"])).get("weakened").is_none());
}

#[test]
fn a_simulation_from_long_before_a_large_snapshot_is_refused_and_not_begun() {
    let dir = place();
    let rows: Vec<Value> = (0..10_001)
        .map(|number| {
            let at = format!("2026-05-{:02}T{:02}:{:02}:00Z", 1 + number / 1440, number / 60 % 24, number % 60);
            json!({"digest": format!("sha256:{number:064x}"), "tags": [format!("v-{number}")], "pushed_at": at})
        })
        .collect();
    let document = json!({"repositories": [{"name": "app", "manifests": rows}]});
    std::fs::write(dir.path().join("large.json"), document.to_string()).unwrap();
    let simulate = |now: &str| {
        let arguments = ["retain", "simulate", "--policy", "policy.yaml", "--snapshot", "large.json", "--json"];
        lockage(dir.path(), &[&arguments[..], &["--now", now, "--to", "2026-06-02T00:00:00Z"]].concat())
    };
    let early = simulate("2020-01-01T00:00:00Z");
    assert_eq!(early.status.code(), Some(2), "{early:?}");
    assert!(String::from_utf8(early.stderr).unwrap().contains("before 10001 moments that the snapshot knows"));
    assert_eq!(simulate("2026-06-01T00:00:00Z").status.code(), Some(0));
}
