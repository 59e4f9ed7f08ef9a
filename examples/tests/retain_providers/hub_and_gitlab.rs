//! Docker Hub and GitLab: they delete tags and collect the rest.

use serde_json::json;

use crate::gitlab::{ACCESS, TestGitLab};
use crate::hub::TestHub;
use crate::place::{Place, words};

#[tokio::test(flavor = "multi_thread")]
async fn tags_go_from_docker_hub_and_no_manifest_is_deleted() {
    let hub = TestHub::start().await;
    hub.push("gone", &["sha-1"]);
    hub.push("stays", &["sha-2", "v1"]);
    let place = Place::new("docker-hub").logged_in(hub.mock.host(), "YWNtZWJvdDpkY2tyX3BhdF92ZXJ5c2VjcmV0");
    let api = format!("http://{}", hub.mock.host());
    let repository = hub.repo.to_string();
    let arguments = ["plan", &repository, "--policy", "policy.yaml", "--now", "2024-07-01T00:00:00Z", "--json"];
    let planned = place.run(&[&arguments[..], &["--provider-api", &api]].concat());
    assert_eq!(planned.status.code(), Some(0), "{planned:?}");
    std::fs::write(place.path().join("plan.json"), &planned.stdout).unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(plan["delete"], json!([]));
    assert_eq!(plan["untag"], json!([format!("{repository}:sha-1"), format!("{repository}:sha-2")]));
    assert_eq!(words(&place.apply(&["--provider-api", &api])), ["tag sha-1: deleted", "tag sha-2: deleted"]);
    assert_eq!(hub.state().names(), ["v1"]);
}

/// GitLab tells of no push, and what an image says of its creation is no ground to delete it, unless a policy says so.
#[tokio::test(flavor = "multi_thread")]
async fn gitlab_tells_of_no_push_so_that_an_age_keeps_everything() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("gone", &["sha-1"]);
    gitlab.push("stays", &["sha-2", "v1"]);
    let place = Place::new("gitlab")
        .with("GITLAB_TOKEN", ACCESS)
        .with("CI_API_V4_URL", &format!("http://{}/api/v4", gitlab.mock.host()));
    let repository = gitlab.repo.to_string();
    assert_eq!(place.plan(&repository)["delete_tags"], json!([]));
    let policy = "version: 1\nbasis: created\nclasses:\n  sha: { tag: { regex: 'sha-[0-9]+' } }\ndelete:\n  \
                  - { name: stale, class: sha, older_than: 30d }\n";
    std::fs::write(place.path().join("policy.yaml"), policy).unwrap();
    let plan = place.plan(&repository);
    assert_eq!(plan["untag"], json!([format!("{repository}:sha-1"), format!("{repository}:sha-2")]), "{plan}");
    assert_eq!(words(&place.apply(&[])), ["tag sha-1: deleted", "tag sha-2: deleted"]);
    assert_eq!(gitlab.state().names(), ["v1"]);
}
