//! Conventions: names of branches, calendar layouts, `git describe` and messages of merges are read or refused; none panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_tagging::Tag;
use lockage_tagging::branches::BranchTable;
use lockage_tagging::calver::CalverLayout;
use lockage_tagging::class::TagClass;
use lockage_tagging::describe::Describe;
use lockage_tagging::merges::pull_request_of;

fuzz_target!(|text: &str| {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    for table in [BranchTable::git_flow(), BranchTable::git_version()] {
        let _ = table.read(first, None);
    }
    if let Ok(layout) = first.parse::<CalverLayout>() {
        let _ = layout.read(rest);
    }
    if let Ok(described) = first.parse::<Describe>() {
        assert!(!described.to_string().is_empty());
    }
    if let Ok(tag) = first.parse::<Tag>() {
        let _ = TagClass::of(&tag);
    }
    let _ = pull_request_of(text);
});

// What it begins with, a line each (the escapes are those of printf).
//~ release/v1.2.0-sha-2b2e927
//~ YYYY.0M.MICRO\n2026.11.3
//~ v1.2.3-4-gabc1234
//~ Fix (#42)\n
