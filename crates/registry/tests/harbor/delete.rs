//! Deleting: an artifact with all that is its own, a tag alone, and nothing that is named, immutable or has moved.

use lockage_registry::inventory::Inventory as _;
use lockage_registry::provider::{Compared, Provider as _};
use lockage_registry::{Digest, ErrorKind, Prune as _, Tag};

use crate::harbor::TestHarbor;
use crate::stand_in::{attached, index};

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_tag_goes_alone_and_leaves_its_artifact() {
    let harbor = TestHarbor::start().await;
    let image = harbor.push("image", &["v1"]);
    harbor.harbor.delete_tag(&harbor.repo, &tag("v1")).await.unwrap();
    assert_eq!(harbor.state().tags_of(&image).unwrap(), [""; 0]);
    assert!(harbor.harbor.delete_tag(&harbor.repo, &tag("v1")).await.unwrap_err().is_not_found());
    assert_eq!(harbor.harbor.tags_of(&harbor.repo, &image).await.unwrap().unwrap(), Vec::<Tag>::new());
}

#[tokio::test]
async fn an_artifact_goes_with_its_accessories_and_the_children_that_nothing_else_needs() {
    let harbor = TestHarbor::start().await;
    let (shared, own, tagged) = (harbor.push("a", &[]), harbor.push("b", &[]), harbor.push("c", &["c"]));
    let parent = harbor.state().push(&index(&[&shared, &own, &tagged]), &["v1", "v2"]);
    let other = harbor.state().push(&index(&[&shared]), &["v3"]);
    let signature = harbor.state().push(&attached("signature", &parent), &[]);
    let error = harbor.harbor.delete_manifest(&harbor.repo, &own).await.unwrap_err();
    assert_eq!((error.kind(), error.remedy()), (ErrorKind::Rejected, Some("Delete the index that names it first.")));
    harbor.harbor.delete_manifest(&harbor.repo, &parent).await.unwrap();
    let there = |digest: &Digest| harbor.state().tags_of(digest).is_some();
    assert_eq!([&parent, &signature, &own].map(there), [false; 3]);
    assert_eq!([&shared, &tagged, &other].map(there), [true; 3]);
    for gone in [&parent, &signature, &own] {
        assert!(harbor.harbor.delete_manifest(&harbor.repo, gone).await.unwrap_err().is_not_found());
    }
}

#[tokio::test]
async fn a_tag_that_has_moved_is_left_alone() {
    let harbor = TestHarbor::start().await;
    let old = harbor.push("old", &["v1", "latest"]);
    let new = harbor.push("new", &["latest"]);
    let compared = |expect: Digest| {
        let (harbor, repo) = (harbor.harbor.clone(), harbor.repo.clone());
        async move { harbor.delete_tag_if(&repo, &tag("latest"), &expect).await.unwrap() }
    };
    assert_eq!(compared(old).await, Compared::Moved(new.clone()));
    assert_eq!(harbor.state().tags_of(&new).unwrap(), ["latest"]);
    assert_eq!(compared(new.clone()).await, Compared::Deleted);
    assert_eq!(compared(new).await, Compared::Gone);
}

#[tokio::test]
async fn what_is_immutable_stays() {
    let harbor = TestHarbor::start().await;
    let image = harbor.push("image", &["v1", "latest"]);
    harbor.state().freeze("v1");
    for error in [
        harbor.harbor.delete_tag(&harbor.repo, &tag("v1")).await.unwrap_err(),
        harbor.harbor.delete_manifest(&harbor.repo, &image).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::TagImmutable);
        assert!(error.to_string().contains("a rule of the project"), "{error}");
    }
    harbor.harbor.delete_tag(&harbor.repo, &tag("latest")).await.unwrap();
    assert_eq!(harbor.state().tags_of(&image).unwrap(), ["v1"]);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let harbor = TestHarbor::start().await;
    let image = harbor.push("image", &["v1"]);
    harbor.state().scripted = Some(("DELETE", 502, "<html>", true));
    harbor.harbor.delete_manifest(&harbor.repo, &image).await.unwrap();
    assert_eq!(harbor.state().tags_of(&image), None);
    assert_eq!(harbor.count("DELETE", "/artifacts/"), 2);
}
