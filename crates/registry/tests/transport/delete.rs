//! A tag is deleted and its manifest stays, natively or by the detour; what cannot be done changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::TryStreamExt as _;
use lockage_registry::client::Profile;
use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::{ErrorKind, Prune, Source, Tag, TagOrDigest, Target};

use crate::place::{Place, answer, builder, client, v1};

fn deletes_a_tag(head: &RequestHead) -> bool {
    head.method == "DELETE" && !head.path.contains("sha256:")
}

/// A registry like distribution 2, which takes digests only and says so by calling the tag a bad one.
fn digests_only(head: &RequestHead) -> Fault {
    match deletes_a_tag(head) {
        true => Fault::Answer { status: 400, code: "DIGEST_INVALID".to_owned(), retry_after: None },
        false => Fault::None,
    }
}

async fn tags(place: &Place) -> Vec<String> {
    let mut tags: Vec<Tag> = client().tags(&place.repo()).try_collect().await.unwrap();
    tags.sort();
    tags.iter().map(ToString::to_string).collect()
}

async fn tag_twice(place: &Place) -> Tag {
    let v2: Tag = "v2".parse().unwrap();
    let behind = "backend.test/app".parse().unwrap();
    place.memory.put_manifest(&behind, place.image.root(), &v2.clone().into()).await.unwrap();
    v2
}

#[tokio::test]
async fn the_other_tag_and_the_manifest_stay() {
    let no_delete = |head: &RequestHead| if deletes_a_tag(head) { answer(405) } else { Fault::None };
    let scripts: [fn(&RequestHead) -> Fault; 3] = [|_| Fault::None, no_delete, digests_only];
    for (script, profile, requests) in [
        (scripts[0], Profile::DISTRIBUTION, 1),
        (scripts[1], Profile::DISTRIBUTION, 10),
        (scripts[2], Profile::DISTRIBUTION, 10),
        (scripts[2], Profile::DISTRIBUTION_2, 9),
    ] {
        let place = Place::start(script).await;
        let v2 = tag_twice(&place).await;
        let client = builder().profile(place.host().clone(), profile).build().unwrap();
        client.delete_tag(&place.repo(), &v2).await.unwrap();
        assert_eq!(place.requests().len(), requests, "{:?}", place.requests());
        assert_eq!(tags(&place).await, ["v1"]);
        let digest: TagOrDigest = place.image.root().digest().clone().into();
        assert_eq!(client.manifest(&place.repo(), &digest).await.unwrap(), *place.image.root());
        let gone = client.delete_tag(&place.repo(), &v2).await.unwrap_err();
        assert!(gone.is_not_found(), "{gone}");
    }
}

#[tokio::test]
async fn the_empty_blob_is_uploaded_once_and_a_registry_that_doubts_it_is_asked_again() {
    for code in ["MANIFEST_BLOB_UNKNOWN", "DIGEST_INVALID"] {
        let puts = AtomicUsize::new(0);
        let place = Place::start(move |head| match head.method.as_str() {
            "DELETE" if deletes_a_tag(head) => answer(405),
            // Others upload the blob just now, twice in a row.
            "PUT" if head.path.contains("/manifests/") && puts.fetch_add(1, Ordering::SeqCst) % 3 != 2 => {
                Fault::Answer { status: 400, code: code.to_owned(), retry_after: None }
            }
            _ => Fault::None,
        })
        .await;
        let v2 = tag_twice(&place).await;
        for (tag, uploads) in [(v2, 1), ("v1".parse().unwrap(), 1)] {
            client().delete_tag(&place.repo(), &tag).await.unwrap();
            assert_eq!(place.count("POST"), uploads, "{code}: {:?}", place.requests());
        }
        assert_eq!(tags(&place).await, Vec::<String>::new(), "{code}");
    }
}

/// distribution 2 deletes the manifest, fails over a tag that somebody else is writing, and leaves ours with nothing behind it.
#[tokio::test]
async fn a_tag_that_is_left_behind_by_a_delete_that_failed_is_deleted_all_the_same() {
    let deletes = AtomicUsize::new(0);
    let place = Place::start(move |head| match (head.method.as_str(), deletes_a_tag(head)) {
        ("DELETE", true) => answer(405),
        // The second is of the manifest that has the tag: it is done, and the answer is lost.
        ("DELETE", false) if deletes.fetch_add(1, Ordering::SeqCst) == 1 => Fault::CutAfter,
        _ => Fault::None,
    })
    .await;
    client().delete_tag(&place.repo(), &"v1".parse().unwrap()).await.unwrap();
    assert_eq!(tags(&place).await, Vec::<String>::new());
    let seen = place.requests();
    let to_tag = seen.iter().filter(|seen| seen.method == "PUT" && seen.path.ends_with("/manifests/v1")).count();
    assert_eq!(to_tag, 2, "given to what goes with it once more: {seen:?}");
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_is_left_as_it_was() {
    let place = Place::start(|head| if head.method == "DELETE" { answer(405) } else { Fault::None }).await;
    let error = client().delete_tag(&place.repo(), &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.remedy().is_some()), (ErrorKind::Unsupported, true), "{error}");
    assert_eq!(client().resolve(&place.repo(), &v1()).await.unwrap().digest, *place.image.root().digest());
}

#[tokio::test]
async fn what_is_known_to_be_impossible_is_not_asked() {
    let place = Place::start(|_| Fault::None).await;
    let client = builder().profile(place.host().clone(), Profile::GHCR).build().unwrap();
    let error = client.delete_tag(&place.repo(), &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), place.requests().len()), (ErrorKind::Unsupported, 0), "{error}");
    assert!(error.to_string().contains("GitHub"), "{error}");
}

#[tokio::test]
async fn a_detour_that_fails_in_the_middle_gives_the_tag_back() {
    let deletes = AtomicUsize::new(0);
    let place = Place::start(move |head| match (head.method.as_str(), deletes_a_tag(head)) {
        ("DELETE", true) => answer(405),
        // The first shows that it deletes, and the second does not.
        ("DELETE", false) if deletes.fetch_add(1, Ordering::SeqCst) > 0 => answer(403),
        _ => Fault::None,
    })
    .await;
    let error = client().delete_tag(&place.repo(), &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("holds sha256:"), "{error}");
    assert_eq!(client().resolve(&place.repo(), &v1()).await.unwrap().digest, *place.image.root().digest());
}
