//! GitHub, GitLab and a metric over HTTP, on servers that answer as their documentation says.

use std::time::Duration;

use lockage_promote::Verdict;
use lockage_promote::pipeline::http::{Api, HttpProbe, Limit, Token};
use lockage_promote::pipeline::step::{Probe as _, ProbeContext};
use lockage_promote::pipeline::vcs::{CheckState, GitHub, GitLab, Vcs, VcsError, VcsErrorKind};
use serde_json::{Value, json};

use crate::stand_in::{Answer, StandIn, ok};
use crate::world::{COMMIT, now};

const SECRET: &str = "ghp_hunter2";

async fn github() -> (StandIn, GitHub) {
    let server = StandIn::start().await;
    let github = GitHub::new(&server.base, "acme", "app", Some(Token::bearer(SECRET))).unwrap();
    (server, github)
}

async fn gitlab() -> (StandIn, GitLab) {
    let server = StandIn::start().await;
    let base = format!("{}/api/v4", server.base);
    let gitlab = GitLab::new(&base, "acme/team/app", Some(Token::private(SECRET))).unwrap();
    (server, gitlab)
}

fn pull(number: u64, merged: bool) -> Value {
    json!({"number": number, "user": {"login": "alice"}, "head": {"sha": "aaaa", "ref": "fix"},
        "base": {"sha": "bbbb", "ref": "main"}, "state": if merged { "closed" } else { "open" },
        "merged_at": merged.then_some("2026-11-01T10:00:00Z"), "merge_commit_sha": COMMIT})
}

#[tokio::test]
async fn github_tells_pull_requests_branches_checks_and_reviews() {
    let (server, github) = github().await;
    let below = format!("/repos/acme/app/commits/{COMMIT}");
    let next =
        format!("<{}{below}/pulls?per_page=100&page=2>; rel=\"next\", <{}/x>; rel=\"last\"", server.base, server.base);
    server.on(
        &format!("{below}/pulls?per_page=100"),
        Answer(200, vec![("link", next)], json!([pull(42, true)]).to_string()),
    );
    server.on(&format!("{below}/pulls?per_page=100&page=2"), ok(json!([pull(43, false)])));
    let pulls = github.pull_requests_of(COMMIT).await.unwrap();
    assert_eq!(pulls.iter().map(|one| one.number).collect::<Vec<_>>(), [42, 43], "both pages");
    assert_eq!((pulls[0].merged_as.as_slice(), pulls[0].base.as_str()), (&[COMMIT.to_owned()][..], "main"));
    assert!(pulls[1].merged_as.is_empty(), "its merge commit is only a test");

    server.on("/repos/acme/app/branches/release%2F1.0", ok(json!({"name": "release/1.0", "protected": true})));
    assert!(github.is_protected("release/1.0").await.unwrap());
    for (status, expected) in [("identical", true), ("behind", true), ("ahead", false), ("diverged", false)] {
        server.on(&format!("/repos/acme/app/compare/main...{COMMIT}?per_page=1"), ok(json!({"status": status})));
        assert_eq!(github.is_reachable(COMMIT, "main").await.unwrap(), expected, "{status}");
    }

    let run =
        |name: &str, status: &str, conclusion: Value| json!({"name": name, "status": status, "conclusion": conclusion});
    let runs = json!([
        run("test", "completed", "success".into()),
        run("e2e", "in_progress", Value::Null),
        run("docs", "completed", "skipped".into()),
        run("lint", "completed", "timed_out".into())
    ]);
    server.on(
        &format!("{below}/check-runs?filter=latest&per_page=100"),
        ok(json!({"total_count": 4, "check_runs": runs})),
    );
    let statuses = json!([{"context": "ci/old", "state": "pending"}, {"context": "ci/new", "state": "error"}]);
    let combined = json!({"state": "failure", "total_count": 2, "statuses": statuses});
    server.on(&format!("{below}/status?per_page=100"), ok(combined));
    let states: Vec<_> = github.checks(COMMIT).await.unwrap().into_iter().map(|one| (one.name, one.state)).collect();
    use CheckState::{Failed, Passed, Pending, Skipped};
    let expected = [
        ("test", Passed),
        ("e2e", Pending),
        ("docs", Skipped),
        ("lint", Failed),
        ("ci/old", Pending),
        ("ci/new", Failed),
    ];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state)));

    server.on("/repos/acme/app/pulls/42", ok(pull(42, true)));
    let review =
        |who: &str, state: &str, commit: &str| json!({"user": {"login": who}, "state": state, "commit_id": commit});
    let reviews = json!([
        review("bob", "CHANGES_REQUESTED", "9999"),
        review("bob", "APPROVED", "aaaa"),
        review("bob", "COMMENTED", "aaaa"),
        review("carol", "APPROVED", "9999"),
        review("dan", "APPROVED", "aaaa"),
        review("dan", "DISMISSED", "aaaa")
    ]);
    server.on("/repos/acme/app/pulls/42/reviews?per_page=100", ok(reviews));
    let reviewed = github.reviews(42).await.unwrap();
    let last: Vec<_> =
        reviewed.reviews.iter().map(|one| (one.by.as_str(), one.approves, one.commit.as_deref())).collect();
    assert_eq!(last, [("bob", true, Some("aaaa")), ("carol", true, Some("9999"))]);
    assert_eq!(reviewed.pull_request.author, "alice");
    let asked = server.asked();
    assert!(asked.iter().all(|one| one.headers["authorization"] == format!("Bearer {SECRET}")));
    assert!(asked.iter().all(|one| one.headers["accept"] == "application/vnd.github+json"));
}

#[tokio::test]
async fn gitlab_tells_merge_requests_branches_statuses_and_approvals() {
    let (server, gitlab) = gitlab().await;
    let project = "/api/v4/projects/acme%2Fteam%2Fapp";
    let commit = format!("{project}/repository/commits/{COMMIT}");
    let request = |iid: u64, state: &str, merge: Value, squash: Value| {
        json!({"iid": iid, "author": {"username": "alice"}, "sha": "aaaa", "target_branch": "main", "state": state,
            "merge_commit_sha": merge, "squash_commit_sha": squash})
    };
    let all = json!([
        request(42, "merged", "mmmm".into(), COMMIT.into()),
        request(43, "merged", Value::Null, Value::Null),
        request(44, "opened", Value::Null, Value::Null)
    ]);
    server.on(&format!("{commit}/merge_requests?per_page=100"), ok(all));
    let pulls = gitlab.pull_requests_of(COMMIT).await.unwrap();
    let became: Vec<_> = pulls.iter().map(|one| (one.number, one.merged_as.join(" "))).collect();
    assert_eq!(became, [(42, format!("mmmm {COMMIT}")), (43, "aaaa".into()), (44, String::new())]);

    server.on(&format!("{project}/repository/branches/main"), ok(json!({"name": "main", "protected": false})));
    assert!(!gitlab.is_protected("main").await.unwrap());
    let next = format!("<{}{commit}/refs?page=2>; rel=\"next\"", server.base);
    let first = json!([{"type": "branch", "name": "maintenance"}, {"type": "tag", "name": "main"}]).to_string();
    server.on(&format!("{commit}/refs?type=branch&per_page=100"), Answer(200, vec![("link", next)], first));
    server.on(&format!("{commit}/refs?page=2"), ok(json!([{"type": "branch", "name": "release"}])));
    assert!(gitlab.is_reachable(COMMIT, "release").await.unwrap());
    assert!(!gitlab.is_reachable(COMMIT, "main").await.unwrap());

    let status =
        |name: &str, status: &str, may_fail: bool| json!({"name": name, "status": status, "allow_failure": may_fail});
    let statuses = json!([
        status("test", "success", false),
        status("lint", "failed", true),
        status("e2e", "failed", false),
        status("deploy", "manual", false),
        status("optional", "manual", true),
        status("build", "running", false),
        status("new", "exploded", false)
    ]);
    server.on(&format!("{commit}/statuses?per_page=100"), ok(statuses));
    use CheckState::{Failed, Passed, Pending, Skipped};
    let states: Vec<_> = gitlab.checks(COMMIT).await.unwrap().iter().map(|one| one.state).collect();
    assert_eq!(states, [Passed, Skipped, Failed, Pending, Skipped, Pending, Failed]);

    let below = format!("{project}/merge_requests/42");
    server.on(&below, ok(request(42, "merged", COMMIT.into(), Value::Null)));
    server.on(&format!("{below}/approvals"), ok(json!({"approved_by": [{"user": {"username": "bob"}}]})));
    let reviewers = json!([{"user": {"username": "carol"}, "state": "requested_changes"}, {"user": {"username": "bob"}, "state": "approved"}]);
    server.on(&format!("{below}/reviewers?per_page=100"), ok(reviewers));
    let reviewed = gitlab.reviews(42).await.unwrap();
    let last: Vec<_> = reviewed.reviews.iter().map(|one| (one.by.as_str(), one.approves)).collect();
    assert_eq!(last, [("bob", true), ("carol", false)]);
    assert!(server.asked().iter().all(|one| one.headers["private-token"] == SECRET));
}

#[tokio::test]
async fn failures_have_their_kind_and_never_show_the_token() {
    let (server, github) = github().await;
    let path = "/repos/acme/app/branches/main";
    let said = || r#"{"message":"because"}"#.to_owned();
    use VcsErrorKind::*;
    for (answer, kind, after) in [
        (Answer(401, vec![], said()), Unauthorized, None),
        (Answer(403, vec![("x-ratelimit-remaining", "12".into())], said()), Denied, None),
        (Answer(403, vec![("x-ratelimit-remaining", "0".into())], said()), RateLimited, None),
        (Answer(403, vec![("retry-after", "60".into())], said()), RateLimited, Some(60)),
        (Answer(404, vec![], said()), NotFound, None),
        (Answer(429, vec![("retry-after", "7".into())], said()), RateLimited, Some(7)),
        (Answer(301, vec![("location", "https://elsewhere.example/".into())], said()), Moved, None),
        (Answer(422, vec![], said()), Refused, None),
        (Answer(502, vec![], "<html>".into()), Unavailable, None),
        (Answer(204, vec![], String::new()), Unreadable, None),
        (Answer(200, vec![], "<html>".into()), Unreadable, None),
        (Answer(200, vec![], r#"{"name":"main"}"#.into()), Unreadable, None),
    ] {
        server.on(path, answer.clone());
        let error = github.is_protected("main").await.unwrap_err();
        assert_eq!((error.kind, error.retry_after), (kind, after.map(Duration::from_secs)), "{answer:?}: {error}");
        let shown = format!("{error} {error:?} {github:?} {}", error.remedy());
        assert!(!shown.contains(SECRET) && !error.to_string().contains('\n'), "{shown}");
    }
    let gone = GitHub::new("http://127.0.0.1:1", "acme", "app", None).unwrap();
    assert_eq!(gone.is_protected("main").await.unwrap_err().kind, Unreachable);
    let refused = |made: Result<GitHub, VcsError>| made.unwrap_err().kind;
    assert_eq!(refused(GitHub::new("http://github.example", "acme", "app", Some(Token::bearer("x")))), Refused);
    assert_eq!(refused(GitHub::new("https://u:p@github.example", "acme", "app", None)), Refused);
    assert_eq!(refused(GitHub::new("https://github.example", "..", "app", None)), Refused);
    let before = server.asked().len();
    let crooked = GitHub::new(&server.base, "acme", "app", Some(Token::bearer("a\nb"))).unwrap();
    assert_eq!(crooked.is_protected("main").await.unwrap_err().kind, Unauthorized);
    assert_eq!(server.asked().len(), before, "nothing was sent");
}

#[tokio::test]
async fn a_list_that_is_not_whole_is_an_error() {
    let (server, github) = github().await;
    let below = format!("/repos/acme/app/commits/{COMMIT}");
    let one = json!({"name": "test", "status": "completed", "conclusion": "success"});
    server.on(
        &format!("{below}/check-runs?filter=latest&per_page=100"),
        ok(json!({"total_count": 2, "check_runs": [one]})),
    );
    server
        .on(&format!("{below}/status?per_page=100"), ok(json!({"state": "success", "total_count": 0, "statuses": []})));
    assert_eq!(github.checks(COMMIT).await.unwrap_err().kind, VcsErrorKind::Unreadable);
    // A page that is elsewhere would be given the token.
    let other = StandIn::start().await;
    let away = format!("<{}/next>; rel=\"next\"", other.base);
    server.on(&format!("{below}/pulls?per_page=100"), Answer(200, vec![("link", away)], "[]".into()));
    assert_eq!(github.pull_requests_of(COMMIT).await.unwrap_err().kind, VcsErrorKind::Unreadable);
    assert!(other.asked().is_empty());
    // One that leads to itself has no end.
    let own = format!("<{}{below}/pulls?per_page=100>; rel=\"next\"", server.base);
    server.on(&format!("{below}/pulls?per_page=100"), Answer(200, vec![("link", own)], "[]".into()));
    assert_eq!(github.pull_requests_of(COMMIT).await.unwrap_err().kind, VcsErrorKind::TooMuch);
}

#[tokio::test]
async fn a_metric_over_http_is_good_bad_not_there_or_an_error() {
    let server = StandIn::start().await;
    let api = || Api::new(&server.base, Some(Token::bearer(SECRET))).unwrap();
    let probe = || {
        HttpProbe::new(api(), "/data/result/0/value/1", Limit::AtMost(0.01))
            .below(["api", "v1", "query"])
            .query("query", "rate(errors[5m])")
    };
    let path = "/api/v1/query?query=rate%28errors%5B5m%5D%29";
    let value = |value: Value| ok(json!({"status": "success", "data": {"result": [{"value": [1, value]}]}}));
    let context = ProbeContext::new(now(), None);
    server.on(path, value("0.002".into()));
    assert!(matches!(probe().look(&context).await.unwrap(), Verdict::Pass(_)));
    server.on(path, value(json!(0.07)));
    assert_eq!(probe().look(&context).await.unwrap(), Verdict::fail("0.07, and at most 0.01 is asked for"));
    for nonsense in ["NaN", "+Inf", "many", ""] {
        server.on(path, value(nonsense.into()));
        assert!(probe().look(&context).await.is_err(), "{nonsense}");
    }
    server.on(path, ok(json!({"status": "success", "data": {"result": []}})));
    assert!(probe().look(&context).await.is_err());
    assert!(matches!(probe().waits_until_there().look(&context).await.unwrap(), Verdict::Wait { .. }));
    server.on(path, Answer(503, vec![], String::new()));
    let error = probe().waits_until_there().look(&context).await.unwrap_err().to_string();
    assert!(error.contains("503") && !error.contains("rate") && !error.contains(SECRET), "{error}");
    assert!(probe().query("digest", "{digest}").look(&context).await.is_err(), "of no image");
}
