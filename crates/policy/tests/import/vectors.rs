//! Cases from the documentation and the tests of each system.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::Timestamp;
use lockage_policy::import::{ImportedPolicy, System};
use lockage_policy::retain::{Facts, Policy, Protection, Snapshot, plan_imported};
use serde_json::Value;

use super::world::outcome;

pub(super) fn cases() -> &'static [Value] {
    static CASES: OnceLock<Vec<Value>> = OnceLock::new();
    let read =
        || include_str!("../vectors/imports.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    CASES.get_or_init(read)
}

fn set(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn every_case_of_the_four_systems_comes_out_as_its_system_has_it() {
    let cases = cases();
    assert_eq!(cases.len(), 40);
    for case in cases {
        let (id, expect) = (case["id"].as_str().unwrap(), &case["expect"]);
        let system: System = case["system"].as_str().unwrap().parse().unwrap();
        let document = case["policy"]["document"].to_string();
        let policy = ImportedPolicy::parse(system, document.as_bytes()).unwrap();
        if expect["valid"] == false {
            let error = policy.expect_err(id);
            assert!(error.place().starts_with("$."), "{id}: {error}");
            continue;
        }
        let policy = policy.unwrap_or_else(|error| panic!("{id}: {error}"));
        let snapshot =
            Snapshot::read(case["snapshot"].to_string().as_bytes()).unwrap_or_else(|error| panic!("{id}: {error}"));
        let now: Timestamp = case["now"].as_str().unwrap().parse().unwrap();
        let condemned = policy.evaluate(&snapshot, now);
        let is = outcome(&snapshot, &condemned, Protection::Faithful);
        let all: BTreeSet<_> = snapshot.manifests().map(|id| snapshot.manifest_reference(id)).collect();
        let tags: BTreeSet<_> = snapshot.tags().map(|id| snapshot.tag_reference(id)).collect();
        let keep = all.iter().filter(|name| !is.delete.contains(name) && !is.archive.contains(name));
        let keep_tags = tags.iter().filter(|name| !is.delete_tags.contains(name));
        let lists: [(&str, BTreeSet<&str>); 5] = [
            ("delete", is.delete.iter().map(String::as_str).collect()),
            ("archive", is.archive.iter().map(String::as_str).collect()),
            ("delete_tags", is.delete_tags.iter().map(String::as_str).collect()),
            ("keep", keep.map(String::as_str).collect()),
            ("keep_tags", keep_tags.map(String::as_str).collect()),
        ];
        // The planner's report is what the command line prints.
        let (own, facts) = (Policy::keep_everything(), Facts::default());
        let imported = condemned.imported(&snapshot, Protection::Faithful);
        let planned = plan_imported(&snapshot, &own, &facts, imported, now);
        assert!(planned.report().is_unchanged(), "{id}");
        let report = serde_json::to_value(planned.report()).unwrap();
        assert_eq!(serde_json::to_value(&planned).unwrap(), report, "{id}: what is written row by row");
        for (name, is) in lists {
            if expect.get(name).is_some() {
                assert_eq!(is, set(&expect[name]), "{id}: {name}");
                assert_eq!(set(&report[name]), is, "{id}: {name} of the report");
            }
        }
        for (name, rule) in expect["applied_rule"].as_object().into_iter().flatten() {
            let id = snapshot.manifests().find(|id| snapshot.manifest_reference(*id) == *name).unwrap();
            assert_eq!(condemned.applied_rule(id).map(u64::from), rule.as_u64(), "{name}");
        }
        if let Some(would) = expect.get("would_delete") {
            let would_be = snapshot.manifests().filter(|id| condemned.is_condemned(*id));
            let names: Vec<_> = would_be.map(|id| snapshot.manifest_reference(id)).collect();
            assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), set(would), "{id}");
            assert_eq!(set(&report["would_delete"]), set(would), "{id}");
        }
    }
}
