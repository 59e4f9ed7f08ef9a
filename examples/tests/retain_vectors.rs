//! `lockage retain plan` on the cases of the other systems' documentation and tests: what is deleted, kept and archived, and
//! which documents are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// From the documentation and the tests of the systems.
const CASES: &str = include_str!("../../crates/policy/tests/vectors/imports.jsonl");
/// By hand, from what the systems say that they do: edges of ages, counts, patterns, owners and parents, and documents that are
/// none.
const OWN: &str = include_str!("../../crates/policy/tests/vectors/imports-own.jsonl");

/// What the program prints of a case.
fn planned(dir: &Path, case: &Value) -> Output {
    let file = |name: &str, what: &Value| {
        let path = dir.join(name);
        std::fs::write(&path, what.to_string()).unwrap();
        path
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
    command.args(["retain", "plan", "--faithful", "--json", "--format", case["system"].as_str().unwrap(), "--policy"]);
    command.arg(file("policy.json", &case["policy"]["document"]));
    // What is to be refused is refused before there is anything to plan on.
    let snapshot = Some(&case["snapshot"]).filter(|snapshot| snapshot.is_object());
    let nothing = serde_json::json!({"repositories": []});
    command.arg("--snapshot").arg(file("snapshot.json", snapshot.unwrap_or(&nothing)));
    command.args(["--now", case["now"].as_str().unwrap_or("2026-06-01T12:00:00Z")]).output().unwrap()
}

fn set(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn check(case: &Value) {
    let (id, expect) = (case["id"].as_str().unwrap(), &case["expect"]);
    let dir = tempfile::tempdir().unwrap();
    let output = planned(dir.path(), case);
    let said = String::from_utf8_lossy(&output.stderr);
    if expect["valid"] == false {
        assert_eq!(output.status.code(), Some(2), "{id}: {output:?}");
        assert!(said.starts_with("error: ") && said.contains(": $"), "{id}: no place in {said}");
        assert!(output.stdout.is_empty(), "{id}: a plan of a document that is none");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{id}: {said}");
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    for list in ["delete", "would_delete", "keep", "archive", "delete_tags", "keep_tags", "untag"] {
        if let Some(expected) = expect.get(list) {
            assert_eq!(set(&plan[list]), set(expected), "{id}: {list}");
        }
    }
    let manifests = [&plan["delete"], &plan["keep"], &plan["archive"]].map(|list| list.as_array().unwrap().len());
    let repositories = case["snapshot"]["repositories"].as_array().unwrap().iter();
    let all: usize = repositories.map(|repository| repository["manifests"].as_array().unwrap().len()).sum();
    assert_eq!(manifests.iter().sum::<usize>(), all, "{id}: each manifest is in one list");
    for (manifest, rule) in expect["applied_rule"].as_object().into_iter().flatten() {
        let reason = &plan["reasons"][manifest]["rule"];
        assert_eq!(reason, &Value::from(format!("rule {rule}")), "{id}: {manifest}");
    }
}

fn check_all(cases: &str, expected: usize) {
    let cases: Vec<Value> = cases.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), expected);
    std::thread::scope(|scope| {
        for part in cases.chunks(expected.div_ceil(4)) {
            scope.spawn(|| part.iter().for_each(check));
        }
    });
}

#[test]
fn every_case_of_the_four_systems_is_printed_as_its_system_has_it() {
    check_all(CASES, 40);
}

#[test]
fn the_edges_of_what_the_four_systems_do_are_printed_as_they_are_written() {
    check_all(OWN, 129);
}
