//! Refusals: missing permissions, credentials that are not accepted, and answers that are not Harbor's.

use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::harbor::{Artifacts, Harbor};
use lockage_registry::inventory::Inventory as _;
use lockage_registry::provider::Provider as _;
use lockage_registry::{ErrorKind, Prune as _};

use crate::harbor::{ROBOT, SECRET, TestHarbor};

#[tokio::test]
async fn a_robot_without_a_permission_is_named_with_it() {
    let harbor = TestHarbor::start().await;
    let image = harbor.push("image", &["v1"]);
    harbor.state().forbidden = Some("DELETE");
    let error = harbor.harbor.delete_manifest(&harbor.repo, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains(ROBOT), "{error}");
    assert!(error.remedy().unwrap().contains("delete artifact"));
    assert_eq!(harbor.count("DELETE", ""), 1, "it is not tried again");
    let error = harbor.harbor.delete_tag(&harbor.repo, &"v1".parse().unwrap()).await.unwrap_err();
    assert!(error.remedy().unwrap().contains("delete tag"));
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_not_shown() {
    let harbor = TestHarbor::start().await;
    let host: lockage_registry::Host = harbor.mock.host().parse().unwrap();
    let wrong = StaticCredentials::new().with(host.clone(), Credentials::password("the vault", ROBOT, "wrong-secret"));
    let client = Client::builder().credentials(wrong).build().unwrap();
    let other = Harbor::new(client.clone(), Artifacts::new(&client, &host).unwrap());
    let error = other.list(&harbor.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    for shown in [format!("{error} {error:?}"), format!("{other:?}"), format!("{:?}", harbor.harbor)] {
        assert!(!shown.contains("wrong-secret") && !shown.contains(SECRET), "{shown}");
    }
    let token = StaticCredentials::new().with(host.clone(), Credentials::bearer("the vault", "a-bearer-token"));
    let client = Client::builder().credentials(token).build().unwrap();
    let error =
        Harbor::new(client.clone(), Artifacts::new(&client, &host).unwrap()).list(&harbor.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(!format!("{error} {error:?}").contains("a-bearer-token"));
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_not_found_and_nothing_else_is() {
    let harbor = TestHarbor::start().await;
    let other = format!("{}/team/other", harbor.mock.host()).parse().unwrap();
    assert!(harbor.harbor.list(&other).await.unwrap_err().is_not_found());
    harbor.state().scripted = Some(("GET", 404, "<html>", false));
    assert_eq!(harbor.harbor.list(&harbor.repo).await.unwrap_err().kind(), ErrorKind::Protocol);
    harbor.state().scripted = Some(("GET", 200, "[{\"digest\": \"sha256:0\"}]", false));
    assert_eq!(harbor.harbor.list(&harbor.repo).await.unwrap_err().kind(), ErrorKind::Protocol);
    let digest = harbor.push("image", &[]);
    assert_eq!(harbor.harbor.restore(&harbor.repo, &digest).await.unwrap_err().kind(), ErrorKind::Unsupported);
}
