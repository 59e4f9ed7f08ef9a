//! What schemes are told of a context.

use lockage_tagging::ci;
use lockage_tagging::{BuildFacts, Event};
use serde_json::json;

use super::{HEAD, MERGE, variables};

fn facts(lines: &str, event: serde_json::Value) -> BuildFacts {
    BuildFacts::from(&ci::read(&variables(lines), Some(&event)).unwrap())
}

#[test]
fn a_pull_request_is_told_with_its_branches_and_both_commits() {
    let lines = "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/pull/42/merge\nGITHUB_SHA=$MERGE
                 GITHUB_RUN_NUMBER=17\nGITHUB_HEAD_REF=feature/x\nGITHUB_BASE_REF=main";
    let event = json!({
        "number": 42, "repository": {"default_branch": "main"},
        "pull_request": {"head": {"sha": HEAD, "ref": "feature/x"}, "labels": [{"name": "deploy"}]},
    });
    let wanted = BuildFacts::pull_request(42)
        .commit(HEAD)
        .merge_commit(MERGE)
        .default_branch("main")
        .event(Event::PullRequest)
        .base_branch("main")
        .head_branch("feature/x")
        .run_number(17)
        .label("deploy");
    assert_eq!(facts(lines, event), wanted);
}

#[test]
fn a_date_is_told_only_of_the_commit_that_is_told() {
    let lines = "GITLAB_CI=true\nCI_PIPELINE_SOURCE=merge_request_event\nCI_MERGE_REQUEST_IID=42
                 CI_COMMIT_TIMESTAMP=2024-03-08T23:45:12-05:00\n";
    let merged =
        "CI_MERGE_REQUEST_EVENT_TYPE=merged_result\nCI_MERGE_REQUEST_SOURCE_BRANCH_SHA=$HEAD\nCI_COMMIT_SHA=$MERGE";
    let detached = "CI_MERGE_REQUEST_EVENT_TYPE=detached\nCI_COMMIT_SHA=$HEAD";
    let (merged, detached) = (format!("{lines}{merged}"), format!("{lines}{detached}"));
    assert_eq!(facts(&merged, json!({})).commit_date, None);
    assert_eq!(facts(&detached, json!({})).commit_date, "2024-03-09T04:45:12Z".parse().ok());
}

#[test]
fn what_was_merged_is_told_on_the_branch_it_went_into() {
    let lines = "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$MERGE";
    let facts = facts(lines, json!({"number": 42, "pull_request": {"merged": true}}));
    assert_eq!(facts, BuildFacts::branch("main").commit(MERGE).event(Event::PullRequest).merged_pull_request(42));
}

#[test]
fn an_event_without_a_name_here_keeps_its_own_and_an_unknown_one_is_none() {
    for (lines, event) in [
        ("GITLAB_CI=true\nCI_PIPELINE_SOURCE=api\nCI_COMMIT_BRANCH=main\nCI_COMMIT_SHA=$HEAD", Some("api")),
        (
            "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=merge_group\nGITHUB_REF=refs/heads/gh-readonly-queue/main/pr-1-x\nGITHUB_SHA=$HEAD",
            Some("merge_group"),
        ),
        ("CIRCLECI=true\nCIRCLE_BRANCH=main\nCIRCLE_SHA1=$HEAD", None),
    ] {
        let event = event.map(|name| Event::Other(name.to_owned()));
        assert_eq!(facts(lines, json!({})).event, event, "{lines}");
    }
}

#[test]
fn a_broken_date_is_an_error() {
    let lines = "GITLAB_CI=true\nCI_COMMIT_BRANCH=main\nCI_COMMIT_SHA=$HEAD\nCI_COMMIT_TIMESTAMP=yesterday";
    let error = ci::read(&variables(lines), None).unwrap_err();
    assert_eq!(error.variable(), Some("CI_COMMIT_TIMESTAMP"));
    let lines = "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=push\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$HEAD";
    let event = json!({"head_commit": {"id": HEAD, "timestamp": 5}});
    let error = ci::read(&variables(lines), Some(&event)).unwrap_err();
    assert_eq!(error.to_string(), r#"GitHub Actions: the event document has "5" as head_commit.timestamp"#);
}
