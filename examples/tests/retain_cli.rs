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
