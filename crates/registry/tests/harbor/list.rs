//! Listing: every page, and what Harbor's list leaves out.

use std::time::{Duration, SystemTime};

use lockage_registry::inventory::{Inventory as _, ListedManifest, Listing};
use lockage_registry::{Digest, ErrorKind};

use crate::harbor::TestHarbor;
use crate::stand_in::{attached, image, index};

fn row<'a>(listing: &'a Listing, digest: &Digest) -> &'a ListedManifest {
    listing.manifests.iter().find(|row| row.digest == *digest).unwrap()
}

#[tokio::test]
async fn short_pages_are_no_end() {
    let harbor = TestHarbor::start().await;
    for n in 0..230 {
        let image = harbor.push(&format!("image {n}"), &[&format!("v{n}")]);
        if n >= 190 {
            harbor.state().push(&attached(&format!("signature {n}"), &image), &[]);
        }
    }
    let listing = harbor.harbor.list(&harbor.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    assert_eq!((listing.tags.len(), listing.manifests.len()), (230, 270));
    assert_eq!(harbor.count("GET", "page_size=100"), 4, "three pages, and the first again");
    assert_eq!(harbor.count("GET", "/artifacts/"), 40, "each accessory");
}

#[tokio::test]
async fn children_and_accessories_of_accessories_are_asked_for() {
    let harbor = TestHarbor::start().await;
    let child = harbor.push("amd64", &[]);
    let tagged = harbor.push("arm64", &["v1-arm64"]);
    let parent = harbor.state().push(&index(&[&child, &tagged]), &["v1", "latest"]);
    let sbom = harbor.state().push(&attached("sbom", &parent), &[]);
    let signature = harbor.state().push(&attached("signature", &sbom), &["sha256-0.sig"]);
    let orphan = harbor.push("orphan", &[]);
    harbor.state().freeze("v1");
    let listing = harbor.harbor.list(&harbor.repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    assert_eq!(listing.manifests.len(), 6);
    assert!(listing.manifests.iter().all(|row| row.resolved && row.size == Some(4096)));
    assert_eq!(row(&listing, &parent).children, [child.clone(), tagged.clone()]);
    assert_eq!(row(&listing, &sbom).subject.as_ref(), Some(&parent));
    assert_eq!(row(&listing, &signature).subject.as_ref(), Some(&sbom));
    assert_eq!([&child, &tagged, &orphan].map(|digest| row(&listing, digest).subject.clone()), [None, None, None]);
    let day = Duration::from_secs(24 * 60 * 60);
    let pushed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_557_600);
    assert_eq!(
        (row(&listing, &child).pushed_at, row(&listing, &child).pulled_at),
        (Some(pushed), Some(pushed + 2 * day))
    );
    let tags: Vec<_> = listing
        .tags
        .iter()
        .map(|tag| (tag.name.as_str(), &tag.digest, tag.moved_at, tag.pulled_at, tag.immutable))
        .collect();
    let moved = Some(pushed + day);
    assert_eq!(
        tags,
        [
            ("latest", &parent, moved, None, false),
            ("sha256-0.sig", &signature, moved, None, false),
            ("v1", &parent, moved, None, true),
            ("v1-arm64", &tagged, moved, None, false),
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_looked_at_makes_the_listing_incomplete() {
    let harbor = TestHarbor::start().await;
    let child = harbor.push("amd64", &[]);
    harbor.state().push(&index(&[&child]), &["v1"]);
    harbor.state().meanwhile = Some(|state, request| {
        if request.path.contains("/artifacts/sha256:") {
            state.forbidden = Some("GET");
        }
    });
    let listing = harbor.harbor.list(&harbor.repo).await.unwrap();
    assert!(!listing.complete && !row(&listing, &child).resolved);
    assert_eq!(listing.unread[0].kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_not_complete() {
    let harbor = TestHarbor::start().await;
    for n in 0..150 {
        harbor.push(&format!("image {n}"), &[&format!("v{n}")]);
    }
    harbor.state().meanwhile = Some(|state, request| {
        if request.path.contains("page=2&") {
            state.push(&image("pushed in between"), &["new"]);
        }
    });
    let listing = harbor.harbor.list(&harbor.repo).await.unwrap();
    assert!(!listing.complete);
    assert_eq!(listing.unread[0].kind(), ErrorKind::Contended);
}
