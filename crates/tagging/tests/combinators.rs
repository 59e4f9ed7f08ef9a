//! Schemes made of schemes, of closures and of templates: what they give, where they are silent and how they print.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    Branch, BuildFacts, Channel, Commit, Event, FirstOf, FromFn, GitTag, Latest, MergedPullRequest, PullRequest,
    SchemeError, Semver, TagScheme, TagSchemeExt, Template, When,
};

const SHA1: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

#[track_caller]
fn gives(scheme: impl TagScheme, facts: BuildFacts, expected: &[&str]) {
    assert_eq!(scheme.tags(&facts).unwrap(), expected, "{scheme:?} on {facts:?}");
}

#[track_caller]
fn refuses(scheme: impl TagScheme, facts: BuildFacts, expected: &str) {
    let error = scheme.tags(&facts).unwrap_err();
    assert_eq!(error.to_string(), expected, "{scheme:?} on {facts:?}");
}

#[test]
fn first_of() {
    let scheme = || Semver::full().or(GitTag).or(PullRequest);
    gives(scheme(), BuildFacts::tag("v1.2.3"), &["1.2.3"]);
    gives(scheme(), BuildFacts::tag("demo"), &["demo"]);
    gives(scheme(), BuildFacts::pull_request(42), &["pr-42"]);
    gives(scheme(), BuildFacts::branch("main"), &[]);
    gives(FirstOf::new(), BuildFacts::branch("main"), &[]);
    refuses(Commit::short().or(Branch), BuildFacts::branch("main"), "the facts of the build name no commit");
}

#[test]
fn only_if_does_not_ask_about_other_builds() {
    let scheme = || Commit::short().only_if(When::branch("main"));
    gives(scheme(), BuildFacts::branch("main").commit(SHA1), &["sha-2b2e927"]);
    gives(scheme(), BuildFacts::branch("other"), &[]);
    refuses(scheme(), BuildFacts::branch("main"), "the facts of the build name no commit");
}

#[test]
fn conditions() {
    let release = BuildFacts::tag("v1.2.3");
    let branch = BuildFacts::branch("main").default_branch("main").event(Event::Push);
    let request = BuildFacts::pull_request(42).label("publish");
    for (when, text, holds) in [
        (When::tag(), "git tag", [true, false, false]),
        (When::release(), "release", [true, false, false]),
        (When::prerelease(), "prerelease", [false, false, false]),
        (When::prerelease().not(), "not prerelease", [true, true, true]),
        (When::branch("main"), r#"branch "main""#, [false, true, false]),
        (When::default_branch(), "default branch", [false, true, false]),
        (When::pull_request(), "pull request", [false, false, true]),
        (When::label("publish"), r#"label "publish""#, [false, false, true]),
        (When::tag().or(When::pull_request()), "(git tag or pull request)", [true, false, true]),
        (When::tag().and(When::pull_request()), "(git tag and pull request)", [false, false, false]),
        (When::test("no commit", |facts| Ok(facts.commit.is_none())), "no commit", [true, true, true]),
    ] {
        let held = [&release, &branch, &request].map(|facts| when.holds(facts).unwrap());
        assert_eq!((held, when.to_string().as_str()), (holds, text));
        assert_eq!(format!("{when:?}"), format!("When({text})"));
    }
    assert!(When::prerelease().holds(&BuildFacts::tag("v1.2.3-rc.1")).unwrap());
    assert!(When::event(Event::Push).holds(&branch).unwrap());
    assert!(!When::event(Event::Schedule).holds(&branch).unwrap());
    let error = When::event(Event::Push).holds(&release).unwrap_err();
    assert_eq!(error.to_string(), "the facts of the build do not name what made it run");
    assert!(When::default_branch().holds(&BuildFacts::branch("main")).is_err());
}

#[test]
fn affixes() {
    gives(Semver::cascade().prefixed("app-"), BuildFacts::tag("v1.2.3"), &["app-1.2.3", "app-1.2", "app-1"]);
    gives(Semver::full().suffixed("-alpine"), BuildFacts::tag("v1.2.3"), &["1.2.3-alpine"]);
    gives(Semver::full().suffixed("-b").prefixed("a-"), BuildFacts::tag("v1.2.3"), &["a-1.2.3-b"]);
    for empty in ["", "-", "_.-"] {
        let expected = "the prefix of the tag has neither a letter nor a digit";
        refuses(GitTag.prefixed(empty), BuildFacts::tag("v1"), expected);
        refuses(GitTag.suffixed(empty), BuildFacts::tag("v1"), &expected.replace("prefix", "suffix"));
        refuses(GitTag.variant(empty), BuildFacts::tag("v1"), &expected.replace("prefix", "variant"));
        gives(GitTag.prefixed(empty), BuildFacts::branch("main"), &[]);
    }
    for (prefix, suffix) in [("a/", "-b"), ("-a", "-b"), ("a", "+b"), ("a", &*"b".repeat(130))] {
        let error = GitTag.prefixed(prefix).suffixed(suffix).tags(&BuildFacts::tag("v1")).unwrap_err();
        assert!(matches!(error, SchemeError::Illegal(_)), "{prefix} {suffix}: {error}");
    }
    let error = Channel::named("a".repeat(64)).prefixed("sha256-").tags(&BuildFacts::tag("v1")).unwrap_err();
    assert!(matches!(error, SchemeError::Reserved { .. }));
}

#[test]
fn channels() {
    gives(Channel::named("edge"), BuildFacts::pull_request(1), &["edge"]);
    refuses(Channel::named("a b"), BuildFacts::tag("v1"), "the computed tag is not legal");
    for (git_tag, tags) in [
        ("v1.3.0-rc.1", &["rc"][..]),
        ("v1.3.0-rc1", &["rc"]),
        ("v1.3.0-SNAPSHOT", &["SNAPSHOT"]),
        ("v1.3.0-beta-2.x", &["beta"]),
        ("v1.3.0-1", &[]),
        ("v1.3.0", &[]),
        ("nightly-rc.1", &[]),
    ] {
        gives(Channel::of_prerelease(), BuildFacts::tag(git_tag), tags);
    }
    gives(Channel::of_prerelease(), BuildFacts::branch("v1.3.0-rc.1"), &[]);
    refuses(
        Channel::of_prerelease(),
        BuildFacts::tag("v1.3.0-Latest.1"),
        r#"the name "Latest" would become the tag of releases"#,
    );
}

#[test]
fn merged_pull_requests() {
    gives(MergedPullRequest, BuildFacts::branch("main").merged_pull_request(42), &["pr-42"]);
    gives(MergedPullRequest, BuildFacts::branch("main"), &[]);
    gives(MergedPullRequest, BuildFacts::tag("v1").merged_pull_request(42), &[]);
    gives(MergedPullRequest, BuildFacts::pull_request(7).merged_pull_request(42), &[]);
}

#[test]
fn templates() {
    let full =
        |facts: BuildFacts| facts.commit(SHA1).commit_date("2024-03-09T16:41:09Z".parse().unwrap()).run_number(7);
    let (branch, tag, request) = (
        full(BuildFacts::branch("fix/a").merged_pull_request(41)),
        full(BuildFacts::tag("v1.3.0-rc.1+b7")),
        full(BuildFacts::pull_request(42)).head_branch("Fix/a").base_branch("main"),
    );
    let whole = format!("c-{SHA1}");
    for (template, expected) in [
        ("{branch}", [&["fix-a"] as &[&str], &[], &[]]),
        ("{tag}", [&[], &["v1.3.0-rc.1-b7"], &[]]),
        ("{version}", [&[], &["1.3.0-rc.1_b7"], &[]]),
        ("v{major}.{minor}.{patch}", [&[], &["v1.3.0"], &[]]),
        ("pr-{pr}", [&["pr-41"], &[], &["pr-42"]]),
        ("{head}-to-{base}", [&[], &[], &["Fix-a-to-main"]]),
        ("{sha}", [&["2b2e927"], &["2b2e927"], &["2b2e927"]]),
        ("c-{commit}", [&[&whole], &[&whole], &[&whole]]),
        ("{date}.{run}", [&["20240309.7"], &["20240309.7"], &["20240309.7"]]),
        (
            "{time}_{unix}",
            [&["20240309164109_1710002469"], &["20240309164109_1710002469"], &["20240309164109_1710002469"]],
        ),
    ] {
        for (facts, tags) in [&branch, &tag, &request].into_iter().zip(expected) {
            let scheme: Template = template.parse().unwrap();
            gives(&scheme, facts.clone(), tags);
            assert_eq!(scheme.to_string(), format!("template {template}"));
        }
    }
    gives("{version}".parse::<Template>().unwrap(), BuildFacts::tag("nightly"), &[]);
    for (template, missing) in [
        ("{date}", "the facts of the build do not name the date of the commit"),
        ("{run}", "the facts of the build do not name the number of the run"),
        ("{head}", "the facts of the build do not name the branch that the pull request comes from"),
        ("{sha}", "the facts of the build name no commit"),
        ("-{pr}", "the computed tag is not legal"),
    ] {
        refuses(template.parse::<Template>().unwrap(), BuildFacts::pull_request(1), missing);
    }
    refuses(
        "{branch}-x".parse::<Template>().unwrap(),
        BuildFacts::branch("é"),
        r#"nothing of the name "é" can stand in a tag"#,
    );
    for (template, expected) in [
        ("", r#"the template "" has no piece in braces"#),
        ("edge", r#"the template "edge" has no piece in braces"#),
        ("{sah}", r#"{"sah"} is no piece of a template"#),
        ("{}", r#"{""} is no piece of a template"#),
        ("{sha", r#"a brace of the template "{sha" has no partner"#),
        ("sha}", r#"a brace of the template "sha}" has no partner"#),
        ("{branch}/{sha}", r#"'/' in the template "{branch}/{sha}" cannot stand in a tag"#),
    ] {
        assert_eq!(template.parse::<Template>().unwrap_err().to_string(), expected);
    }
}

#[test]
fn schemes_print_as_people_would_say_them() {
    let closure = FromFn::new("week", |_| Err(SchemeError::refused("no week")));
    assert_eq!(format!("{closure:?}"), r#"FromFn("week")"#);
    assert_eq!(closure.tags(&BuildFacts::tag("v1")).unwrap_err().to_string(), "no week");
    let scheme = Semver::cascade()
        .required()
        .and(Latest::on_release().or(Channel::named("edge").only_if(When::default_branch())))
        .and(closure.variant("alpine").by_default());
    let text = "all of (all of (semver cascade, required, first of (latest on release, channel edge if default branch)), \
                (week) as variant alpine, the default)";
    assert_eq!(scheme.to_string(), text);
    assert_eq!((&scheme as &dyn TagScheme).to_string(), text);
    assert_eq!(
        format!("{:?}", Branch.prefixed("b-").only_if(When::tag())),
        r#"OnlyIf { when: When(git tag), scheme: Prefixed { prefix: "b-", scheme: Branch } }"#
    );
}
