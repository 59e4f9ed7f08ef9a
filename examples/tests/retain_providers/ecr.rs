//! Amazon ECR: known by its name, tags compared and deleted in one step, an image that goes with its last tag.

use serde_json::json;

use crate::amazon::{ACCOUNT, Amazon, SECRET, SESSION, image};
use crate::place::{Place, words};

fn place(amazon: &Amazon, provider: &'static str) -> Place {
    Place::new(provider)
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", SECRET)
        .with("AWS_SESSION_TOKEN", SESSION)
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ENDPOINT_URL_ECR", &format!("http://{}", amazon.mock.host()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_and_executed_by_the_api_of_ecr() {
    let amazon = Amazon::start().await;
    // Under a name of its own the account is that of the keys.
    amazon.state().any_account = true;
    let gone = amazon.push("gone", &["sha-1"]);
    let stays = amazon.push("stays", &["sha-2", "v1"]);
    let place = place(&amazon, "ecr");
    let plan = place.plan(&amazon.repo.to_string());
    assert_eq!(plan["delete"], json!([format!("{}@{gone}", amazon.repo)]));
    assert_eq!(plan["untag"], json!([format!("{}:sha-2", amazon.repo)]));
    assert_eq!(words(&place.apply(&[])), ["manifest: deleted", "tag sha-2: deleted"]);
    assert_eq!(amazon.state().tags_of(&gone), None);
    assert_eq!(amazon.state().tags_of(&stays).unwrap(), ["v1"]);
    let journal = std::fs::read_to_string(place.path().join("retain-journal.jsonl")).unwrap();
    assert!(!journal.contains(SECRET) && !journal.contains(SESSION));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_at_amazon_is_known_by_its_name() {
    let amazon = Amazon::start().await;
    amazon.push("gone", &["sha-1"]);
    amazon.push("stays", &["v1"]);
    let repository = format!("{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/team/app");
    let plan = place(&amazon, "").plan(&repository);
    assert_eq!(plan["delete"].as_array().unwrap().len(), 1, "{plan}");
    assert_eq!(amazon.count("/v2/"), 0, "nothing is pulled that ECR describes");
}

/// Between the executor's last look and its delete: ECR compares, so that nothing is deleted unseen.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_at_the_last_moment_is_left_alone() {
    let amazon = Amazon::start().await;
    amazon.state().any_account = true;
    amazon.push("old", &["sha-2", "v1"]);
    let place = place(&amazon, "ecr");
    place.plan(&amazon.repo.to_string());
    amazon.state().meanwhile = Some(|state, action| {
        if action == "BatchDeleteImage" {
            state.meanwhile = None;
            state.push(&image("pushed in between"), &["sha-2"]);
        }
    });
    assert_eq!(words(&place.apply(&[])), ["tag sha-2: moved"]);
    let state = amazon.state();
    assert_eq!(state.images.iter().map(|image| image.tags.join(" ")).collect::<Vec<_>>(), ["v1", "sha-2"]);
}
