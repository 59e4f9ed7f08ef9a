//! GitHub Actions, and Forgejo where it differs.

use serde_json::{Value, json};

use super::{HEAD, MERGE, refuses, says};

const RUN: &str = "
    CI=true
    GITHUB_ACTIONS=true
    GITHUB_REPOSITORY=acme/app
    GITHUB_SERVER_URL=https://github.com
    GITHUB_RUN_ID=1658821493
    GITHUB_RUN_NUMBER=17
    GITHUB_ACTOR=octocat
    GITHUB_HEAD_REF=
    GITHUB_BASE_REF=
";

fn run(lines: &str) -> String {
    format!("{RUN}{lines}")
}

fn repository() -> Value {
    json!({
        "name": "app", "full_name": "acme/app", "description": "What we sell", "html_url": "https://github.com/acme/app",
        "default_branch": "main", "license": {"spdx_id": "MIT"},
    })
}

fn pull_request(head: Value) -> Value {
    json!({
        "action": "synchronize", "number": 42, "repository": repository(),
        "pull_request": {
            "number": 42, "merge_commit_sha": MERGE, "labels": [{"name": "deploy"}, {"name": "area/api"}],
            "head": {"ref": "feature/x", "sha": HEAD, "repo": head},
            "base": {"ref": "main", "sha": "5f3331d7f7044c18ca9f12c77d961c4d7cf3276a", "repo": {"full_name": "acme/app"}},
        },
    })
}

const COMMON: &str = "
    provider=github
    name=app
    description=What we sell
    url=https://github.com/acme/app
    license=MIT
    default_branch=main
    run_id=1658821493
    run_number=17
    actor=octocat
";

#[test]
fn a_push_to_a_branch() {
    let event = json!({
        "ref": "refs/heads/main", "after": HEAD, "repository": repository(),
        "commits": [
            {"id": MERGE, "timestamp": "2024-03-08T10:00:00+01:00"}, {"id": HEAD, "timestamp": "2024-03-08T23:45:12-05:00"},
        ],
        "head_commit": {"id": HEAD, "timestamp": "2024-03-08T23:45:12-05:00", "message": "Fix the lock (#41)"},
    });
    let lines = run("GITHUB_EVENT_NAME=push\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$HEAD");
    let expected = "
        event=Push
        event_name=push
        ref=refs/heads/main
        sha=$HEAD
        commit_date=2024-03-09T04:45:12Z
        commit_message=Fix the lock (#41)
        merge=false
        facts=Branch(\"main\") $HEAD";
    says(&lines, Some(&event), &format!("{COMMON}{expected}"));
    // Without the document, the variables still say what is built and where.
    says(
        &lines,
        None,
        "provider=github\nevent=Push\nevent_name=push\nref=refs/heads/main\nsha=$HEAD\nmerge=false\nname=app
         url=https://github.com/acme/app\nrun_id=1658821493\nrun_number=17\nactor=octocat
         facts=Branch(\"main\") $HEAD",
    );
}

#[test]
fn a_tag_a_release_a_schedule_and_a_manual_run() {
    for (name, event, reference, facts) in [
        ("push", "Push", "refs/tags/app/v1.2.3", "Tag(\"app/v1.2.3\")"),
        ("release", "Release", "refs/tags/v1.2.3", "Tag(\"v1.2.3\")"),
        ("schedule", "Schedule", "refs/heads/main", "Branch(\"main\")"),
        ("workflow_dispatch", "Manual", "refs/heads/release/1.x", "Branch(\"release/1.x\")"),
        ("workflow_run", "Triggered", "refs/heads/main", "Branch(\"main\")"),
        ("issue_comment", "Other", "refs/heads/main", "Branch(\"main\")"),
    ] {
        let lines = run(&format!("GITHUB_EVENT_NAME={name}\nGITHUB_REF={reference}\nGITHUB_SHA=$HEAD"));
        let expected = format!(
            "{COMMON}\nevent={event}\nevent_name={name}\nref={reference}\nsha=$HEAD\nmerge=false\nfacts={facts} $HEAD"
        );
        says(&lines, Some(&json!({"repository": repository()})), &expected);
    }
}

#[test]
fn a_pull_request_of_the_repository_itself_and_of_a_fork() {
    let lines = run("GITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/pull/42/merge\nGITHUB_SHA=$MERGE
                     GITHUB_HEAD_REF=feature/x\nGITHUB_BASE_REF=main");
    for (head, fork) in [
        (json!({"full_name": "acme/app"}), false),
        (json!({"full_name": "stranger/app"}), true),
        // The fork was deleted since.
        (Value::Null, true),
    ] {
        let expected = format!(
            "{COMMON}\nevent=PullRequest\nevent_name=pull_request\nref=refs/pull/42/merge\nsha=$MERGE\npull_request=42
             labels=area/api deploy\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork={fork}\nmerge=true\nfacts=PullRequest(42) $HEAD"
        );
        says(&lines, Some(&pull_request(head)), &expected);
    }
}

#[test]
fn a_pull_request_target_is_its_pull_request_though_its_base_is_checked_out() {
    let lines = run("GITHUB_EVENT_NAME=pull_request_target\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$MERGE
                     GITHUB_HEAD_REF=feature/x\nGITHUB_BASE_REF=main");
    let expected = format!(
        "{COMMON}\nevent=PullRequestTarget\nevent_name=pull_request_target\nref=refs/pull/42/merge\nsha=$MERGE
         pull_request=42\nlabels=area/api deploy\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork=true\nmerge=false
         facts=PullRequest(42) $HEAD"
    );
    says(&lines, Some(&pull_request(json!({"full_name": "stranger/app"}))), &expected);
    refuses(&lines, None, "GitHub Actions: the event document has no pull_request.number");
}

#[test]
fn a_pull_request_that_was_merged_is_built_on_the_branch_it_went_into() {
    let lines = run("GITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$MERGE
                     GITHUB_HEAD_REF=feature/x\nGITHUB_BASE_REF=main");
    let expected = format!(
        "{COMMON}\nevent=PullRequest\nevent_name=pull_request\nref=refs/heads/main\nsha=$MERGE\npull_request=42
         labels=area/api deploy\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork=false\nmerge=false\nfacts=Branch(\"main\") $MERGE"
    );
    says(&lines, Some(&pull_request(json!({"full_name": "acme/app"}))), &expected);
}

#[test]
fn a_merge_queue_builds_its_own_branch() {
    let queue = "refs/heads/gh-readonly-queue/main/pr-42-5f3331d7f7044c18ca9f12c77d961c4d7cf3276a";
    let lines = run(&format!("GITHUB_EVENT_NAME=merge_group\nGITHUB_REF={queue}\nGITHUB_SHA=$MERGE"));
    let event = json!({
        "action": "checks_requested", "repository": repository(),
        "merge_group": {
            "head_sha": MERGE, "head_ref": queue, "base_ref": "refs/heads/main",
            "head_commit": {"id": MERGE, "timestamp": "2024-03-09T08:00:00Z"},
        },
    });
    let branch = queue.strip_prefix("refs/heads/").unwrap();
    let expected = format!(
        "{COMMON}\nevent=MergeGroup\nevent_name=merge_group\nref={queue}\nsha=$MERGE\nhead_ref={branch}\nbase_ref=main
         commit_date=2024-03-09T08:00:00Z\nmerge=false\nfacts=Branch(\"{branch}\") $MERGE"
    );
    says(&lines, Some(&event), &expected);
}

#[test]
fn forgejo_checks_out_the_head_of_a_pull_request() {
    let lines =
        run("GITEA_ACTIONS=true\nGITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/pull/42/head\nGITHUB_SHA=$HEAD");
    let common = COMMON.replace("provider=github", "provider=forgejo");
    let expected = format!(
        "{common}\nevent=PullRequest\nevent_name=pull_request\nref=refs/pull/42/head\nsha=$HEAD\npull_request=42
         labels=area/api deploy\nhead_sha=$HEAD\nhead_ref=feature/x\nbase_ref=main\nfork=true\nmerge=false\nfacts=PullRequest(42) $HEAD"
    );
    says(&lines, Some(&pull_request(json!({"full_name": "stranger/app"}))), &expected);
    // The head is known without the document, too.
    says(
        &lines,
        None,
        "provider=forgejo\nevent=PullRequest\nevent_name=pull_request\nref=refs/pull/42/head\nsha=$HEAD
         pull_request=42\nhead_sha=$HEAD\nmerge=false\nname=app\nurl=https://github.com/acme/app\nrun_id=1658821493
         run_number=17\nactor=octocat\nfacts=PullRequest(42) $HEAD",
    );
}

#[test]
fn what_is_missing_or_broken_is_named() {
    let without = |name: &str| {
        let all = run("GITHUB_EVENT_NAME=push\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$HEAD");
        all.lines().filter(|line| !line.trim_start().starts_with(&format!("{name}="))).collect::<Vec<_>>().join("\n")
    };
    for name in ["GITHUB_EVENT_NAME", "GITHUB_REF", "GITHUB_SHA"] {
        let error = refuses(&without(name), None, &format!("GitHub Actions: the variable {name} is not set"));
        assert_eq!(error.variable(), Some(name));
    }
    let with =
        |line: &str| format!("{}\n{line}", run("GITHUB_EVENT_NAME=push\nGITHUB_REF=refs/heads/main\nGITHUB_SHA=$HEAD"));
    for (line, message) in [
        (
            "GITHUB_REF=main",
            r#"GitHub Actions: the variable GITHUB_REF is "main", which is not a reference to a branch, a tag or a pull request"#,
        ),
        (
            "GITHUB_REF=refs/pull/x/merge",
            r#"GitHub Actions: the variable GITHUB_REF is "refs/pull/x/merge", which is not a reference to a branch, a tag or a pull request"#,
        ),
        (
            "GITHUB_REF=refs/pull/+5/merge",
            r#"GitHub Actions: the variable GITHUB_REF is "refs/pull/+5/merge", which is not a reference to a branch, a tag or a pull request"#,
        ),
        (
            "GITHUB_SHA=HEAD",
            r#"GitHub Actions: the variable GITHUB_SHA is "HEAD", which is not the identifier of a commit, 7 to 64 hexadecimal digits"#,
        ),
        // What a push that deletes a branch says.
        (
            "GITHUB_SHA=0000000000000000000000000000000000000000",
            r#"GitHub Actions: the variable GITHUB_SHA is "0000000000000000000000000000000000000000", which is not the identifier of a commit, 7 to 64 hexadecimal digits"#,
        ),
    ] {
        refuses(&with(line), None, message);
    }
}

#[test]
fn an_event_of_another_run_is_noticed() {
    let lines = run("GITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/pull/7/merge\nGITHUB_SHA=$MERGE");
    refuses(
        &lines,
        Some(&pull_request(Value::Null)),
        r#"GitHub Actions: GITHUB_REF is "pull request 7", and the event's pull_request.number is "42""#,
    );
    let lines = run("GITHUB_EVENT_NAME=pull_request\nGITHUB_REF=refs/pull/42/merge\nGITHUB_SHA=$MERGE");
    let mut event = pull_request(Value::Null);
    event["number"] = json!(43);
    refuses(
        &lines,
        Some(&event),
        r#"GitHub Actions: the event's number is "43", and the event's pull_request.number is "42""#,
    );
    let mut event = pull_request(Value::Null);
    event["pull_request"]["head"]["sha"] = json!("main");
    refuses(&lines, Some(&event), r#"GitHub Actions: the event document has "\"main\"" as pull_request.head.sha"#);
}
