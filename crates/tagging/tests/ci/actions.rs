//! What the rules of the action are told of a context.
#![cfg(feature = "actions")]

use lockage_tagging::actions::{Action, Context, Inputs, Profile};
use lockage_tagging::ci::{self, Provider};
use serde_json::json;

use super::{HEAD, MERGE, variables};

const RULES: [&str; 8] = [
    "type=schedule",
    "type=semver,pattern={{version}}",
    "type=ref,event=branch",
    "type=ref,event=pr",
    "type=edge",
    "type=raw,value=default,enable={{is_default_branch}}",
    "type=raw,value=into-{{base_ref}},enable={{is_not_default_branch}},priority=1",
    "type=raw,value={{commit_date 'YYYYMMDD'}},priority=0",
];

#[track_caller]
fn gives(context: &Context, wanted: &[&str]) {
    let inputs = RULES.into_iter().fold(Inputs::new(), Inputs::tag);
    let now = "2030-01-01T00:00:00Z".parse().unwrap();
    let metadata = Action::new(inputs).profile(Profile::Compatible).evaluate(context, now).unwrap();
    assert_eq!(metadata.tag_names, wanted);
}

#[track_caller]
fn converted(lines: &str) -> Context {
    Context::from(&ci::read(&variables(lines), None).unwrap())
}

const GITLAB: &str = "GITLAB_CI=true\nCI_DEFAULT_BRANCH=main\nCI_COMMIT_TIMESTAMP=2024-03-08T23:45:12-05:00\n";

#[test]
fn events_of_other_systems_are_told_in_the_words_that_rules_ask_for() {
    let job = |lines: &str| converted(&format!("{GITLAB}{lines}"));
    gives(
        &job("CI_PIPELINE_SOURCE=schedule\nCI_COMMIT_BRANCH=main\nCI_COMMIT_SHA=$HEAD"),
        &["nightly", "edge", "main", "default", "20240309"],
    );
    gives(
        &job("CI_PIPELINE_SOURCE=push\nCI_COMMIT_TAG=v1.2.3\nCI_COMMIT_SHA=$HEAD"),
        &["1.2.3", "into-", "20240309", "latest"],
    );
    gives(
        &job("CI_PIPELINE_SOURCE=merge_request_event\nCI_MERGE_REQUEST_IID=42\nCI_COMMIT_SHA=$HEAD
             CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main"),
        &["pr-42", "into-main", "20240309"],
    );
    gives(
        &converted("TF_BUILD=True\nBUILD_REASON=Schedule\nBUILD_SOURCEBRANCH=refs/heads/x\nBUILD_SOURCEVERSION=$HEAD"),
        // On a schedule every branch counts as the default one.
        &["nightly", "x", "default", "20300101"],
    );
    // A word of another system is not taken for one of GitHub's.
    gives(
        &job("CI_PIPELINE_SOURCE=schedules_created_issues\nCI_COMMIT_BRANCH=x\nCI_COMMIT_SHA=$HEAD"),
        &["x", "into-", "20240309"],
    );
}

#[test]
fn the_head_of_a_merge_request_is_found_where_the_action_looks() {
    let lines = "CI_PIPELINE_SOURCE=merge_request_event\nCI_MERGE_REQUEST_IID=42\nCI_COMMIT_SHA=$MERGE
                 CI_MERGE_REQUEST_EVENT_TYPE=merged_result\nCI_MERGE_REQUEST_SOURCE_BRANCH_SHA=$HEAD";
    let mut context = converted(&format!("{GITLAB}{lines}"));
    let sha =
        |context: &Context| context.resolve("2030-01-01T00:00:00Z".parse().unwrap(), Profile::Compatible).unwrap().sha;
    assert_eq!(sha(&context), MERGE);
    context.settings.pr_head_sha = Some("true".to_owned());
    assert_eq!(sha(&context), HEAD);
}

#[test]
fn on_github_the_action_sees_what_it_would_see() {
    let event = json!({
        "number": 42, "pull_request": {"head": {"sha": HEAD}},
        "repository": {"name": "app", "description": null, "html_url": "https://github.com/acme/app",
            "default_branch": "main", "license": {"spdx_id": "MIT"}},
    });
    let lines = "GITHUB_EVENT_NAME=pull_request_target\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$MERGE
                 DOCKER_METADATA_SHORT_SHA_LENGTH=9";
    let context = ci::action_context(&variables(lines), Some(&event));
    assert_eq!((context.git_ref.as_str(), context.sha.as_str()), ("refs/heads/main", MERGE));
    assert_eq!(context.payload, event);
    assert_eq!(context.settings.short_sha_length.as_deref(), Some("9"));
    assert_eq!(context.repo.name.as_deref(), Some("app"));
    assert_eq!(context.repo.license.unwrap().spdx_id.as_deref(), Some("MIT"));
    let resolved = ci::action_context(&variables(lines), Some(&event))
        .resolve("2030-01-01T00:00:00Z".parse().unwrap(), Profile::Compatible)
        .unwrap();
    assert_eq!(resolved.git_ref, "refs/pull/42/merge");
}

#[test]
fn a_context_read_from_github_comes_to_the_same_tags() {
    let event = json!({"repository": {"default_branch": "main"}});
    let lines = "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=push\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$HEAD";
    let read = Provider::GitHub.context(&variables(lines), Some(&event)).unwrap();
    let wanted = ["edge", "main", "default", "20300101"];
    gives(&Context::from(&read), &wanted);
    gives(&ci::action_context(&variables(lines), Some(&event)), &wanted);
}
