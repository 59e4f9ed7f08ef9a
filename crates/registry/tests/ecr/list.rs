//! Listing: every page, and what only manifests say.

use std::time::{Duration, SystemTime};

use lockage_registry::ErrorKind;
use lockage_registry::inventory::Inventory as _;

use crate::amazon::Amazon;
use crate::stand_in::{attached, index};

#[tokio::test]
async fn every_page_is_read_and_nothing_is_pulled_that_ecr_describes() {
    let amazon = Amazon::start().await;
    for n in 0..25 {
        amazon.push(&format!("image {n}"), &[&format!("v{n}")]);
    }
    amazon.state().page = Some(10);
    let listing = amazon.ecr.list(&amazon.repo).await.unwrap();
    assert!(listing.complete);
    assert_eq!((listing.manifests.len(), listing.tags.len()), (25, 25));
    assert!(listing.manifests.iter().all(|manifest| manifest.resolved && manifest.size == Some(4096)));
    assert_eq!((amazon.count("DescribeImages"), amazon.count("/v2/")), (3, 0));
}

#[tokio::test]
async fn children_and_subjects_are_read_once_from_the_manifests() {
    let amazon = Amazon::start().await;
    let child = amazon.push("amd64", &[]);
    let parent = amazon.state().push(&index(&[&child]), &["v1"]);
    let signature = amazon.state().push(&attached("signature", &parent), &[]);
    for _ in 0..2 {
        let listing = amazon.ecr.list(&amazon.repo).await.unwrap();
        assert!(listing.complete, "{:?}", listing.unread);
        let row =
            |digest: &lockage_registry::Digest| listing.manifests.iter().find(|row| row.digest == *digest).unwrap();
        assert_eq!(row(&parent).children, std::slice::from_ref(&child));
        assert_eq!(row(&signature).subject.as_ref(), Some(&parent));
        assert_eq!(row(&child).subject, None);
        let pushed = SystemTime::UNIX_EPOCH + Duration::from_millis(1_714_557_600_250);
        assert_eq!(row(&parent).pushed_at, Some(pushed));
        assert_eq!(row(&parent).pulled_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_644_000)));
        assert_eq!(row(&child).pulled_at, None);
    }
    assert_eq!(amazon.count("/v2/"), 2, "the index and the signature");
}

#[tokio::test]
async fn an_image_that_comes_twice_makes_the_listing_incomplete() {
    let amazon = Amazon::start().await;
    amazon.push("image", &["v1"]);
    let twice = amazon.state().images[0].clone();
    amazon.state().images.push(twice);
    let listing = amazon.ecr.list(&amazon.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!(listing.unread[0].kind(), ErrorKind::Contended);
    assert_eq!((listing.manifests.len(), listing.tags.len()), (1, 1));
}

#[tokio::test]
async fn the_tags_of_an_image_are_asked_for() {
    let amazon = Amazon::start().await;
    let digest = amazon.push("image", &["v1", "v2"]);
    let tags = amazon.ecr.tags_of(&amazon.repo, &digest).await.unwrap().unwrap();
    assert_eq!(tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["v1", "v2"]);
    amazon.state().images.clear();
    assert!(amazon.ecr.tags_of(&amazon.repo, &digest).await.unwrap_err().is_not_found());
}
