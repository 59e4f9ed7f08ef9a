//! What the names of branches say, and which tags their builds get.
#![cfg(feature = "conventions")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    BuildFacts, SchemeError, TagScheme,
    branches::{BranchError, BranchPattern, BranchRole, BranchRule, BranchSubject, BranchTable, PatternError},
    class::{ClassTable, Mobility, TagClass},
};
use proptest::prelude::*;
use semver::Version;

const HEAD: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

#[test]
fn names_are_read() {
    let version = |text: &str| Some(BranchSubject::Version(text.parse().unwrap()));
    let line = |major, minor| Some(BranchSubject::Line { major, minor });
    let name = |text: &str| Some(BranchSubject::Name(text.to_owned()));
    let day = Some(BranchSubject::Date("2025-03-10".parse().unwrap()));
    let (sha, whole) = (Some("2b2e927"), Some(HEAD));
    let upper = format!("release/v1.2.0-sha-{}", HEAD.to_ascii_uppercase());
    for (branch, role, subject, commit) in [
        ("main", BranchRole::Main, name("main"), None),
        ("master", BranchRole::Main, name("master"), None),
        ("develop", BranchRole::Develop, name("develop"), None),
        ("release/v1.2.0-sha-2b2e927", BranchRole::Release, version("1.2.0"), sha),
        (&upper, BranchRole::Release, version("1.2.0"), whole),
        ("release/1.2.0-rc.1-sha-2b2e927", BranchRole::Release, version("1.2.0-rc.1"), sha),
        ("release/1.2.0-rc.1", BranchRole::Release, version("1.2.0-rc.1"), None),
        ("release/v1.2.0-2b2e927", BranchRole::Release, version("1.2.0"), sha),
        ("release/v1.2.0-4-g2b2e927", BranchRole::Release, version("1.2.0"), sha),
        ("release/1.2-sha-2b2e927", BranchRole::Release, line(1, Some(2)), sha),
        ("release/sprint-42-sha-2b2e927", BranchRole::Release, name("sprint-42"), sha),
        ("release/2025-03-10-sha-2b2e927", BranchRole::Release, day.clone(), sha),
        ("release/sha-2b2e927", BranchRole::Release, None, sha),
        ("release/sprint-42", BranchRole::Release, name("sprint-42"), None),
        ("release/2025-03-10", BranchRole::Release, day, None),
        ("release/2025-13-10", BranchRole::Release, name("2025-13-10"), None),
        ("release/1.2", BranchRole::Release, line(1, Some(2)), None),
        ("release-1.2", BranchRole::Release, line(1, Some(2)), None),
        ("releases/v1", BranchRole::Release, line(1, None), None),
        ("release/1.2.0-20250310", BranchRole::Release, version("1.2.0-20250310"), None),
        ("release/1.2.0-1234567", BranchRole::Release, version("1.2.0-1234567"), None),
        ("release/1.2.0-defaced", BranchRole::Release, version("1.2.0-defaced"), None),
        ("release/team/next", BranchRole::Release, name("team/next"), None),
        ("release/add-sha-sums", BranchRole::Release, name("add-sha-sums"), None),
        ("hotfix/1.2.1", BranchRole::Hotfix, version("1.2.1"), None),
        ("support/1.x", BranchRole::Support, line(1, None), None),
        ("support/1.2.x", BranchRole::Support, line(1, Some(2)), None),
        ("stable/2024.1", BranchRole::Support, line(2024, Some(1)), None),
        ("v1.x", BranchRole::Support, line(1, None), None),
        ("1.x", BranchRole::Support, line(1, None), None),
        ("feature/add-sha-sums", BranchRole::Feature, name("add-sha-sums"), None),
        ("feature/v1.2.0-sha-0000000", BranchRole::Feature, name("v1.2.0-sha-0000000"), None),
    ] {
        let reading = BranchTable::git_flow().read(branch, Some(HEAD)).unwrap().unwrap();
        assert_eq!((reading.role, reading.subject, reading.commit.as_deref()), (role, subject, commit), "{branch}");
        assert_eq!(reading.branch, branch);
    }
    for branch in ["", "release/", "vendor", "Main", "features"] {
        assert_eq!(BranchTable::git_flow().read(branch, Some(HEAD)), Ok(None), "{branch}");
    }
}

#[test]
fn a_commit_that_cannot_be_right_is_refused() {
    let read = |branch: &str, head| BranchTable::git_flow().read(branch, head).unwrap_err();
    for branch in
        ["release/v1.2.0-sha-xyz", "release/v1.2.0-sha-2b2e92", "release/1.2-sha-", "hotfix/1.2.1-sha-2b2e92g"]
    {
        for head in [None, Some(HEAD)] {
            let error = read(branch, head);
            assert!(matches!(error, BranchError::BrokenCommit { .. }), "{branch}: {error}");
        }
    }
    for branch in ["release/v1.2.0-sha-2b2e928", "release/sprint-42-sha-0000000", "release/1.2.0-2b2e928"] {
        let error = read(branch, Some(HEAD));
        assert!(matches!(error, BranchError::CommitMismatch { .. }), "{branch}: {error}");
    }
    assert_eq!(
        read("release/v1.2.0-1234567", None).to_string(),
        r#"the branch "release/v1.2.0-1234567" carries "1234567", which may be a commit or a prerelease"#
    );
    // An abbreviated head is enough to tell.
    let reading = BranchTable::git_flow().read("release/v1.2.0-sha-2b2e9270c1", Some("2B2E927")).unwrap().unwrap();
    assert_eq!(reading.commit.as_deref(), Some("2b2e9270c1"));
}

#[test]
fn builds_of_branches_get_the_tags_of_their_rule() {
    for (table, branch, expected) in [
        (BranchTable::git_flow(), "main", &["edge-sha-2b2e927", "edge"] as &[&str]),
        (BranchTable::git_flow(), "develop", &["dev-sha-2b2e927", "dev"]),
        (BranchTable::git_flow(), "release/v1.2.0-sha-2b2e927", &["1.2.0-rc-sha-2b2e927", "rc"]),
        (BranchTable::git_flow(), "release/sprint-42", &["sprint-42-rc-sha-2b2e927", "rc"]),
        (BranchTable::git_flow(), "hotfix/1.2.1", &["1.2.1-hotfix-sha-2b2e927"]),
        (BranchTable::git_flow(), "feature/JIRA-1/x", &["JIRA-1-x-sha-2b2e927"]),
        (BranchTable::git_flow(), "other", &[]),
        (BranchTable::git_version(), "main", &["main-sha-2b2e927"]),
        (BranchTable::git_version(), "devment", &["alpha-sha-2b2e927", "alpha"]),
        (BranchTable::git_version(), "development", &["alpha-sha-2b2e927", "alpha"]),
        (BranchTable::git_version(), "releases-2.0.0", &["2.0.0-beta-sha-2b2e927", "beta"]),
        (BranchTable::git_version(), "pr/42", &["PullRequest42-sha-2b2e927"]),
        (BranchTable::git_version(), "other", &["other-sha-2b2e927"]),
        (BranchTable::new(), "main", &[]),
    ] {
        assert_eq!(table.tags(&BuildFacts::branch(branch).commit(HEAD)).unwrap(), expected, "{branch}");
    }
    for facts in [BuildFacts::tag("main"), BuildFacts::pull_request(1)] {
        assert!(BranchTable::git_flow().tags(&facts).unwrap().is_empty());
    }
}

#[test]
fn a_build_without_what_its_rule_needs_is_refused() {
    let tags = |branch: &str, commit: &str| BranchTable::git_flow().tags(&BuildFacts::branch(branch).commit(commit));
    assert_eq!(BranchTable::git_flow().tags(&BuildFacts::branch("main")), Err(SchemeError::MissingCommit));
    assert!(matches!(tags("release/1.2.0-sha-0000000", HEAD), Err(SchemeError::Branch(_))));
    assert!(matches!(tags("release/sha-2b2e927", HEAD), Err(SchemeError::MissingFact { .. })));
    assert!(matches!(tags("feature/é", HEAD), Err(SchemeError::Unmappable { .. })));
    let silent = BranchRule::new("main", BranchRole::Main).unwrap().immutable("{pr}-{head}").unwrap();
    let error = BranchTable::new().with(silent).tags(&BuildFacts::branch("main")).unwrap_err();
    assert_eq!(error.to_string(), "the facts of the build do not name what the tag of the branch is made of");
}

#[test]
fn patterns() {
    for (pattern, name, captured) in [
        ("main", "main", Some("main")),
        ("main", "main2", None),
        ("a*z", "abcz", Some("bc")),
        ("a*z", "az", None),
        ("a*z", "a*z", Some("*")),
        ("ab*ba", "aba", None),
        ("v#", "v1.x", Some("1.x")),
        ("v#", "vendor", None),
        ("{a,b}{/,}*", "b/c", Some("c")),
        ("{a,b}{/,}*", "bc", Some("c")),
        ("{a,b}{/,}*", "c", None),
        ("x{,y}", "x", Some("x")),
    ] {
        assert_eq!(pattern.parse::<BranchPattern>().unwrap().capture(name), captured, "{pattern} on {name}");
    }
    for pattern in ["a*b*", "*#", "{a,*}*"] {
        assert!(matches!(pattern.parse::<BranchPattern>(), Err(PatternError::Wildcards { .. })), "{pattern}");
    }
    for pattern in ["{a", "a}", "{a{b}}", "}{"] {
        assert!(matches!(pattern.parse::<BranchPattern>(), Err(PatternError::Braces { .. })), "{pattern}");
    }
    let many = "{a,b}".repeat(9);
    assert!(matches!(many.parse::<BranchPattern>(), Err(PatternError::Alternatives { .. })));
    let rule = || BranchRule::new("main", BranchRole::Main).unwrap();
    assert!(matches!(rule().floating("{nonsense}"), Err(PatternError::Tag { .. })));
    assert!(matches!(rule().immutable("a b"), Err(PatternError::Tag { .. })));
}

#[test]
fn a_table_prints_as_its_rules() {
    let rule = BranchRule::new("main", BranchRole::Main).unwrap().on_channel("edge").floating("{channel}").unwrap();
    assert_eq!(BranchTable::new().with(rule).to_string(), "branches (main is main, channel edge, floating {channel})");
    assert_eq!(BranchTable::git_flow().rules().len(), 6);
    assert_eq!(BranchTable::git_version().rules().len(), 8);
}

proptest! {
    /// A version of a branch is the text before the commit, and never has the commit as its prerelease.
    #[test]
    fn a_carried_commit_is_no_prerelease(
        numbers in (0..99_u64, 0..99_u64, 0..99_u64),
        head in "[0-9a-f]{40}",
        length in 7..=40_usize,
        join in prop::sample::select(vec!["-sha-", "-", "-12-g"]),
    ) {
        let version = Version::new(numbers.0, numbers.1, numbers.2);
        let branch = format!("release/v{version}{join}{}", &head[..length]);
        let table = BranchTable::git_flow();
        let reading = table.read(&branch, Some(&head)).unwrap().unwrap();
        if join == "-" && is_number(&head[..length]) {
            return Ok(());
        }
        prop_assert_eq!(reading.version(), Some(&version));
        prop_assert_eq!(reading.commit.as_deref(), Some(&head[..length]));
        match table.read(&branch, None) {
            Ok(reading) => prop_assert_eq!(reading.unwrap().version().cloned(), Some(version)),
            Err(BranchError::AmbiguousCommit { .. }) => prop_assert_eq!(join, "-"),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn no_name_causes_a_panic(
        name in "(release|feature|hotfix|support|v|/|-|sha-|g|[0-9]{1,3}|\\.|x|[0-9a-f]{7}|é){0,9}",
        head in prop::option::of("[0-9a-f]{7,40}"),
    ) {
        for table in [BranchTable::git_flow(), BranchTable::git_version()] {
            let _ = table.read(&name, head.as_deref());
            let facts = BuildFacts::branch(&name).commit(head.as_deref().unwrap_or(HEAD));
            for tag in table.tags(&facts).unwrap_or_default() {
                prop_assert!(TagClass::made_by(&table, &tag).is_some(), "{}", tag);
            }
        }
    }

    /// The immutable tag reads as one, and the channel as a channel.
    #[test]
    fn the_tags_of_a_release_branch_read_as_declared(numbers in (0..99_u8, 0..99_u8, 0..99_u8), head in "[0-9a-f]{40}") {
        let (table, words) = (BranchTable::git_flow(), ClassTable::for_scheme(&BranchTable::git_flow()));
        let facts = BuildFacts::branch(format!("release/{}.{}.{}", numbers.0, numbers.1, numbers.2)).commit(head);
        let classes: Vec<_> = table.tags(&facts).unwrap().iter().map(|tag| words.class_of(tag)).collect();
        prop_assert_eq!((classes[0].mobility, classes[1].mobility), (Mobility::Immutable, Mobility::Floating));
        prop_assert!(classes.iter().all(|class| class.channel.as_deref() == Some("rc")));
    }
}

/// Digits alone that read as a date or as seconds are taken for those.
fn is_number(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit())
}
