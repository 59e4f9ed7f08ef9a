//! GitLab CI.

use super::{refuses, says};

const JOB: &str = "
    CI=true
    GITLAB_CI=true
    CI_COMMIT_TIMESTAMP=2024-03-08T23:45:12-05:00
    CI_DEFAULT_BRANCH=main
    CI_PROJECT_NAME=app
    CI_PROJECT_TITLE=The App
    CI_PROJECT_DESCRIPTION=What we sell
    CI_PROJECT_URL=https://gitlab.example/acme/app
    CI_PIPELINE_ID=9001
    CI_PIPELINE_IID=77
    GITLAB_USER_LOGIN=jane
    CI_REGISTRY_IMAGE=registry.gitlab.example/acme/app
    CI_JOB_TOKEN=glcbt-secret
";

const COMMON: &str = "
    provider=gitlab
    commit_date=2024-03-09T04:45:12Z
    default_branch=main
    name=The App
    description=What we sell
    url=https://gitlab.example/acme/app
    run_id=9001
    run_number=77
    actor=jane
    image=registry.gitlab.example/acme/app
";

fn job(lines: &str) -> String {
    format!("{JOB}{lines}")
}

#[test]
fn a_pipeline_of_a_branch_or_a_tag() {
    for (source, event) in [
        ("push", "Push"),
        ("schedule", "Schedule"),
        ("web", "Manual"),
        ("api", "Triggered"),
        ("trigger", "Triggered"),
        ("parent_pipeline", "Triggered"),
        ("ondemand_dast_scan", "Other"),
    ] {
        for (variable, reference, facts) in [
            ("CI_COMMIT_BRANCH=release/1.x", "refs/heads/release/1.x", "Branch(\"release/1.x\")"),
            ("CI_COMMIT_TAG=v1.2.3", "refs/tags/v1.2.3", "Tag(\"v1.2.3\")"),
        ] {
            let lines = job(&format!("CI_PIPELINE_SOURCE={source}\n{variable}\nCI_COMMIT_SHA=$HEAD"));
            let expected = format!(
                "{COMMON}\nevent={event}\nevent_name={source}\nref={reference}\nsha=$HEAD\nmerge=false\nfacts={facts} $HEAD"
            );
            says(&lines, None, &expected);
        }
    }
}

const MERGE_REQUEST: &str = "
    CI_PIPELINE_SOURCE=merge_request_event
    CI_MERGE_REQUEST_IID=42
    CI_MERGE_REQUEST_REF_PATH=refs/merge-requests/42/head
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=feature/x
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
    CI_MERGE_REQUEST_PROJECT_ID=10
    CI_MERGE_REQUEST_LABELS=deploy,area::api
";

#[test]
fn a_merge_request_is_built_at_its_head_or_merged() {
    for (kind, head, sha, event, merge) in [
        ("detached", "", "$HEAD", "PullRequest", false),
        ("merged_result", "$HEAD", "$MERGE", "PullRequest", true),
        ("merge_train", "$HEAD", "$MERGE", "MergeGroup", true),
    ] {
        for (project, fork) in [("10", false), ("11", true)] {
            let lines = job(&format!(
                "{MERGE_REQUEST}\nCI_MERGE_REQUEST_EVENT_TYPE={kind}\nCI_MERGE_REQUEST_SOURCE_BRANCH_SHA={head}
                 CI_MERGE_REQUEST_SOURCE_PROJECT_ID={project}\nCI_COMMIT_SHA={sha}"
            ));
            let expected = format!(
                "{COMMON}\nevent={event}\nevent_name=merge_request_event\nref=refs/pull/42/merge\nsha={sha}\npull_request=42
                 labels=area::api deploy\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork={fork}\nmerge={merge}\nfacts=PullRequest(42) $HEAD"
            );
            says(&lines, None, &expected);
        }
    }
}

#[test]
fn a_merge_commit_without_a_head_leaves_the_head_unknown() {
    let lines = job(&format!("{MERGE_REQUEST}\nCI_MERGE_REQUEST_EVENT_TYPE=merged_result\nCI_COMMIT_SHA=$MERGE"));
    let expected = format!(
        "{COMMON}\nevent=PullRequest\nevent_name=merge_request_event\nref=refs/pull/42/merge\nsha=$MERGE\npull_request=42
         labels=area::api deploy\nhead_ref=feature/x\nbase_ref=main\nfacts=PullRequest(42) -"
    );
    says(&lines, None, &expected);
}

#[test]
fn a_pull_request_on_github_of_which_gitlab_runs_the_pipeline() {
    let lines = job(
        "CI_PIPELINE_SOURCE=external_pull_request_event\nCI_EXTERNAL_PULL_REQUEST_IID=42
                     CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY=acme/app
                     CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY=acme/app
                     CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME=feature/x
                     CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME=main
                     CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA=$HEAD\nCI_COMMIT_SHA=$HEAD\nCI_COMMIT_BRANCH=feature/x",
    );
    let expected = format!(
        "{COMMON}\nevent=PullRequest\nevent_name=external_pull_request_event\nref=refs/pull/42/merge\nsha=$HEAD
         pull_request=42\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork=false\nmerge=false
         facts=PullRequest(42) $HEAD"
    );
    says(&lines, None, &expected);
}

#[test]
fn what_is_missing_or_contradicts_is_named() {
    for (lines, message) in [
        ("CI_COMMIT_TAG=v1", "GitLab CI: the variable CI_COMMIT_SHA is not set"),
        ("CI_COMMIT_SHA=$HEAD", "GitLab CI: the variable CI_COMMIT_BRANCH is not set"),
        (
            "CI_COMMIT_SHA=$HEAD\nCI_COMMIT_TAG=v1\nCI_COMMIT_BRANCH=main",
            r#"GitLab CI: CI_COMMIT_TAG is "v1", and CI_COMMIT_BRANCH is "main""#,
        ),
        (
            "CI_COMMIT_SHA=$HEAD\nCI_COMMIT_TAG=v1\nCI_MERGE_REQUEST_IID=4",
            r#"GitLab CI: CI_MERGE_REQUEST_IID is "4", and CI_COMMIT_TAG is "v1""#,
        ),
        (
            "CI_COMMIT_SHA=$HEAD\nCI_MERGE_REQUEST_IID=!4",
            r#"GitLab CI: the variable CI_MERGE_REQUEST_IID is "!4", which is not the number of a pull request"#,
        ),
        (
            "CI_COMMIT_SHA=$HEAD\nCI_PIPELINE_SOURCE=external_pull_request_event",
            "GitLab CI: the variable CI_EXTERNAL_PULL_REQUEST_IID is not set",
        ),
    ] {
        refuses(&job(lines), None, message);
    }
}
