//! GitHub: versions go with all their tags, a tag by way of a manifest made for it, and what went is restored.

use serde_json::json;

use crate::github::{GitHub, TOKEN};
use crate::place::{Place, words};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_executed_and_undone_by_the_packages_api() {
    let github = GitHub::start().await;
    let gone = github.push("gone", &["sha-1"]);
    let stays = github.push("stays", &["sha-2", "v1"]);
    github.push("other", &["v2"]);
    let place = Place::new("ghcr")
        .with("GITHUB_TOKEN", TOKEN)
        .with("GITHUB_API_URL", &format!("http://{}", github.mock.host()));
    let plan = place.plan(&github.repo.to_string());
    assert_eq!(plan["delete"], json!([format!("{}@{gone}", github.repo)]));
    assert_eq!(plan["untag"], json!([format!("{}:sha-2", github.repo)]));

    assert_eq!(words(&place.apply(&[])), ["manifest: deleted", "tag sha-2: deleted"]);
    assert_eq!(github.state().tags_of(&gone), None);
    assert_eq!(github.state().tags_of(&stays).unwrap(), ["v1"], "the version stays with its other tag");
    assert_eq!(github.count("DELETE", "/v2/"), 0, "the distribution API deletes nothing");

    let undone = place.run(&["undo", "--plan", "plan.json"]);
    assert_eq!(undone.status.code(), Some(0), "{undone:?}");
    assert_eq!(github.count("POST", "/orgs"), 1, "GitHub restores the version");
    assert_eq!(github.state().tags_of(&gone).unwrap(), ["sha-1"]);
    assert_eq!(github.state().holder("sha-2"), Some(stays));
    for shown in [
        String::from_utf8(undone.stdout).unwrap(),
        std::fs::read_to_string(place.path().join("retain-journal.jsonl")).unwrap(),
    ] {
        assert!(!shown.contains(TOKEN));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_version_with_a_tag_keeps_one_and_loses_the_others() {
    let github = GitHub::start().await;
    let last = github.push("last", &["sha-1", "sha-2"]);
    let place = Place::new("ghcr")
        .with("GITHUB_TOKEN", TOKEN)
        .with("GITHUB_API_URL", &format!("http://{}", github.mock.host()));
    let repo = github.repo.to_string();
    let plan = place.plan(&repo);
    assert_eq!(plan["delete"], json!([]));
    assert_eq!(plan["untag"], json!([format!("{repo}:sha-1")]));
    assert_eq!(plan["blocked"], json!([format!("{repo}@{last}"), format!("{repo}:sha-2")]), "{plan}");

    assert_eq!(words(&place.apply(&[])), ["tag sha-1: deleted"]);
    assert_eq!(github.state().tags_of(&last).unwrap(), ["sha-2"]);
    assert_eq!(github.count("DELETE", "/orgs"), 1, "nothing is asked of GitHub that it refuses");
    assert_eq!(place.plan(&repo)["actions"], json!([]));
}
