//! Listing: the project is found, every tag is looked at, and what a tag leads to is read.

use std::time::{Duration, SystemTime};

use lockage_registry::ErrorKind;
use lockage_registry::inventory::Inventory as _;

use crate::gitlab::TestGitLab;
use crate::stand_in::index;

#[tokio::test]
async fn every_page_is_read_and_every_tag_is_looked_at() {
    let gitlab = TestGitLab::start().await;
    let image = gitlab.push("image", &[]);
    for n in 0..230 {
        gitlab.state().tags.push((format!("v{n:03}"), image.clone()));
    }
    let listing = gitlab.gitlab.list(&gitlab.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    assert_eq!((listing.tags.len(), listing.manifests.len()), (230, 1));
    assert_eq!((gitlab.count("GET", "/tags?"), gitlab.count("GET", "/tags/v")), (3, 230));
}

#[tokio::test]
async fn the_project_is_a_beginning_of_the_path_and_found_once() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["v1"]);
    for _ in 0..2 {
        assert!(gitlab.gitlab.list(&gitlab.repo).await.unwrap().complete);
    }
    let asked: Vec<String> = gitlab.mock.requests().iter().take(4).map(|request| request.path.clone()).collect();
    assert_eq!(
        asked,
        [
            "/api/v4/projects/acme%2Fapps%2Fweb%2Fapi/registry/repositories?per_page=100",
            "/api/v4/projects/acme%2Fapps%2Fweb/registry/repositories?per_page=100",
            "/api/v4/projects/acme%2Fapps/registry/repositories?per_page=100",
            "/api/v4/projects/acme%2Fapps/registry/repositories?page=2",
        ]
    );
    assert_eq!(gitlab.count("GET", "/registry/repositories?"), 4, "and not again");
}

#[tokio::test]
async fn what_a_tag_leads_to_is_read_and_its_date_is_that_of_its_creation() {
    let gitlab = TestGitLab::start().await;
    let child = gitlab.push("amd64", &[]);
    let parent = gitlab.state().push(&index(&[&child]), &["v1", "latest"]);
    let listing = gitlab.gitlab.list(&gitlab.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    let row = |digest: &lockage_registry::Digest| listing.manifests.iter().find(|row| row.digest == *digest).unwrap();
    assert_eq!(row(&parent).children, std::slice::from_ref(&child));
    assert!(row(&child).resolved);
    let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_557_600);
    assert_eq!((row(&parent).created_at, row(&parent).pushed_at), (Some(created), None));
    let tags: Vec<_> = listing.tags.iter().map(|tag| (tag.name.as_str(), &tag.digest, tag.moved_at)).collect();
    assert_eq!(tags, [("latest", &parent, None), ("v1", &parent, None)]);
}

#[tokio::test]
async fn a_tag_that_gitlab_cannot_read_makes_the_listing_incomplete_and_one_that_went_does_not() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["v1", "v2", "v3"]);
    gitlab.state().meanwhile = Some(|state, request| {
        if request.path.ends_with("/tags/v2") {
            state.tags.retain(|(name, _)| name != "v2");
        }
    });
    let listing = gitlab.gitlab.list(&gitlab.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    assert_eq!(listing.tags.len(), 2);
    gitlab.state().broken.push("v3");
    let listing = gitlab.gitlab.list(&gitlab.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!((listing.tags.len(), listing.unread[0].kind()), (1, ErrorKind::Contended));
}
