//! What other cleaners do, said in the own language: cases from their documentation and tests, and what cannot be said.

use std::collections::BTreeSet;

use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{Facts, Format, Policy, Report, Snapshot, plan};
use serde_json::Value;

const CASES: &str = include_str!("../vectors/others.jsonl");

/// Cases, and policies that do exactly the same.
const SAID: &[(&str, &str)] = &[
    (
        "gitlab/doc-example",
        r"
keep:
  - { name: latest, tag: { exact: latest } }
  - { name: production, tag: { regex: 'production-.*' } }
delete:
  - name: removed
    tag: { not: { any_of: [latest, { regex: 'production-.*' }] } }
    beyond: 1
    older_than: 7d
",
    ),
    ("keppel/untagged-after-list-gone", "untagged: { older_than: 0s }"),
    (
        "keppel/protect-too-late",
        r"
keep: [{ name: earliest, tag: { exact: earliest } }]
delete: [{ name: old, older_than: 30m }]
",
    ),
    ("keppel/subject", "delete: [{ name: old, older_than: 2h }]"),
    ("ghcr-cleanup/7a_single-untagging", "delete: [{ name: two, tag: { any_of: [tag1, tag2] }, always: true }]"),
    (
        "ghcr-cleanup/7d_delete-tags-keepn-untag-gate",
        r"
classes: { minor: { tag: { regex: 'v1\.[0-9]+' } } }
keep: [{ name: newest, class: minor, newest: 2 }]
delete: [{ name: minors, class: minor, older_than: 1s }]
",
    ),
    ("ghcr-cleanup/6c_partial-images", "delete: [{ name: partial, partial: true }]"),
    ("ghcr-cleanup/6d_orphaned-images", "orphans: { older_than: 0s }"),
    ("ghcr-cleanup/shared-images-tagged", "delete: [{ name: one, tag: { exact: image2 }, always: true }]"),
    ("distribution-gc/no-deletion", ""),
    ("distribution-gc/tagged-index", "untagged: { older_than: 0s }"),
    ("distribution-gc/untagged-index", "untagged: { older_than: 0s }"),
    ("acr-purge/multi-arch", "untagged: { older_than: 0s }"),
    ("acr-purge/locked-tag", "delete: [{ name: la, tag: { regex: 'la.*' }, older_than: 0s }]"),
    ("container-retention/protected-child", "untagged: { older_than: 1d }"),
    (
        "container-retention/partial-match",
        r"
untag: never
delete: [{ name: foo, tag: { exact: foo }, older_than: 1d }]
",
    ),
    ("container-retention/full-match", "delete: [{ name: both, tag: { any_of: [foo, bar] }, older_than: 1d }]"),
    (
        "quay/order-count-first",
        r"
basis: moved
delete:
  - { name: age, tag: { glob: 'c*' }, older_than: 5m }
  - { name: count, beyond: 4 }
",
    ),
];

/// What is another thing in the own language, on purpose.
#[derive(Clone, Copy)]
enum Differs {
    /// A tag whose time nobody knows stays.
    Undated,
    /// Images are counted, not their tags: every tag of a counted image stays.
    CountsImages,
    /// An image goes with its last tag, and of images of one age the one with the lower digest counts as the newer.
    GoesWithItsTags,
    /// Nothing counts images by their pulls, nor the oldest, nor those without a tag.
    CountsByPush,
}

/// Cases, the nearest policies, which tags and manifests go by them, and why it is not what the others do.
const UNSAID: &[(&str, &str, &[&str], Differs)] = &[
    (
        "gitlab/regex-all",
        r"
keep: [{ name: latest, tag: { exact: latest } }]
delete: [{ name: all, always: true }]
",
        &["r:A", "r:Ba", "r:Bb", "r:C", "r@m-A", "r@m-Ba", "r@m-Bb", "r@m-C"],
        Differs::Undated,
    ),
    (
        "gitlab/regex-all-no-keep-latest",
        "delete: [{ name: all, always: true }]",
        &["r:A", "r:Ba", "r:Bb", "r:C", "r:latest", "r@m-A", "r@m-Ba", "r@m-Bb", "r@m-C", "r@m-latest"],
        Differs::Undated,
    ),
    (
        "gitlab/regex-anchored",
        "delete: [{ name: some, tag: { regex: 'C|D' }, always: true }]",
        &["r:C", "r@m-C"],
        Differs::Undated,
    ),
    (
        "gitlab/regex-keep",
        r"
keep: [{ name: c, tag: { exact: C } }]
delete: [{ name: some, tag: { regex: 'C|D' }, always: true }]
",
        &[],
        Differs::Undated,
    ),
    (
        "gitlab/regex-keep-b",
        r"
keep: [{ name: some, tag: { any_of: [latest, { regex: 'B.*' }] } }]
delete: [{ name: all, always: true }]
",
        &["r:A", "r:C", "r@m-A", "r@m-C"],
        Differs::Undated,
    ),
    ("quay/count-5", "basis: moved\ndelete: [{ name: count, beyond: 5 }]", &[], Differs::CountsImages),
    (
        "quay/count-3-pattern",
        "basis: moved\ndelete: [{ name: count, tag: { regex: 'match.*' }, beyond: 3 }]",
        &[],
        Differs::CountsImages,
    ),
    ("quay/immutable-excluded", "basis: moved\ndelete: [{ name: count, beyond: 3 }]", &[], Differs::CountsImages),
    (
        "acr-purge/keep-1",
        "delete: [{ name: eligible, older_than: 0s, beyond: 1 }]",
        &["bar:v1", "bar:v2", "bar:v3", "bar@m1", "bar@m2", "bar@m3"],
        Differs::GoesWithItsTags,
    ),
    (
        "acr-purge/keep-1-filter-ago",
        r"
classes: { v1: { tag: { glob: 'v1-*' } } }
keep: [{ name: newest, class: v1, newest: 2 }]
delete: [{ name: eligible, class: v1, older_than: 30m }]
",
        &["bar:v1-c", "bar@c"],
        Differs::GoesWithItsTags,
    ),
    ("keppel/oldest-newest", "keep: [{ name: pulled, pulled_within: 30m }]", &[], Differs::CountsByPush),
];

fn cases() -> Vec<Value> {
    CASES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn planned(case: &Value, policy: &str) -> Report {
    let text = format!("version: 1\nguards: {{ min_survivors: 0 }}\n{policy}");
    let policy = Policy::parse(&text, Format::Yaml).unwrap_or_else(|error| panic!("{}: {error}", case["id"]));
    let snapshot = Snapshot::read(case["snapshot"].to_string().as_bytes()).unwrap();
    let now: Timestamp = case["now"].as_str().unwrap().parse().unwrap();
    plan(&snapshot, &policy, &Facts::default(), now).report()
}

fn set(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn differing<'a>(case: &'a Value, report: &Value) -> Vec<&'a str> {
    let expect = case["expect"].as_object().unwrap().iter();
    expect
        .filter(|(list, expected)| set(&report[list.as_str()]) != set(expected))
        .map(|(list, _)| list.as_str())
        .collect()
}

#[test]
fn what_others_do_can_be_said() {
    let cases = cases();
    for (id, policy) in SAID {
        let case = cases.iter().find(|case| case["id"] == **id).unwrap_or_else(|| panic!("{id}"));
        let report = serde_json::to_value(planned(case, policy)).unwrap();
        assert_eq!(differing(case, &report), Vec::<&str>::new(), "{id}: {report:#}");
    }
}

#[test]
fn what_cannot_be_said_is_another_thing_on_purpose() {
    let cases = cases();
    for (id, policy, gone, differs) in UNSAID {
        let case = cases.iter().find(|case| case["id"] == **id).unwrap_or_else(|| panic!("{id}"));
        let report = planned(case, policy);
        let is: BTreeSet<_> = report.delete_tags.iter().chain(&report.delete).map(String::as_str).collect();
        assert_eq!(is, gone.iter().copied().collect(), "{id}");
        let expected = ["delete_tags", "delete"].iter().filter_map(|list| case["expect"].get(list));
        let theirs: BTreeSet<_> = expected.flat_map(set).collect();
        let tags = |names: &BTreeSet<&str>| names.iter().filter(|name| name.contains(':')).count();
        match differs {
            Differs::Undated => {
                let kept = theirs.iter().filter(|name| !is.contains(**name));
                assert_eq!(kept.filter(|name| !["r:D", "r:E"].contains(name)).count(), 0, "{id}: {theirs:?}");
                assert!(tags(&is) < tags(&theirs), "{id}");
            }
            Differs::CountsImages | Differs::CountsByPush => assert!(is.is_empty() && !theirs.is_empty(), "{id}"),
            Differs::GoesWithItsTags => {
                assert_eq!(tags(&is), tags(&theirs), "{id}: as many tags");
                assert!(is.len() > theirs.len(), "{id}: and their images");
            }
        }
    }
}

#[test]
fn every_case_of_the_others_is_in_one_of_the_tables() {
    let named: Vec<_> = SAID.iter().map(|(id, _)| *id).chain(UNSAID.iter().map(|(id, ..)| *id)).collect();
    let all = cases();
    assert_eq!(named.len(), all.len());
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
    assert!(all.iter().all(|case| named.contains(&case["id"].as_str().unwrap())));
}
