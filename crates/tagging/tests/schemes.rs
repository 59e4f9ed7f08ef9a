//! What each scheme gives, where it is silent and where it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    Branch, BuildFacts, Commit, Event, GitTag, Latest, PullRequest, SchemeError, Semver, TagScheme, Timestamp,
};

const SHA1: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
const SHA256: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f70812b2e9270c1f5b3a4d6e7f809";

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
fn commit_short() {
    for facts in [BuildFacts::tag("v1"), BuildFacts::branch("main"), BuildFacts::pull_request(1)] {
        gives(Commit::short(), facts.commit(SHA1), &["sha-2b2e927"]);
    }
    let on = |commit: &str| BuildFacts::branch("main").commit(commit);
    gives(Commit::short(), on("2b2e927"), &["sha-2b2e927"]);
    gives(Commit::short(), on("2B2E927"), &["sha-2b2e927"]);
    gives(Commit::short(), on(SHA256), &["sha-2b2e927"]);
    refuses(Commit::short(), on(""), r#"commit "" is not 7 to 64 hexadecimal digits"#);
    refuses(Commit::short(), on("2b2e92"), r#"commit "2b2e92" is not 7 to 64 hexadecimal digits"#);
    refuses(Commit::short(), on("2b2e92é"), r#"commit "2b2e92é" is not 7 to 64 hexadecimal digits"#);
    refuses(Commit::short(), on("HEAD~1-x"), r#"commit "HEAD~1-x" is not 7 to 64 hexadecimal digits"#);
    refuses(Commit::short(), BuildFacts::branch("main"), "the facts of the build name no commit");
    assert!(Commit::short().tags(&on(&"a".repeat(64))).is_ok());
    assert!(Commit::short().tags(&on(&"a".repeat(65))).is_err());
}

#[test]
fn commit_long() {
    let on = |commit: &str| BuildFacts::branch("main").commit(commit);
    gives(Commit::long(), on(SHA1), &[&format!("sha-{SHA1}")]);
    gives(Commit::long(), on(SHA256), &[&format!("sha-{SHA256}")]);
    refuses(Commit::long(), on("2b2e927"), r#"commit "2b2e927" is abbreviated, a whole one has 40 or 64 digits"#);
}

#[test]
fn pull_request() {
    gives(PullRequest, BuildFacts::pull_request(42), &["pr-42"]);
    gives(PullRequest, BuildFacts::pull_request(u64::MAX), &["pr-18446744073709551615"]);
    gives(PullRequest, BuildFacts::branch("main"), &[]);
    gives(PullRequest, BuildFacts::tag("v1.2.3"), &[]);
}

#[test]
fn branch() {
    for (name, tag) in [
        ("main", "main"),
        ("feature/x", "feature-x"),
        ("Feature/JIRA-1_a.b", "Feature-JIRA-1_a.b"),
        (".-hidden", "hidden"),
        ("/a//b", "a--b"),
        ("größe", "gr--e"),
        ("_", "_"),
    ] {
        gives(Branch, BuildFacts::branch(name), &[tag]);
    }
    let long = "b".repeat(200);
    gives(Branch, BuildFacts::branch(&long), &[&long[..128]]);
    gives(Branch, BuildFacts::branch(format!("-{long}")), &[&long[..128]]);
    for name in ["", "---", "é", "..", "/"] {
        let expected = format!("nothing of the name {name:?} can stand in a tag");
        refuses(Branch, BuildFacts::branch(name), &expected);
    }
    gives(Branch, BuildFacts::tag("v1.2.3"), &[]);
    gives(Branch, BuildFacts::pull_request(42), &[]);
}

#[test]
fn a_branch_cannot_pass_for_a_signature() {
    let name = format!("sha256/{}.sig", "a".repeat(64));
    let error = Branch.tags(&BuildFacts::branch(name)).unwrap_err();
    assert!(matches!(error, SchemeError::Reserved { .. }));
    let error = GitTag.tags(&BuildFacts::tag(format!("sha256-{}", "a".repeat(64)))).unwrap_err();
    assert!(matches!(error, SchemeError::Reserved { .. }));
}

#[test]
fn git_tag() {
    gives(GitTag, BuildFacts::tag("v1.2.3"), &["v1.2.3"]);
    gives(GitTag, BuildFacts::tag("release/2024+1"), &["release-2024-1"]);
    gives(GitTag, BuildFacts::branch("v1.2.3"), &[]);
    gives(GitTag, BuildFacts::pull_request(42), &[]);
}

#[test]
fn semver_cascade() {
    for (git_tag, tags) in [
        ("v1.2.3", &["1.2.3", "1.2", "1"][..]),
        ("1.2.3", &["1.2.3", "1.2", "1"]),
        ("v10.20.30", &["10.20.30", "10.20", "10"]),
        ("v0.3.1", &["0.3.1", "0.3"]),
        ("v0.0.0", &["0.0.0", "0.0"]),
        ("v1.3.0-rc.1", &["1.3.0-rc.1"]),
        ("v1.2.3+b7", &["1.2.3_b7", "1.2", "1"]),
        ("v1.3.0-rc.1+b7", &["1.3.0-rc.1_b7"]),
    ] {
        gives(Semver::cascade(), BuildFacts::tag(git_tag), tags);
        gives(Semver::full(), BuildFacts::tag(git_tag), &tags[..1]);
        gives(Semver::cascade().required(), BuildFacts::tag(git_tag), tags);
    }
}

#[test]
fn what_is_no_semver() {
    for git_tag in ["", "v", "v1", "v1.2", "v1.2.3.4", "vv1.2.3", "V1.2.3", "v01.2.3", "nightly", "app/v1.2.3"] {
        gives(Semver::cascade(), BuildFacts::tag(git_tag), &[]);
        let error = Semver::cascade().required().tags(&BuildFacts::tag(git_tag)).unwrap_err();
        assert!(matches!(error, SchemeError::NotSemver { .. }), "{git_tag}: {error}");
    }
    refuses(
        Semver::full().required(),
        BuildFacts::tag("nightly"),
        r#"git tag "nightly" is not a semantic version: unexpected character 'n' while parsing major version number"#,
    );
}

#[test]
fn required_semver_is_about_git_tags_only() {
    gives(Semver::full().required(), BuildFacts::branch("main"), &[]);
    gives(Semver::full().required(), BuildFacts::pull_request(42), &[]);
}

#[test]
fn a_version_too_long_for_a_tag_is_refused_even_when_lenient() {
    let fits = format!("1.2.3-{}", "a".repeat(122));
    gives(Semver::full(), BuildFacts::tag(&fits), &[&fits]);
    refuses(Semver::full(), BuildFacts::tag(format!("{fits}a")), "the computed tag is not legal");
}

#[test]
fn latest_on_default_branch() {
    let scheme = Latest::on_default_branch();
    gives(scheme, BuildFacts::branch("main").default_branch("main"), &["latest"]);
    gives(scheme, BuildFacts::branch("topic").default_branch("main"), &[]);
    gives(scheme, BuildFacts::branch("Main").default_branch("main"), &[]);
    gives(scheme, BuildFacts::tag("v1.2.3"), &[]);
    gives(scheme, BuildFacts::pull_request(42), &[]);
    refuses(
        scheme,
        BuildFacts::branch("main"),
        r#"the facts of the build of branch "main" do not name the default branch"#,
    );
}

#[test]
fn latest_on_release() {
    let scheme = Latest::on_release();
    gives(scheme, BuildFacts::tag("v1.2.3"), &["latest"]);
    gives(scheme, BuildFacts::tag("0.1.0+b7"), &["latest"]);
    gives(scheme, BuildFacts::tag("v1.3.0-rc.1"), &[]);
    gives(scheme, BuildFacts::tag("nightly"), &[]);
    gives(scheme, BuildFacts::branch("main").default_branch("main"), &[]);
    gives(scheme, BuildFacts::pull_request(42), &[]);
}

#[test]
fn facts_as_json() {
    for (facts, json) in [
        (BuildFacts::tag("v1.2.3"), r#"{"git_ref":{"tag":"v1.2.3"}}"#),
        (BuildFacts::pull_request(42), r#"{"git_ref":{"pull_request":42}}"#),
        (
            BuildFacts::branch("main").commit("2b2e927").default_branch("main"),
            r#"{"git_ref":{"branch":"main"},"commit":"2b2e927","default_branch":"main"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&facts).unwrap(), json);
        assert_eq!(serde_json::from_str::<BuildFacts>(json).unwrap(), facts);
    }
}

#[test]
fn facts_as_json_leave_out_what_is_not_known() {
    let facts = BuildFacts::pull_request(42)
        .event(Event::Other("workflow_call".into()))
        .base_branch("main")
        .head_branch("fix/a")
        .merge_commit(SHA1)
        .commit_date("2024-03-09T17:41:09.5+01:00".parse().unwrap())
        .merged_pull_request(41)
        .run_number(7)
        .label("publish")
        .label("alpha");
    let json = concat!(
        r#"{"git_ref":{"pull_request":42},"event":{"other":"workflow_call"},"base_branch":"main","#,
        r#""head_branch":"fix/a","merge_commit":"2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081","#,
        r#""commit_date":"2024-03-09T16:41:09Z","merged_pull_request":41,"run_number":7,"labels":["alpha","publish"]}"#,
    );
    assert_eq!(serde_json::to_string(&facts).unwrap(), json);
    assert_eq!(serde_json::from_str::<BuildFacts>(json).unwrap(), facts);
    let push = serde_json::from_str::<BuildFacts>(r#"{"git_ref":{"branch":"main"},"event":"push"}"#).unwrap();
    assert_eq!(push, BuildFacts::branch("main").event(Event::Push));
}

#[test]
fn timestamps() {
    for (text, unix) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-03-09T16:41:09Z", 1_710_002_469),
        ("2024-03-09t17:41:09.123456+01:00", 1_710_002_469),
        ("2024-03-09 08:11:09-08:30", 1_710_002_469),
        ("2000-02-29T23:59:60Z", 951_868_800),
        ("1969-12-31T23:59:59Z", -1),
    ] {
        let at: Timestamp = text.parse().unwrap();
        assert_eq!((at.unix(), Timestamp::from_unix(unix)), (unix, Ok(at)), "{text}");
        assert_eq!(at.to_string().parse(), Ok(at));
    }
    for text in [
        "",
        "2024-03-09",
        "2024-03-09T16:41:09",
        "2024-03-09T16:41Z",
        "2024-02-30T16:41:09Z",
        "2024-03-09T24:00:00Z",
        "2024-03-09T16:60:00Z",
        "2024-03-09T16:41:09.Z",
        "2024-03-09T16:41:09+1:00",
        "2024-03-09T16:41:09+24:00",
        "2024-03-09T16:41:09Zx",
        "0001-01-01T00:00:00+01:00",
        "+024-03-09T16:41:09Z",
        "2024-03-09é16:41:09Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    assert!(Timestamp::from_unix(i64::MAX).is_err() && Timestamp::from_unix(i64::MIN).is_err());
    let error = "soon".parse::<Timestamp>().unwrap_err();
    assert_eq!(error.to_string(), r#""soon" is not a date and time such as 2024-03-09T16:41:09Z"#);
}
