//! The table in DESIGN.md names tests, and each of them is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

#[test]
fn every_test_of_the_table_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let design = std::fs::read_to_string(root.join("DESIGN.md")).unwrap();
    let table = design.split("## What users describe").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20, "{table}");
    for row in rows {
        let named: Vec<&str> = row.split('`').filter(|text| text.contains("::")).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for test in named {
            let (file, function) = test.split_once("::").unwrap();
            let (owner, file) = file.split_once('/').unwrap();
            let folder = if owner == "examples" {
                root.join("examples/tests")
            } else {
                root.join("crates").join(owner).join("tests")
            };
            let path = folder.join(format!("{file}.rs"));
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(text.contains(&format!("fn {function}(")), "{test} is not in {}", path.display());
        }
    }
}
