//! The archive: what is in it is there, and pulled by nobody; how it gets there and out again.

use lockage_registry::ecr::{ImageId, ImageStatus, Storage};
use lockage_registry::inventory::Inventory as _;
use lockage_registry::provider::Provider as _;
use lockage_registry::{Digest, ErrorKind, Source as _};
use serde_json::json;

use crate::amazon::{ACTIVATING, ARCHIVED, Amazon, Scripted};
use crate::stand_in::{image, index};

async fn is_pulled(amazon: &Amazon, digest: &Digest) -> bool {
    match amazon.ecr.manifest(&amazon.repo, &digest.clone().into()).await {
        Err(error) if error.is_not_found() => false,
        pulled => pulled.map(drop).is_ok(),
    }
}

#[tokio::test]
async fn an_archived_image_keeps_its_tags_and_is_neither_listed_nor_pulled_until_it_is_taken_out() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1", "v2"]);
    let (ecr, repo) = (&amazon.ecr, &amazon.repo);
    let listed = || async { ecr.list(repo).await.unwrap().tags.len() };
    assert_eq!(ecr.image_status(repo, &digest).await.unwrap(), ImageStatus::Active);
    ecr.archive(repo, &digest).await.unwrap();
    assert_eq!(amazon.state().status_of(&digest), Some(ARCHIVED));
    assert_eq!((listed().await, is_pulled(&amazon, &digest).await), (0, false));
    assert_eq!(ecr.image_status(repo, &digest).await.unwrap(), ImageStatus::Archived);
    assert_eq!(ecr.tags_of(repo, &digest).await.unwrap().unwrap().len(), 2);
    let by_tag = ecr.images().describe_one(repo, &ImageId::tag("v1".parse().unwrap())).await.unwrap();
    assert_eq!((by_tag.digest, by_tag.status), (digest.clone(), ImageStatus::Archived));

    assert_eq!(ecr.unarchive(repo, &digest).await.unwrap(), ImageStatus::Activating);
    assert_eq!(amazon.state().status_of(&digest), Some(ACTIVATING));
    assert_eq!((listed().await, is_pulled(&amazon, &digest).await), (0, false), "not yet");
    assert_eq!(ecr.image_status(repo, &digest).await.unwrap(), ImageStatus::Activating);
    amazon.state().activate();
    assert_eq!((listed().await, is_pulled(&amazon, &digest).await), (2, true));
    assert_eq!(ecr.image_status(repo, &digest).await.unwrap(), ImageStatus::Active);

    // Whoever pushes the same once more takes it out at once.
    ecr.archive(repo, &digest).await.unwrap();
    amazon.state().push(&image("image"), &[]);
    assert_eq!(ecr.image_status(repo, &digest).await.unwrap(), ImageStatus::Active);
}

#[tokio::test]
async fn what_is_where_it_is_to_be_is_no_error_and_what_is_on_its_way_out_does_not_go_back() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    let (ecr, repo) = (&amazon.ecr, &amazon.repo);
    assert_eq!(ecr.unarchive(repo, &digest).await.unwrap(), ImageStatus::Active);
    for _ in 0..2 {
        ecr.archive(repo, &digest).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(ecr.unarchive(repo, &digest).await.unwrap(), ImageStatus::Activating);
    }
    let refused = ecr.archive(repo, &digest).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    assert!(refused.to_string().contains("does not put this image into that storage"), "{refused}");
    assert!(refused.remedy().is_some_and(|remedy| remedy.contains("when it is active")), "{refused}");
    // The bare request says what ECR says.
    let bare = ecr.images().store(repo, &digest, Storage::Standard).await.unwrap_err();
    assert_eq!(bare.oci_errors()[0].code, "ImageStorageClassUpdateNotSupportedException");
}

#[tokio::test]
async fn an_index_is_archived_before_what_it_names() {
    let amazon = Amazon::start().await;
    let child = amazon.push("amd64", &[]);
    let parent = amazon.state().push(&index(&[&child]), &["v1"]);
    let refused = amazon.ecr.archive(&amazon.repo, &child).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    assert!(refused.remedy().is_some_and(|remedy| remedy.contains("an index before what it names")), "{refused}");
    amazon.ecr.archive(&amazon.repo, &parent).await.unwrap();
    amazon.ecr.archive(&amazon.repo, &child).await.unwrap();
    assert_eq!(amazon.count("UpdateImageStorageClass"), 3);
}

#[tokio::test]
async fn an_archiving_whose_answer_was_lost_is_done() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    let lost = || Scripted { status: 500, body: json!({ "__type": "ServerException" }), carried_out: true };
    amazon.state().scripted.push_back(("UpdateImageStorageClass", lost()));
    amazon.ecr.archive(&amazon.repo, &digest).await.unwrap();
    assert_eq!(amazon.state().status_of(&digest), Some(ARCHIVED));
    amazon.state().scripted.push_back(("UpdateImageStorageClass", lost()));
    assert_eq!(amazon.ecr.unarchive(&amazon.repo, &digest).await.unwrap(), ImageStatus::Activating);
}

#[tokio::test]
async fn refusals_are_told_in_words_that_say_what_to_do() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    for (kind, expected, words, remedy) in [
        (
            "AccessDeniedException",
            ErrorKind::Denied,
            "ecr:UpdateImageStorageClass",
            "Allow ecr:UpdateImageStorageClass",
        ),
        ("ImageArchivedException", ErrorKind::Rejected, "the image is archived", "Take it out of the archive"),
        ("ImageNotFoundException", ErrorKind::NotFound, "ImageNotFoundException", ""),
        ("ValidationException", ErrorKind::Invalid, "ValidationException", ""),
    ] {
        let body = json!({ "__type": kind, "message": "words" });
        let scripted = Scripted { status: 400, body, carried_out: false };
        amazon.state().scripted.push_back(("UpdateImageStorageClass", scripted));
        let error = amazon.ecr.archive(&amazon.repo, &digest).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(remedy.is_empty() || error.remedy().is_some_and(|said| said.contains(remedy)), "{error:?}");
    }
    // A status that nobody knows is no success.
    let unknown = || Scripted { status: 200, body: json!({ "imageStatus": "LOST" }), carried_out: false };
    amazon.state().scripted.push_back(("UpdateImageStorageClass", unknown()));
    assert_eq!(amazon.ecr.archive(&amazon.repo, &digest).await.unwrap_err().kind(), ErrorKind::Protocol);
    // Nor is one that is not the one that was asked for.
    let other = Scripted { status: 200, body: json!({ "imageStatus": "ACTIVE" }), carried_out: false };
    amazon.state().scripted.push_back(("UpdateImageStorageClass", other));
    assert_eq!(amazon.ecr.archive(&amazon.repo, &digest).await.unwrap_err().kind(), ErrorKind::Protocol);
    amazon.state().images.clear();
    for missing in [
        amazon.ecr.archive(&amazon.repo, &digest).await,
        amazon.ecr.image_status(&amazon.repo, &digest).await.map(drop),
    ] {
        assert!(missing.unwrap_err().is_not_found());
    }
}
