//! Listing: every page, every manifest, and no second download.

use std::time::{Duration, SystemTime};

use lockage_registry::ErrorKind;
use lockage_registry::inventory::Inventory as _;

use crate::github::GitHub;
use crate::stand_in::index;

const VERSIONS: &str = "/orgs/acme/packages/container/tools%2Fapp/versions";

#[tokio::test]
async fn every_page_is_read() {
    let github = GitHub::start().await;
    for n in 0..230 {
        github.push(&format!("image {n}"), &[&format!("v{n}")]);
    }
    let versions = github.ghcr.packages().versions(&github.repo).await.unwrap();
    assert!(versions.steady);
    assert_eq!(versions.list.len(), 230);
    assert_eq!(versions.list[0].tags[0].as_str(), "v229", "the newest first");
    assert_eq!(github.count("GET", VERSIONS), 4, "three pages, and the first again");
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_not_complete() {
    let github = GitHub::start().await;
    for n in 0..150 {
        github.push(&format!("image {n}"), &[]);
    }
    github.state().meanwhile = Some(|state, request| {
        if request.path.contains("page=2") {
            state.push(&crate::stand_in::image("pushed in between"), &["new"]);
        }
    });
    let listing = github.ghcr.list(&github.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!(listing.unread[0].kind(), ErrorKind::Contended);
}

#[tokio::test]
async fn manifests_without_tags_are_listed_and_read_once() {
    let github = GitHub::start().await;
    let child = github.push("amd64", &[]);
    let parent = github.state().push(&index(&[&child]), &["v1", "latest"]);
    for _ in 0..2 {
        let listing = github.ghcr.list(&github.repo).await.unwrap();
        assert!(listing.complete, "{:?}", listing.unread);
        let row =
            |digest: &lockage_registry::Digest| listing.manifests.iter().find(|row| row.digest == *digest).unwrap();
        assert_eq!(row(&parent).children, std::slice::from_ref(&child));
        assert!(row(&child).resolved);
        let pushed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_557_600);
        assert_eq!(row(&child).pushed_at, Some(pushed));
        let tags: Vec<_> = listing.tags.iter().map(|tag| (tag.name.as_str(), &tag.digest, tag.moved_at)).collect();
        let moved = Some(pushed + Duration::from_secs(24 * 60 * 60));
        assert_eq!(tags, [("latest", &parent, moved), ("v1", &parent, moved)]);
    }
    assert_eq!(github.count("GET", "/v2/"), 2, "each manifest is downloaded once");
    assert_eq!(github.count("GET", VERSIONS), 2);
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_makes_the_listing_incomplete() {
    let github = GitHub::start().await;
    let digest = github.push("image", &["v1"]);
    github.state().meanwhile = Some(|state, request| {
        if request.path.starts_with("/v2/") {
            state.versions[0].deleted = true;
        }
    });
    let listing = github.ghcr.list(&github.repo).await.unwrap();
    assert!(!listing.complete && !listing.manifests[0].resolved);
    assert_eq!(listing.manifests[0].digest, digest);
}

#[tokio::test]
async fn the_tags_of_a_manifest_are_asked_for_anew() {
    let github = GitHub::start().await;
    let digest = github.push("image", &["v1"]);
    let tags =
        |found: Option<Vec<lockage_registry::Tag>>| found.unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(tags(github.ghcr.tags_of(&github.repo, &digest).await.unwrap()), ["v1"]);
    github.push("image", &["v2"]);
    assert_eq!(tags(github.ghcr.tags_of(&github.repo, &digest).await.unwrap()), ["v1", "v2"]);
    assert_eq!(github.count("GET", VERSIONS), 2, "a page, and then the version alone");
    github.state().versions[0].deleted = true;
    assert!(github.ghcr.tags_of(&github.repo, &digest).await.unwrap_err().is_not_found());
    // Pushed again, it has another id.
    github.push("image", &["v3"]);
    assert_eq!(tags(github.ghcr.tags_of(&github.repo, &digest).await.unwrap()), ["v3"]);
}

#[tokio::test]
async fn github_is_asked_once_whether_the_owner_is_an_organization_or_a_user() {
    let github = GitHub::start().await;
    github.push("image", &["v1"]);
    let of = |owner: &str| format!("{}/{owner}/tools/app", github.mock.host()).parse().unwrap();
    for _ in 0..2 {
        for owner in ["acme", "octocat"] {
            assert_eq!(github.ghcr.list(&of(owner)).await.unwrap().tags.len(), 1, "{owner}");
        }
    }
    let asked = ["/orgs/acme/packages", "/users/octocat/packages", "/users/acme", "/users/octocat"];
    assert_eq!(asked.map(|path| github.count("GET", path)), [2, 2, 1, 3], "accounts once each");
    let error = github.ghcr.list(&of("nobody")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no user or organization of this name"), "{error}");
}
