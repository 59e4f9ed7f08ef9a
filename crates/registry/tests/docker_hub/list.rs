//! Listing: every page, every time, and not a single pull.

use std::time::{Duration, SystemTime};

use lockage_registry::ErrorKind;
use lockage_registry::inventory::Inventory as _;

use crate::hub::TestHub;
use crate::stand_in::{image, index};

#[tokio::test]
async fn every_page_is_read_with_one_login_and_nothing_is_pulled() {
    let hub = TestHub::start().await;
    for n in 0..230 {
        hub.push(&format!("image {n}"), &[&format!("v{n}")]);
    }
    for _ in 0..2 {
        let listing = hub.hub.list(&hub.repo).await.unwrap();
        assert!(listing.complete, "{:?}", listing.unread);
        assert_eq!((listing.tags.len(), listing.manifests.len()), (230, 230));
    }
    assert_eq!((hub.count("GET", "/tags?"), hub.count("POST", "/v2/auth/token")), (6, 1));
    assert_eq!(hub.count("GET", "/v2/acme/app/"), 0);
}

#[tokio::test]
async fn times_and_platforms_are_those_of_docker_hub() {
    let hub = TestHub::start().await;
    let (amd64, arm64) = (hub.push("amd64", &[]), hub.push("arm64", &[]));
    let parent = hub.state().push(&index(&[&amd64, &arm64]), &["v1", "latest"]);
    let single = hub.push("single", &["v2"]);
    hub.state().tags.last_mut().unwrap().pulled = false;
    let listing = hub.hub.list(&hub.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    let row = |digest: &lockage_registry::Digest| listing.manifests.iter().find(|row| row.digest == *digest).unwrap();
    assert_eq!(row(&parent).children, [amd64.clone(), arm64]);
    assert!(row(&single).children.is_empty());
    assert!(listing.manifests.iter().all(|row| !row.resolved), "what they are attached to is not known");
    let day = Duration::from_secs(24 * 60 * 60);
    let pushed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_557_600);
    assert_eq!(row(&amd64).pushed_at, Some(pushed + Duration::from_millis(500)));
    let tags: Vec<_> =
        listing.tags.iter().map(|tag| (tag.name.as_str(), &tag.digest, tag.moved_at, tag.pulled_at)).collect();
    let (moved, pulled) = (Some(pushed + day), Some(pushed + 2 * day));
    assert_eq!(
        tags,
        [("latest", &parent, moved, pulled), ("v1", &parent, moved, pulled), ("v2", &single, moved, None)]
    );
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_and_a_tag_without_a_digest_are_told() {
    let hub = TestHub::start().await;
    for n in 0..150 {
        hub.push(&format!("image {n}"), &[&format!("v{n}")]);
    }
    hub.state().tags[0].digest = None;
    let listing = hub.hub.list(&hub.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!((listing.tags.len(), listing.unread[0].kind()), (149, ErrorKind::Protocol));
    hub.state().tags.remove(0);
    hub.state().meanwhile = Some(|state, request| {
        if request.path.contains("page=2&") {
            state.push(&image("pushed in between"), &["new"]);
        }
    });
    let listing = hub.hub.list(&hub.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!(listing.unread[0].kind(), ErrorKind::Contended);
}
