//! Deleting: by tag, by digest, by both, by the hundred, and what is refused within a success.

use lockage_registry::ecr::{FailureCode, ImageId};
use lockage_registry::provider::{Compared, Provider as _};
use lockage_registry::{Digest, ErrorKind, Prune as _, Tag};
use serde_json::json;

use crate::amazon::{Amazon, Scripted};
use crate::stand_in::index;

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_tag_goes_alone_and_takes_the_image_where_it_is_the_last() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1", "latest"]);
    amazon.ecr.delete_tag(&amazon.repo, &tag("latest")).await.unwrap();
    assert_eq!(amazon.state().tags_of(&digest).unwrap(), ["v1"]);
    amazon.ecr.delete_tag(&amazon.repo, &tag("v1")).await.unwrap();
    assert_eq!(amazon.state().tags_of(&digest), None);
    assert!(amazon.ecr.delete_tag(&amazon.repo, &tag("v1")).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_digest_goes_with_all_its_tags_unless_an_index_names_it() {
    let amazon = Amazon::start().await;
    let child = amazon.push("amd64", &[]);
    let parent = amazon.state().push(&index(&[&child]), &["v1", "v2"]);
    let error = amazon.ecr.delete_manifest(&amazon.repo, &child).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.oci_errors()[0].code.as_str()),
        (ErrorKind::Rejected, "ImageReferencedByManifestList")
    );
    amazon.ecr.delete_manifest(&amazon.repo, &parent).await.unwrap();
    amazon.ecr.delete_manifest(&amazon.repo, &child).await.unwrap();
    assert!(amazon.state().images.is_empty());
    assert!(amazon.ecr.delete_manifest(&amazon.repo, &child).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_tag_is_deleted_only_while_it_holds_what_is_expected() {
    let amazon = Amazon::start().await;
    let old = amazon.push("old", &["v1", "latest"]);
    let new = amazon.push("new", &["latest", "v2"]);
    let compared = |expect: Digest| {
        let (ecr, repo) = (amazon.ecr.clone(), amazon.repo.clone());
        async move { ecr.delete_tag_if(&repo, &tag("latest"), &expect).await.unwrap() }
    };
    assert_eq!(compared(old.clone()).await, Compared::Moved(new.clone()));
    assert_eq!(amazon.state().tags_of(&new).unwrap(), ["latest", "v2"]);
    assert_eq!(compared(new.clone()).await, Compared::Deleted);
    assert_eq!(amazon.state().tags_of(&new).unwrap(), ["v2"]);
    assert_eq!(compared(new).await, Compared::Gone);
}

#[tokio::test]
async fn many_go_by_the_hundred_and_each_failure_is_told() {
    let amazon = Amazon::start().await;
    let mut ids: Vec<ImageId> =
        (0..230).map(|n| ImageId::digest(amazon.push(&format!("image {n}"), &[&format!("v{n}")]))).collect();
    ids.insert(150, ImageId::tag(tag("never-there")));
    let deleted = amazon.ecr.images().delete(&amazon.repo, &ids).await.unwrap();
    assert_eq!(amazon.state().batches, [100, 100, 31]);
    assert_eq!((deleted.deleted.len(), deleted.failures.len()), (230, 1));
    assert_eq!(deleted.failure_of(&ids[150]).unwrap().code, FailureCode::ImageNotFound);
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(deleted.outcome(&amazon.repo, id).is_ok(), index != 150);
    }
    assert!(amazon.state().images.is_empty());
}

#[tokio::test]
async fn failures_within_a_success_are_errors_of_their_kind() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    for (code, kind) in [
        ("KmsError", ErrorKind::Rejected),
        ("UpstreamAccessDenied", ErrorKind::Denied),
        ("UpstreamTooManyRequests", ErrorKind::RateLimited),
        ("UpstreamUnavailable", ErrorKind::Unavailable),
        ("ImageInaccessible", ErrorKind::Rejected),
        ("InvalidImageDigest", ErrorKind::Invalid),
        ("NewCode", ErrorKind::Rejected),
    ] {
        let failure = json!({ "imageId": { "imageDigest": digest }, "failureCode": code, "failureReason": "words" });
        let body = json!({ "imageIds": [], "failures": [failure] });
        amazon.state().scripted.push_back(("BatchDeleteImage", Scripted { status: 200, body, carried_out: false }));
        let error = amazon.ecr.delete_manifest(&amazon.repo, &digest).await.unwrap_err();
        assert_eq!((error.kind(), error.oci_errors()[0].code.as_str()), (kind, code));
    }
    // An answer that says nothing of what was asked for is no success either.
    let body = json!({ "imageIds": [], "failures": [] });
    amazon.state().scripted.push_back(("BatchDeleteImage", Scripted { status: 200, body, carried_out: false }));
    let error = amazon.ecr.delete_manifest(&amazon.repo, &digest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    let body = json!({ "__type": "ServerException", "message": "" });
    amazon.state().scripted.push_back(("BatchDeleteImage", Scripted { status: 500, body, carried_out: true }));
    amazon.ecr.delete_manifest(&amazon.repo, &digest).await.unwrap();
    assert_eq!(amazon.state().batches, [1, 1]);
}
