//! Flux: rules, filters, ties, configuration, and the pinning of digests.

use lockage_tagging::{
    Reference,
    select::{DigestReflection, FluxPolicy, Reason, ReflectionPolicy, SelectError},
};

use crate::{choose, chosen};

fn pick(policy: &FluxPolicy, tags: &[&str]) -> Option<String> {
    chosen(&policy.selector().unwrap(), tags)
}

#[test]
fn semver_takes_the_highest_whole_version_in_the_range() {
    for (range, tags, expected) in [
        ("1.0.x", &["1.0.0", "1.0.0.1", "1.0.0p", "1.0.1", "1.2.0", "0.1.0"][..], Some("1.0.1")),
        ("1.0.x", &["v1.2.3", "v1.0.0", "v0.1.0"], Some("v1.0.0")),
        ("1.0.x", &["b1.0.0", "1.0", "v1", "01.0.0", "vv1.0.0", "V1.0.0", "1.0.00"], None),
        ("1.0.x", &["1.2.0"], None),
        (">=1.0.0", &["1.0.0", "2.0.0-rc.1", "1.9.0", "latest"], Some("1.9.0")),
        ("^1.x-0", &["1.0.0", "1.1.0-rc.2", "1.1.0-rc.10", "2.0.0-rc.1"], Some("1.1.0-rc.10")),
        (">=1.0.0 <2 || >=3", &["1.5.0", "2.5.0", "3.0.1"], Some("3.0.1")),
    ] {
        assert_eq!(pick(&FluxPolicy::semver(range), tags).as_deref(), expected, "{range} {tags:?}");
    }
}

#[test]
fn semver_takes_the_first_of_equal_versions() {
    let policy = FluxPolicy::semver("*");
    assert_eq!(pick(&policy, &["0.9.0", "v1.0.0", "1.0.0"]).unwrap(), "v1.0.0");
    assert_eq!(pick(&policy, &["1.0.0", "0.9.0", "v1.0.0"]).unwrap(), "1.0.0");
    let build = FluxPolicy::semver("*").filter_tags(r"^(.+)_(.+)$", "$1+$2");
    assert_eq!(pick(&build, &["1.0.0_b", "1.0.0_c", "1.0.0_a"]).unwrap(), "1.0.0_b");
}

#[test]
fn alphabetical_compares_bytes_and_ascending_takes_the_greatest() {
    for (tags, greatest, least) in [
        (&["16.04", "16.04.1", "16.10", "20.04", "20.10"][..], "20.10", "16.04"),
        (&["xenial", "yakkety", "zesty", "artful", "bionic"], "zesty", "artful"),
        (&["a", "B", "Z", "b", "_", "0"], "b", "0"),
        (&["9", "10"], "9", "10"),
        (&["rel-10", "rel-1", "rel-1.0"], "rel-10", "rel-1"),
    ] {
        for order in ["", "asc", "ASC"] {
            assert_eq!(pick(&FluxPolicy::alphabetical(order), tags).unwrap(), greatest);
        }
        assert_eq!(pick(&FluxPolicy::alphabetical("desc"), tags).unwrap(), least);
    }
}

#[test]
fn numerical_compares_numbers_and_takes_the_last_of_equal_ones() {
    for (tags, greatest, least) in [
        (&["15", "16", "1606234201", "1606364286", "9"][..], "1606364286", "9"),
        (&["9", "10", "1e2", "0.5"], "1e2", "0.5"),
        (&["1", "01", "1.0", "0"], "1.0", "0"),
        (&["2", "1.0", "1", "2.0"], "2.0", "1"),
        // 2^53 and its successor are one number.
        (&["9007199254740993", "9007199254740992"], "9007199254740992", "9007199254740992"),
        (&["7"], "7", "7"),
    ] {
        assert_eq!(pick(&FluxPolicy::numerical("asc"), tags).unwrap(), greatest, "{tags:?}");
        assert_eq!(pick(&FluxPolicy::numerical("desc"), tags).unwrap(), least, "{tags:?}");
    }
}

#[test]
fn one_tag_that_is_no_number_fails_the_whole_selection() {
    let selector = FluxPolicy::numerical("asc").selector().unwrap();
    let error = choose(&selector, &["0", "1a", "b"]).unwrap_err();
    assert_eq!(error, SelectError::NotNumber { tag: "1a".parse().unwrap(), value: "\"1a\"".into() });
    assert!(error.remedy().is_some());
}

#[test]
fn an_empty_list_is_an_error() {
    for policy in [FluxPolicy::semver("*"), FluxPolicy::alphabetical(""), FluxPolicy::numerical("")] {
        assert_eq!(choose(&policy.selector().unwrap(), &[]), Err(SelectError::Empty));
        let filtered = policy.filter_tags("^never$", "");
        let error = choose(&filtered.selector().unwrap(), &["1.0.0", "2.0.0"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of 2 tags can be selected; 1.0.0: the pattern \"^never$\" does not match it"
        );
    }
}

#[test]
fn the_filter_finds_its_pattern_anywhere() {
    let tags = ["123-123.1.ab-debug", "123-123.1.ab", "ver1", "rel1"];
    for (pattern, expected) in [("ver", "ver1"), ("", "ver1"), ("debug$", "123-123.1.ab-debug"), ("^r", "rel1")] {
        assert_eq!(pick(&FluxPolicy::alphabetical("asc").filter_tags(pattern, ""), &tags).unwrap(), expected);
    }
}

#[test]
fn the_filter_hands_over_what_it_extracts() {
    let sortable = FluxPolicy::numerical("asc").filter_tags(r"^main-[a-f0-9]+-(?P<ts>[0-9]+)", "$ts");
    let tags = ["main-2b2e927-1606364286", "dev-ffffff0-1999999999", "main-aaaaaa0-1606334092", "latest"];
    let selected = choose(&sortable.selector().unwrap(), &tags).unwrap();
    assert_eq!(selected.candidate.tag, tags[0]);
    assert_eq!(selected.value, "1606364286");

    let minio = FluxPolicy::alphabetical("asc").filter_tags(r"^RELEASE\.(?P<timestamp>.*)Z$", "$timestamp");
    let tags = ["RELEASE.2021-01-08T21-18-21Z", "RELEASE.2023-05-08T00-20-00Z", "RELEASE.2024-01-01T00-00-00Z.hotfix"];
    assert_eq!(pick(&minio, &tags).unwrap(), tags[1]);
}

#[test]
fn of_tags_with_the_same_extract_the_last_listed_is_the_one() {
    let policy = FluxPolicy::numerical("asc").filter_tags("^[a-z]([0-9])", "$1");
    let selected = choose(&policy.selector().unwrap(), &["b2", "a2", "a1", "c2", "b1"]).unwrap();
    assert_eq!(selected.candidate.tag, "c2");
    let reasons: Vec<_> = selected.others.iter().map(|passed| (passed.tag.as_str(), passed.reason.clone())).collect();
    let shadowed = |value: &str, by: &str| Reason::Shadowed { value: value.into(), by: by.parse().unwrap() };
    assert_eq!(
        reasons,
        [
            ("b2", shadowed("2", "c2")),
            ("a2", shadowed("2", "c2")),
            ("a1", shadowed("1", "b1")),
            ("b1", Reason::Outranked { value: "1".into(), winner: "2".into() }),
        ]
    );
}

#[test]
fn every_other_candidate_has_a_reason() {
    let policy = FluxPolicy::semver("1.x").filter_tags(r"^[v0-9]", "");
    let signature = format!("sha256-{}.sig", "ab".repeat(32));
    let tags = ["v1.1.0", "1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0", "1.0", "edge", &signature];
    let selected = choose(&policy.selector().unwrap(), &tags).unwrap();
    assert_eq!(selected.candidate.tag, "v1.1.0");
    let reasons: Vec<_> = selected.others.iter().map(|passed| passed.reason.to_string()).collect();
    assert_eq!(
        reasons,
        [
            r#""1.0.0" ranks behind "v1.1.0""#,
            r#""1.1.0" ranks the same as "v1.1.0", which is taken"#,
            r#""1.2.0-rc.1" is a pre-release, and "1.x" asks for releases"#,
            r#""2.0.0" is not in "1.x""#,
            r#""1.0" is not a version"#,
            r#"the pattern "^[v0-9]" does not match it"#,
            "it speaks about a digest",
        ]
    );
    let json = serde_json::to_value(&selected.others[0]).unwrap();
    let expected = serde_json::json!({"tag": "1.0.0", "reason": "outranked", "value": "1.0.0", "winner": "v1.1.0"});
    assert_eq!(json, expected);
}

#[test]
fn digest_tags_are_candidates_when_asked_for() {
    let tag = format!("sha256-{}.sig", "ab".repeat(32));
    let selector = FluxPolicy::alphabetical("asc").selector().unwrap();
    let tags = ["1.0.0", tag.as_str()];
    assert_eq!(chosen(&selector, &tags).unwrap(), "1.0.0");
    assert_eq!(chosen(&selector.clone().with_digest_tags(), &tags).unwrap(), tag);
    assert_eq!(chosen(&selector, &[&tag]), None);
    assert_eq!(chosen(&FluxPolicy::numerical("").selector().unwrap(), &["1", &tag]).unwrap(), "1");
}

#[test]
fn the_specification_is_read_and_written() {
    let json = serde_json::json!({
        "imageRepositoryRef": {"name": "podinfo", "namespace": "flux-system"},
        "policy": {"semver": {"range": "^1.x-0"}},
        "filterTags": {"pattern": ".*-rc.*", "extract": "$0"},
        "digestReflectionPolicy": "Always",
        "interval": "10m",
        "suspend": false,
    });
    let policy: FluxPolicy = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(pick(&policy, &["1.0.0", "1.1.0-rc.1"]).unwrap(), "1.1.0-rc.1");
    assert_eq!(serde_json::to_value(&policy).unwrap(), json);

    let short: FluxPolicy = serde_json::from_str(r#"{"policy": {"numerical": {}}}"#).unwrap();
    assert_eq!(short, FluxPolicy::numerical(""));
    assert_eq!(pick(&short, &["1", "3", "2"]).unwrap(), "3");
    for unknown in [
        r#"{"policy": {"numerical": {}}, "filterTag": {}}"#,
        r#"{"policy": {"newest": {}}}"#,
        r#"{"policy": {"semver": {}}}"#,
        r#"{"policy": {"semver": {"range": "*"}}, "digestReflectionPolicy": "always"}"#,
        "{}",
    ] {
        assert!(serde_json::from_str::<FluxPolicy>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn of_several_rules_the_first_counts() {
    let policy: FluxPolicy =
        serde_json::from_str(r#"{"policy": {"numerical": {}, "alphabetical": {}, "semver": {"range": "*"}}}"#).unwrap();
    assert_eq!(pick(&policy, &["zz", "1.0.0"]).unwrap(), "1.0.0");
}

#[test]
fn what_flux_would_not_act_on_is_refused() {
    let refuse = |json: &str| serde_json::from_str::<FluxPolicy>(json).unwrap().selector().unwrap_err();
    assert_eq!(refuse(r#"{"policy": {}}"#), SelectError::NoPolicy);
    assert_eq!(
        refuse(r#"{"policy": {"alphabetical": {"order": "up"}}}"#),
        SelectError::Order { order: "\"up\"".into() }
    );
    assert!(matches!(refuse(r#"{"policy": {"semver": {"range": ""}}}"#), SelectError::Constraint(_)));
    assert!(matches!(
        refuse(r#"{"policy": {"numerical": {}}, "filterTags": {"pattern": "(", "extract": ""}}"#),
        SelectError::Pattern { .. }
    ));
    let always = refuse(r#"{"policy": {"numerical": {}}, "digestReflectionPolicy": "Always"}"#);
    assert_eq!(always, SelectError::Interval { present: false });
    assert_eq!(always.to_string(), "digestReflectionPolicy is Always, and interval is not set");
    let interval = refuse(r#"{"policy": {"numerical": {}}, "interval": "1m"}"#);
    assert_eq!(interval, SelectError::Interval { present: true });
    for error in [always, interval, SelectError::NoPolicy] {
        assert!(error.remedy().is_some());
    }
}

#[test]
fn digests_are_reflected_by_policy() {
    use DigestReflection::{Keep, Resolve, Unpinned};
    let digest = format!("sha256:{}", "ab".repeat(32));
    let reference = |text: &str| text.parse::<Reference>().unwrap();
    let pinned = reference(&format!("ghcr.io/acme/app:1.2.3@{digest}"));
    let keep = || Keep(digest.parse().unwrap());
    for (current, selected, if_not_present) in [
        (None, "ghcr.io/acme/app:1.2.3", Resolve),
        (Some(pinned.clone()), "ghcr.io/acme/app:1.2.3", keep()),
        (Some(pinned.clone()), "ghcr.io/acme/app:1.2.4", Resolve),
        (Some(pinned.clone()), "ghcr.io/acme/other:1.2.3", Resolve),
        (Some(pinned.without_digest()), "ghcr.io/acme/app:1.2.3", Resolve),
    ] {
        let selected = reference(selected);
        assert_eq!(ReflectionPolicy::IfNotPresent.decide(current.as_ref(), &selected), if_not_present);
        assert_eq!(ReflectionPolicy::Always.decide(current.as_ref(), &selected), Resolve);
        assert_eq!(ReflectionPolicy::Never.decide(current.as_ref(), &selected), Unpinned);
    }
    assert_eq!(ReflectionPolicy::default(), ReflectionPolicy::Never);
}
