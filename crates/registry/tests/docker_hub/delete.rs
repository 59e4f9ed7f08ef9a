//! Deleting: tags, and nothing else.

use lockage_registry::provider::{Compared, Provider as _};
use lockage_registry::{ErrorKind, Prune as _, Tag};

use crate::hub::{Scripted, TestHub};

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_tag_goes_alone_and_a_manifest_never() {
    let hub = TestHub::start().await;
    let image = hub.push("image", &["v1", "latest"]);
    hub.hub.delete_tag(&hub.repo, &tag("latest")).await.unwrap();
    assert_eq!(hub.state().names(), ["v1"]);
    assert!(hub.hub.delete_tag(&hub.repo, &tag("latest")).await.unwrap_err().is_not_found());
    assert_eq!(hub.hub.delete_tag_if(&hub.repo, &tag("latest"), &image).await.unwrap(), Compared::Gone);
    let error = hub.hub.delete_manifest(&hub.repo, &image).await.unwrap_err();
    assert_eq!((error.kind(), hub.count("DELETE", "/manifests/")), (ErrorKind::Unsupported, 0));
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let hub = TestHub::start().await;
    hub.push("image", &["v1"]);
    let lost = Scripted { status: 502, headers: Vec::new(), body: "", carried_out: true };
    hub.state().scripted.push_back(("DELETE", lost));
    hub.hub.delete_tag(&hub.repo, &tag("v1")).await.unwrap();
    assert_eq!(hub.state().names(), [""; 0]);
    assert_eq!(hub.count("DELETE", "/v2/repositories/acme/app/tags/v1/"), 2);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_any_more_is_got_anew() {
    let hub = TestHub::start().await;
    hub.push("image", &["v1", "v2"]);
    hub.hub.delete_tag(&hub.repo, &tag("v1")).await.unwrap();
    hub.state().tokens += 1;
    hub.hub.delete_tag(&hub.repo, &tag("v2")).await.unwrap();
    assert_eq!((hub.state().names(), hub.count("POST", "/v2/auth/token")), (vec![], 2));
}
