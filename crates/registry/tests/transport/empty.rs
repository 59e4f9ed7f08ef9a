//! The blob that everybody points at: brought where it is missing, and never where it is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::{ErrorKind, RawManifest, Source, TagOrDigest, empty, media_type};
use serde_json::json;

use crate::place::{Place, client};

fn artifact(note: &str) -> RawManifest {
    let empty = empty::descriptor().unwrap();
    let document = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": "application/vnd.example.note",
        "config": empty, "layers": [empty], "annotations": { "note": note },
    });
    RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap()
}

/// A registry that refuses the first so many manifests with this.
async fn refusing(times: usize, status: u16, code: &'static str) -> Place {
    let left = Arc::new(AtomicUsize::new(times));
    Place::start(move |head: &RequestHead| {
        let is_manifest = head.method == "PUT" && head.path.contains("/manifests/");
        let less = |left: usize| left.checked_sub(1);
        match is_manifest && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            true => Fault::Answer { status, code: code.to_owned(), retry_after: None },
            false => Fault::None,
        }
    })
    .await
}

#[tokio::test]
async fn the_blob_is_brought_once_and_what_has_it_is_believed_after_a_while() {
    // What refuses, how often, how many PUTs of manifests that makes where the blob is missing, and where it is there.
    let cases = [(400, "UNKNOWN", 0, 2, 1), (400, "MANIFEST_BLOB_UNKNOWN", 1, 2, 2), (400, "DIGEST_INVALID", 4, 5, 5)];
    for (status, code, times, missing, there) in cases {
        for (is_there, puts) in [(false, missing), (true, there)] {
            let place = refusing(times, status, code).await;
            if is_there {
                assert!(empty::ensure(&place.memory, &"backend.test/app".parse().unwrap()).await.unwrap());
            }
            let note = artifact("moved");
            let at = TagOrDigest::Digest(note.digest().clone());
            empty::put(&client(), &place.repo(), &note, &at).await.unwrap();
            assert_eq!(client().manifest(&place.repo(), &at).await.unwrap(), note);
            let seen = place.requests();
            let count = |part: &str| seen.iter().filter(|one| one.method == "PUT" && one.path.contains(part)).count();
            assert_eq!(count("/manifests/"), puts, "{code}, there: {is_there}: {seen:?}");
            assert_eq!(count("/blobs/"), usize::from(!is_there), "{code}, there: {is_there}: {seen:?}");
            assert!(!empty::ensure(&client(), &place.repo()).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_refusal_that_stays_is_told() {
    // For ever, for something else than a blob, and by who may not.
    for (status, code, kind, puts) in [
        (400, "MANIFEST_BLOB_UNKNOWN", ErrorKind::Rejected, 8),
        (400, "MANIFEST_INVALID", ErrorKind::Rejected, 2),
        (403, "DENIED", ErrorKind::Denied, 1),
    ] {
        let place = refusing(1000, status, code).await;
        let note = artifact("moved");
        let at = TagOrDigest::Digest(note.digest().clone());
        let error = empty::put(&client(), &place.repo(), &note, &at).await.unwrap_err();
        let manifests =
            place.requests().iter().filter(|one| one.method == "PUT" && one.path.contains("/manifests/")).count();
        assert_eq!((error.kind(), manifests), (kind, puts), "{code}: {error}");
    }
}
