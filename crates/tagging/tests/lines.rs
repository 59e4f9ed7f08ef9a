//! Floating tags move to the highest of their line only: the cases that teams ask about, and a model that counts.
#![cfg(feature = "conventions")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use lockage_tagging::{
    BuildFacts, SchemeError, Tag, TagScheme,
    class::{ClassTable, TagClass},
    lines::{HighestOfLine, MajorZero, Verdict},
};
use proptest::prelude::*;
use semver::Version;

#[track_caller]
fn gives(scheme: &HighestOfLine, git_tag: &str, expected: &[&str]) {
    assert_eq!(scheme.tags(&BuildFacts::tag(git_tag)).unwrap(), expected, "{scheme} on {git_tag}");
}

#[test]
fn a_release_moves_the_lines_in_which_it_is_the_highest() {
    for (existing, git_tag, expected) in [
        (&[] as &[&str], "v1.0.0", &["1.0.0", "1.0", "1", "latest"] as &[&str]),
        (&["1.4.8", "1.5.0"], "v1.4.9", &["1.4.9", "1.4"]),
        (&["1.5.0", "2.0.0"], "v1.5.1", &["1.5.1", "1.5", "1"]),
        (&["1.4.9", "1.4.10"], "v1.4.9", &["1.4.9"]),
        (&["1.9.0"], "v1.10.0", &["1.10.0", "1.10", "1", "latest"]),
        (&["1.10.0"], "v1.9.0", &["1.9.0", "1.9"]),
        // The same release again keeps what it has, and takes nothing.
        (&["1.5.0"], "v1.5.0", &["1.5.0", "1.5", "1", "latest"]),
        (&["1.4.9", "1.5.0"], "v1.4.9", &["1.4.9", "1.4"]),
        // Build metadata makes a tie, and the build at hand has the tags.
        (&["1.5.0_b2"], "v1.5.0+b1", &["1.5.0_b1", "1.5", "1", "latest"]),
        (&["1.5.0_b1"], "v1.5.0+b2", &["1.5.0_b2", "1.5", "1", "latest"]),
        (&["1.5.1_b1"], "v1.5.0", &["1.5.0"]),
        // Prereleases hold nothing back, and move nothing.
        (&["2.0.0-rc.1", "1.5.1-rc.1"], "v1.5.0", &["1.5.0", "1.5", "1", "latest"]),
        (&["1.4.0"], "v1.5.0-rc.1", &["1.5.0-rc.1"]),
        // What is no whole version of this image does not count.
        (
            &["9", "9.9", "latest", "edge", "app-9.9.9", "9.9.9-alpine", "9.9.9-bookworm-slim"],
            "v1.0.0",
            &["1.0.0", "1.0", "1", "latest"],
        ),
        (&["v9.9.9"], "v1.0.0", &["1.0.0", "1.0", "1"]),
    ] {
        gives(&HighestOfLine::among(existing), git_tag, expected);
    }
}

#[test]
fn what_is_no_release_gets_nothing() {
    let scheme = HighestOfLine::among(["1.0.0"]);
    for git_tag in ["", "v1", "v1.2", "nightly", "app-v1.2.3", "v01.2.3"] {
        gives(&scheme, git_tag, &[]);
    }
    for facts in [BuildFacts::branch("v1.2.3"), BuildFacts::pull_request(42)] {
        assert!(scheme.tags(&facts).unwrap().is_empty());
    }
}

#[test]
fn digest_tags_do_not_count() {
    gives(&HighestOfLine::among([format!("sha256-{}", "9".repeat(64))]), "v1.0.0", &["1.0.0", "1.0", "1", "latest"]);
}

#[test]
fn zero_is_published_on_request_only() {
    gives(&HighestOfLine::among(["0.2.0"]), "v0.3.0", &["0.3.0", "0.3", "latest"]);
    let scheme = HighestOfLine::among(["0.2.0"]).major_zero(MajorZero::Publish);
    gives(&scheme, "v0.3.0", &["0.3.0", "0.3", "0", "latest"]);
    gives(&scheme, "v0.1.9", &["0.1.9", "0.1"]);
    let zero = HighestOfLine::among(["1.0.0"]).moves(&Version::new(0, 1, 0)).unwrap();
    assert_eq!(zero[2].to_string(), "0 stays: before 1.0.0 the major version promises nothing");
    assert_eq!(zero[3].verdict, Verdict::Held { by: Version::new(1, 0, 0) });
}

#[test]
fn channels_move_forward_only() {
    let scheme = HighestOfLine::among(["1.2.0", "1.3.0-rc.2", "1.3.0-beta.7"]).moving_channels();
    gives(&scheme, "v1.3.0-rc.3", &["1.3.0-rc.3", "rc"]);
    gives(&scheme, "v1.3.0-rc.2", &["1.3.0-rc.2", "rc"]);
    gives(&scheme, "v1.3.0-rc.1", &["1.3.0-rc.1"]);
    gives(&scheme, "v1.3.0-rc.10", &["1.3.0-rc.10", "rc"]);
    gives(&scheme, "v1.3.0-beta.8", &["1.3.0-beta.8", "beta"]);
    // A repair of an old line is no candidate for what comes next.
    gives(&scheme, "v1.1.9-rc.1", &["1.1.9-rc.1"]);
    // Numbers name no channel.
    gives(&scheme, "v1.3.0-1", &["1.3.0-1"]);
    // A release moves no channel.
    gives(&scheme, "v1.3.0", &["1.3.0", "1.3", "1", "latest"]);
    let error = scheme.tags(&BuildFacts::tag("v2.0.0-latest.1")).unwrap_err();
    assert!(matches!(error, SchemeError::Misleading { .. }), "{error}");
    gives(&HighestOfLine::among([""; 0]), "v1.3.0-rc.1", &["1.3.0-rc.1"]);
}

#[test]
fn components_are_released_apart() {
    let existing = ["app-v1.4.0", "app/v1.5.0", "my-app-v9.0.0", "app-two-v8.0.0", "v7.0.0", "app-latest"];
    let scheme = HighestOfLine::among(existing).component("app");
    for git_tag in ["app-v1.4.1", "app/v1.4.1", "app@1.4.1", "app_v1.4.1", "app-1.4.1"] {
        gives(&scheme, git_tag, &["app-1.4.1", "app-1.4"]);
    }
    gives(&scheme, "app-v1.6.0", &["app-1.6.0", "app-1.6", "app-1", "app-latest"]);
    for git_tag in ["v1.6.0", "my-app-v1.6.0", "app-two-v1.6.0", "app", "app-", "appv1.6.0"] {
        gives(&scheme, git_tag, &[]);
    }
    let own = HighestOfLine::among(["1.5.0", "latest", "app-9.0.0"]).component_with_own_image("app");
    gives(&own, "app/v1.6.0", &["1.6.0", "1.6", "1", "latest"]);
    gives(&own, "app/v1.4.0", &["1.4.0", "1.4"]);
    gives(&own, "v1.6.0", &[]);
    let nested = HighestOfLine::among(["@acme/app@1.0.0"]).component("@acme/app");
    gives(&nested, "@acme/app@1.0.1", &["acme-app-1.0.1", "acme-app-1.0", "acme-app-1", "acme-app-latest"]);
}

#[test]
fn variants_are_released_apart() {
    let existing = ["1.5.0", "1.4.0-alpine", "1.9.0-slim", "1.9.0-slim-alpine", "2.0.0-alpine3.19"];
    gives(
        &HighestOfLine::among(existing).variant("alpine"),
        "v1.4.1",
        &["1.4.1-alpine", "1.4-alpine", "1-alpine", "latest-alpine"],
    );
    gives(&HighestOfLine::among(existing), "v1.4.1", &["1.4.1", "1.4"]);
    // A variant that nobody told of reads as a prerelease, and holds no release back.
    let custom = HighestOfLine::among(["1.5.0-enterprise", "1.4.0-rc.9-enterprise"]).moving_channels();
    gives(&custom, "v1.4.0", &["1.4.0", "1.4", "1", "latest"]);
    gives(&custom, "v1.4.0-rc.1", &["1.4.0-rc.1"]);
    let table = ClassTable::default().variant("enterprise");
    gives(&custom.known_by(table), "v1.4.0-rc.1", &["1.4.0-rc.1", "rc"]);
}

#[test]
fn latest_can_be_left_alone() {
    gives(&HighestOfLine::among([""; 0]).without_latest(), "v1.0.0", &["1.0.0", "1.0", "1"]);
}

#[test]
fn an_empty_name_is_refused() {
    for scheme in [HighestOfLine::among([""; 0]).variant(""), HighestOfLine::among([""; 0]).variant("-")] {
        let error = scheme.tags(&BuildFacts::tag("v1.0.0")).unwrap_err();
        assert_eq!(error.to_string(), "the variant of the tag has neither a letter nor a digit");
    }
    let error = HighestOfLine::among([""; 0]).component("").tags(&BuildFacts::tag("-v1.0.0")).unwrap_err();
    assert_eq!(error, SchemeError::EmptyPiece { piece: "component" });
}

fn version() -> impl Strategy<Value = Version> {
    let pre = prop_oneof![3 => Just(String::new()), 1 => "-(rc|beta)\\.[1-4]"];
    let build = prop_oneof![3 => Just(String::new()), 1 => "\\+b[12]"];
    (0..3_u64, 0..3_u64, 0..4_u64, pre, build)
        .prop_map(|(x, y, z, pre, build)| format!("{x}.{y}.{z}{pre}{build}").parse().unwrap())
}

/// A registry in which every release moves what it earns, in any order of releases.
fn registry(releases: &[Version]) -> BTreeMap<String, Version> {
    let mut tags: BTreeMap<String, Version> = BTreeMap::new();
    for version in releases {
        let scheme = HighestOfLine::among(tags.keys()).moving_channels().major_zero(MajorZero::Publish);
        let facts = BuildFacts::tag(format!("v{version}"));
        let earned: Vec<Tag> = scheme.tags(&facts).unwrap();
        tags.extend(earned.iter().map(|tag| (tag.to_string(), version.clone())));
    }
    tags
}

proptest! {
    /// Whatever the order of the releases: in the end every floating tag is at the highest of its line.
    #[test]
    fn the_order_of_releases_does_not_matter(releases in prop::collection::vec(version(), 1..9)) {
        let tags = registry(&releases);
        let released = || releases.iter().filter(|version| version.pre.is_empty());
        let precedence = |version: &Version| Version { build: semver::BuildMetadata::EMPTY, ..version.clone() };
        let mut model: BTreeMap<String, Version> = BTreeMap::new();
        let mut raise = |tag: String, version: &Version| {
            let entry = model.entry(tag).or_insert_with(|| precedence(version));
            *entry = precedence(version).max(entry.clone());
        };
        for version in released() {
            raise("latest".into(), version);
            raise(version.major.to_string(), version);
            raise(format!("{}.{}", version.major, version.minor), version);
        }
        for (tag, version) in &model {
            prop_assert_eq!(tags.get(tag).map(precedence), Some(version.clone()), "{}", tag);
        }
        for version in &releases {
            let whole = version.to_string().replace('+', "_");
            prop_assert_eq!(tags.get(&whole), Some(version));
        }
        let whole = |tag: &str| TagClass::of(&tag.parse().unwrap()).version.is_some_and(|it| it.numbers.len() == 3);
        for tag in tags.keys().filter(|tag| !whole(tag)) {
            prop_assert!(model.contains_key(tag) || tag == "rc" || tag == "beta", "{}", tag);
        }
    }

    /// A channel never moves from a version to a lower one.
    #[test]
    fn channels_never_move_back(releases in prop::collection::vec(version(), 1..9)) {
        let mut before = BTreeMap::new();
        for count in 1..=releases.len() {
            let now = registry(&releases[..count]);
            for tag in ["rc", "beta", "latest", "0", "1", "1.1"] {
                if let (Some(before), Some(now)) = (before.get(tag), now.get(tag)) {
                    let now: &Version = now;
                    prop_assert!(now.cmp_precedence(before).is_ge(), "{}: {} to {}", tag, before, now);
                }
            }
            before = now;
        }
    }

    /// One decision against a count of all that is higher.
    #[test]
    fn a_decision_is_what_a_count_says(
        existing in prop::collection::vec(version(), 0..12),
        version in version(),
        names in prop::collection::vec("[a-z0-9.-]{1,12}", 0..4),
    ) {
        let listed = existing.iter().map(|version| version.to_string().replace('+', "_"));
        let names = names.into_iter().filter(|name| name.trim_start_matches('v').parse::<Version>().is_err());
        let scheme = HighestOfLine::among(listed.chain(names)).moving_channels();
        let higher = |line: &dyn Fn(&Version) -> bool| {
            existing.iter().filter(|other| line(other) && other.cmp_precedence(&version).is_gt()).count() > 0
        };
        let release = |other: &Version| other.pre.is_empty();
        let mut expected = vec![version.to_string().replace('+', "_")];
        if version.pre.is_empty() {
            let (x, y) = (version.major, version.minor);
            if !higher(&|other| release(other) && (other.major, other.minor) == (x, y)) {
                expected.push(format!("{x}.{y}"));
            }
            if x > 0 && !higher(&|other| release(other) && other.major == x) {
                expected.push(x.to_string());
            }
            if !higher(&release) {
                expected.push("latest".into());
            }
        } else {
            let channel = version.pre.split('.').next().unwrap();
            if !higher(&|other| release(other) || other.pre.starts_with(channel)) {
                expected.push(channel.into());
            }
        }
        prop_assert_eq!(scheme.tags(&BuildFacts::tag(format!("v{version}"))).unwrap(), expected);
    }

    #[test]
    fn every_tag_is_of_a_class_that_the_scheme_declares(
        existing in prop::collection::vec(version(), 0..4),
        version in version(),
        component in prop::option::of("(app|my-app|@acme/app)"),
        variant in prop::option::of("(alpine|custom|slim-custom)"),
    ) {
        let mut scheme = HighestOfLine::among(existing.iter().map(ToString::to_string)).moving_channels();
        scheme = component.iter().fold(scheme, HighestOfLine::component);
        scheme = variant.iter().fold(scheme, HighestOfLine::variant);
        let git_tag = component.map_or(format!("v{version}"), |component| format!("{component}/v{version}"));
        let tags = scheme.tags(&BuildFacts::tag(git_tag)).unwrap();
        prop_assert!(!tags.is_empty());
        let table = ClassTable::for_scheme(&scheme);
        for tag in tags {
            let class = table.class_of(&tag);
            prop_assert!(scheme.classes().iter().any(|declared| declared.covers(&class)), "{}: {}", tag, class);
        }
    }

    #[test]
    fn no_list_causes_a_panic(
        existing in prop::collection::vec(any::<String>(), 0..4),
        git_tag in any::<String>(),
        component in any::<String>(),
        variant in any::<String>(),
    ) {
        let scheme = HighestOfLine::among(existing).component(&component).variant(variant).moving_channels();
        let _ = scheme.tags(&BuildFacts::tag(format!("{component}/v1.2.3-rc.1")));
        let _ = scheme.tags(&BuildFacts::tag(git_tag));
        let _ = (scheme.classes(), scheme.to_string());
    }
}
