//! Refusals of a whole request: throttling, missing rights and keys, each in its own words and without the secrets.

use lockage_registry::inventory::Inventory as _;
use lockage_registry::{ErrorKind, Prune as _};
use serde_json::json;

use crate::amazon::{Amazon, SECRET, SESSION, Scripted};

fn scripted(status: u16, kind: &str, message: &str) -> Scripted {
    Scripted { status, body: json!({ "__type": kind, "message": message }), carried_out: false }
}

#[tokio::test]
async fn throttled_requests_are_sent_again() {
    let amazon = Amazon::start().await;
    amazon.push("image", &["v1"]);
    for _ in 0..2 {
        amazon.state().scripted.push_back(("DescribeImages", scripted(400, "ThrottlingException", "Rate exceeded")));
    }
    assert!(amazon.ecr.list(&amazon.repo).await.unwrap().complete);
    assert_eq!(amazon.count("DescribeImages"), 3);
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1"]);
    amazon
        .state()
        .scripted
        .push_back(("BatchDeleteImage", scripted(400, "AccessDeniedException", "User is not authorized")));
    let error = amazon.ecr.delete_manifest(&amazon.repo, &digest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("lack the right ecr:BatchDeleteImage"), "{error}");
    assert_eq!(amazon.count("BatchDeleteImage"), 1);
}

#[tokio::test]
async fn keys_that_are_not_accepted_are_not_shown() {
    let amazon = Amazon::start().await;
    let said = format!("The Canonical String should have been 'x-amz-security-token:{SESSION}'");
    amazon.state().scripted.push_back(("DescribeImages", scripted(403, "InvalidSignatureException", &said)));
    let error = amazon.ecr.list(&amazon.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    for shown in [format!("{error} {error:?}"), format!("{:?}", amazon.ecr)] {
        assert!(!shown.contains(SECRET) && !shown.contains(SESSION), "{shown}");
    }
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_not_found_and_nothing_else_is() {
    let amazon = Amazon::start().await;
    let other = format!("{}/team/other", amazon.mock.host()).parse().unwrap();
    assert!(amazon.ecr.list(&other).await.unwrap_err().is_not_found());
    // Some proxy's 404 says nothing about images.
    amazon
        .state()
        .scripted
        .push_back(("DescribeImages", Scripted { status: 404, body: json!({}), carried_out: false }));
    assert_eq!(amazon.ecr.list(&amazon.repo).await.unwrap_err().kind(), ErrorKind::Protocol);
}
