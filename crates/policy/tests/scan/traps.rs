//! The table of traps in the README: each names tests, and these are there.

use std::collections::BTreeMap;

#[test]
fn every_trap_of_the_readme_has_the_tests_that_it_names() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let mut sources = BTreeMap::new();
    let mut rows = 0;
    let table = readme.lines().skip_while(|line| *line != "| trap | test |").skip(2);
    for row in table.take_while(|line| line.starts_with('|')) {
        rows += 1;
        let named: Vec<_> = row.split('`').filter_map(|name| name.split_once("::")).collect();
        assert!(!named.is_empty(), "no test beside: {row}");
        for (module, test) in named {
            let source = sources
                .entry(module.to_owned())
                .or_insert_with(|| std::fs::read_to_string(format!("{root}/tests/scan/{module}.rs")).unwrap());
            assert!(source.contains(&format!("fn {test}(")), "{module}::{test}");
        }
    }
    assert!(rows > 20, "{rows}");
}
