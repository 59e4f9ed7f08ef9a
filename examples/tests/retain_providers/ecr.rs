//! Amazon ECR: known by its name, tags compared and deleted in one step, an image that goes with its last tag.

use serde_json::{Value, json};

use crate::amazon::{ACCOUNT, ACTIVATING, ARCHIVED, Amazon, SECRET, SESSION, Scripted};
use crate::mock::Mock;
use crate::place::{Place, words};
use crate::stand_in::{attached, image, index, parameter, reply};

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

/// No key is in the environment: the role's are got for the identity that the platform gives.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_needs_no_stored_key_where_a_role_trusts_its_identity() {
    let amazon = Amazon::start().await;
    amazon.state().any_account = true;
    let gone = amazon.push("gone", &["sha-1"]);
    amazon.push("stays", &["v1"]);
    let sts = Mock::start(|request, _| {
        assert_eq!(parameter(&request.body, "WebIdentityToken"), Some("eyJh.eyJp.c2ln"));
        let keys = json!({ "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": SECRET, "SessionToken": SESSION, "Expiration": 9e9 });
        let result = json!({ "AssumeRoleWithWebIdentityResult": { "Credentials": keys } });
        reply(200, &json!({ "AssumeRoleWithWebIdentityResponse": result }))
    })
    .await;
    let place = Place::new("ecr")
        .with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/promoter")
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
        .with("AWS_ENDPOINT_URL_STS", &format!("http://{}", sts.host()))
        .with("AWS_ENDPOINT_URL_ECR", &format!("http://{}", amazon.mock.host()));
    std::fs::write(place.path().join("token"), "eyJh.eyJp.c2ln\n").unwrap();
    let repository = amazon.repo.to_string();
    let arguments = ["plan", &repository, "--policy", "policy.yaml", "--now", "2024-07-01T00:00:00Z", "--json"];
    let without = place.run(&arguments);
    assert_eq!(without.status.code(), Some(2), "the identity is used where it is asked for: {without:?}");
    let planned = place.run(&[&arguments[..], &["--cloud-credentials"]].concat());
    assert_eq!(planned.status.code(), Some(0), "{planned:?}");
    let plan: Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(plan["delete"], json!([format!("{repository}@{gone}")]));
    assert_eq!(sts.requests().len(), 1, "one exchange for the whole plan");
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

/// What has an old tag goes into the archive, and so does what nothing leads to.
const LIFECYCLE: &str = r#"{"rules": [
  {"rulePriority": 1, "action": {"type": "transition", "targetStorageClass": "archive"}, "selection": {"tagStatus": "tagged",
   "tagPatternList": ["old-*"], "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30}},
  {"rulePriority": 2, "action": {"type": "transition", "targetStorageClass": "archive"}, "selection": {"tagStatus": "untagged",
   "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30}}]}"#;

impl Place {
    /// A plan by ECR's own rules, for now, which is kept as plan.json.
    fn plan_of_ecr(&self, repository: &str) -> Value {
        std::fs::write(self.path().join("lifecycle.json"), LIFECYCLE).unwrap();
        let planned = self.run(&["plan", repository, "--format", "ecr", "--policy", "lifecycle.json", "--json"]);
        assert_eq!(planned.status.code(), Some(0), "{planned:?}");
        std::fs::write(self.path().join("plan.json"), &planned.stdout).unwrap();
        serde_json::from_slice(&planned.stdout).unwrap()
    }

    #[track_caller]
    fn ends(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_of_ecr_archive_goes_into_the_archive_and_comes_back() {
    let amazon = Amazon::start().await;
    amazon.state().any_account = true;
    let child = amazon.push("amd64", &[]);
    let parent = amazon.state().push(&index(&[&child]), &["old-1", "pinned"]);
    let signature = amazon.state().push(&attached("signature", &parent), &[]);
    let stays = amazon.push("stays", &["v1"]);
    let place = place(&amazon, "ecr");
    let plan = place.plan_of_ecr(&amazon.repo.to_string());
    assert_eq!((plan["archive"].as_array().unwrap().len(), &plan["delete"]), (3, &json!([])), "{plan}");
    let archived = || [&parent, &child, &signature].map(|digest| amazon.state().status_of(digest) == Some(ARCHIVED));

    let apply = ["apply", "--plan", "plan.json", "--single-pass"];
    let dry = place.ends(&apply, 0);
    assert!(dry.contains("3 to be archived") && dry.contains("nothing was deleted or archived: say --yes"), "{dry}");
    assert_eq!(amazon.count("UpdateImageStorageClass"), 0);
    let limited = place.ends(&[&apply[..], &["--yes", "--max-delete", "2"]].concat(), 1);
    assert!(limited.contains("it would delete 0 and archive 3, and may take 2"), "{limited}");
    let protected = place.ends(&[&apply[..], &["--yes", "--protect", "pinned"]].concat(), 1);
    assert!(protected.contains("team/app:pinned, which is protected"), "{protected}");

    let yes = [&apply[..], &["--yes", "--json", "--ledger", "ledger.jsonl"]].concat();
    let done: Value = serde_json::from_str(&place.ends(&yes, 0)).unwrap();
    assert_eq!(done["counts"], json!({"archived": 3}), "{done:#}");
    assert!(done["items"].as_array().unwrap().iter().all(|item| item["way"] == "archive"));
    assert_eq!((archived(), amazon.state().status_of(&stays)), ([true; 3], Some("ACTIVE")));
    assert_eq!(amazon.state().tags_of(&parent).unwrap(), ["old-1", "pinned"]);
    let ledger = std::fs::read_to_string(place.path().join("ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches("\"archived\":true").count(), 3, "{ledger}");

    let undo = ["undo", "--plan", "plan.json", "--ledger", "ledger.jsonl"];
    let undone = place.ends(&undo, 4);
    assert_eq!(undone.matches("is being restored from the archive").count(), 3, "{undone}");
    assert_eq!(amazon.state().status_of(&parent), Some(ACTIVATING));
    amazon.state().activate();
    assert!(place.ends(&undo, 0).contains("nothing to put back"));
    let ledger = std::fs::read_to_string(place.path().join("ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches("\"kind\":\"restore\"").count(), 3, "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_plan_marks_what_is_archived_and_a_later_one_archives_it() {
    let amazon = Amazon::start().await;
    amazon.state().any_account = true;
    let gone = amazon.push("gone", &["old-1"]);
    let moved = amazon.push("moved", &["old-2"]);
    amazon.push("stays", &["v1"]);
    let place = place(&amazon, "ecr");
    let repository = amazon.repo.to_string();
    place.plan_of_ecr(&repository);
    let apply = ["apply", "--plan", "plan.json", "--yes", "--quarantine", "0s"];
    assert!(place.ends(&apply, 4).contains("2 in quarantine"));
    place.plan_of_ecr(&repository);
    // Production goes back to an old image after the second plan was made.
    amazon.state().push(&image("moved"), &["v1"]);
    let applied = place.ends(&apply, 0);
    assert!(
        applied.contains("tagged again: it has the tag v1") && applied.contains("1 archived, 1 tagged again"),
        "{applied}"
    );
    assert_eq!(amazon.state().status_of(&gone), Some(ARCHIVED));
    assert_eq!(amazon.state().status_of(&moved), Some("ACTIVE"));
    let journal = std::fs::read_to_string(place.path().join("retain-journal.jsonl")).unwrap();
    assert!(journal.contains("\"status\":\"archiving\"") && journal.contains("\"status\":\"archived\""), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_stops_the_run_and_is_named() {
    let amazon = Amazon::start().await;
    amazon.state().any_account = true;
    let old = amazon.push("old", &["old-1"]);
    let place = place(&amazon, "ecr");
    place.plan_of_ecr(&amazon.repo.to_string());
    let body = json!({ "__type": "AccessDeniedException", "message": "User is not authorized" });
    let refused = Scripted { status: 400, body, carried_out: false };
    amazon.state().scripted.push_back(("UpdateImageStorageClass", refused));
    let apply = ["apply", "--plan", "plan.json", "--yes", "--single-pass"];
    let stopped = place.ends(&apply, 3);
    assert!(stopped.contains("lack the right ecr:UpdateImageStorageClass"), "{stopped}");
    // The same plan with the same journal goes on from there.
    assert!(place.ends(&apply, 0).contains("1 archived"));
    assert_eq!(amazon.state().status_of(&old), Some(ARCHIVED));
}
