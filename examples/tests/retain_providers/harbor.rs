//! Harbor: with the credentials of the registry, tags at their artifacts, and accessories that go with their subjects.

use serde_json::json;

use crate::goharbor::{SECRET, TestHarbor};
use crate::place::{Place, words};
use crate::stand_in::{attached, index};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_and_executed_by_the_api_of_harbor() {
    let harbor = TestHarbor::start().await;
    let child = harbor.push("amd64", &[]);
    let gone = harbor.state().push(&index(&[&child]), &["sha-1"]);
    let signature = harbor.state().push(&attached("signature", &gone), &[]);
    let stays = harbor.push("stays", &["sha-2", "v1"]);
    let frozen = harbor.push("frozen", &["sha-3"]);
    harbor.state().freeze("sha-3");
    let place = Place::new("harbor").logged_in(harbor.mock.host(), "cm9ib3QkdGVhbStjbGVhbmVyOmEtcm9ib3RzLXNlY3JldA==");
    let plan = place.plan(&harbor.repo.to_string());
    assert_eq!(plan["delete"].as_array().unwrap().len(), 3, "the index, its child and its signature: {plan}");
    assert_eq!(plan["untag"], json!([format!("{}:sha-2", harbor.repo)]));
    let fates = words(&place.apply(&[]));
    assert_eq!(fates.last().unwrap(), "tag sha-2: deleted");
    assert!(fates.iter().all(|fate| fate.ends_with("deleted") || fate.ends_with("gone")), "{fates:?}");
    let state = harbor.state();
    assert_eq!([&gone, &child, &signature].map(|digest| state.tags_of(digest)), [None, None, None]);
    assert_eq!((state.tags_of(&stays), state.tags_of(&frozen)), (Some(vec!["v1"]), Some(vec!["sha-3"])));
    drop(state);
    let journal = std::fs::read_to_string(place.path().join("retain-journal.jsonl")).unwrap();
    assert!(!journal.contains(SECRET));
}
