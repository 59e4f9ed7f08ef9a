//! Uploads that break: resumed where the registry says, begun anew for that blob where it does not, in another form where
//! it wants one.

use std::sync::Arc;

use lockage_registry::client::{Client, Profile};
use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::{Body, Digest, ErrorKind, Source, TargetExt};

use crate::cut::Cut;
use crate::place::{Place, answer, blob, builder};

const SIZE: usize = 1_000_000;

/// What the requests were, in short: `POST 202`.
fn story(place: &Place) -> Vec<String> {
    place.requests().iter().map(|seen| format!("{} {}", seen.method, seen.status)).collect()
}

async fn has(place: &Place, digest: &Digest) -> bool {
    place.memory.stat_blob(&"backend.test/app".parse().unwrap(), digest).await.is_ok()
}

fn header(name: &str, value: &str) -> Fault {
    Fault::Header { name: name.to_owned(), value: value.to_owned() }
}

/// Puts a blob of `SIZE` bytes, with a body that can be opened anywhere.
async fn put(place: &Place, script: Profile) -> lockage_registry::Result<()> {
    let (blob, bytes) = blob(SIZE);
    let client = builder().profile(place.host().clone(), script).build().unwrap();
    client.put_blob(&place.repo(), &blob, Body::bytes(bytes)).await
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_not_sent_again() {
    let place = Place::start(|head| if head.index == 1 { Fault::CutAfter } else { Fault::None }).await;
    put(&place, Profile::DISTRIBUTION).await.unwrap();
    assert_eq!(story(&place), ["POST 202", "PUT 0", "GET 404", "DELETE 404", "POST 201"]);
}

#[tokio::test]
async fn the_form_that_is_refused_is_followed_by_the_next() {
    for (refused, expected) in [
        (vec!["PUT"], vec!["POST 202", "PUT 413", "DELETE 204", "POST 202", "PATCH 202", "PUT 201"]),
        (
            vec!["PUT", "PATCH"],
            vec![
                "POST 202",
                "PUT 413",
                "DELETE 204",
                "POST 202",
                "PATCH 413",
                "DELETE 204",
                "POST 202",
                "PATCH 202",
                "PUT 201",
            ],
        ),
    ] {
        let left = std::sync::Mutex::new(refused);
        let place = Place::start(move |head| {
            let mut left = left.lock().unwrap();
            match left.iter().position(|method| *method == head.method) {
                Some(at) => {
                    left.remove(at);
                    answer(413)
                }
                None => Fault::None,
            }
        })
        .await;
        put(&place, Profile::DISTRIBUTION).await.unwrap();
        assert_eq!(story(&place), expected);
    }
}

#[tokio::test]
async fn chunks_are_sent_where_a_profile_says_so_and_no_form_is_taken() {
    let place = Place::start(|head| match head.method.as_str() {
        "PUT" if head.index < 3 => answer(400),
        "PATCH" if head.index < 6 => answer(400),
        _ => Fault::None,
    })
    .await;
    let mut profile = Profile::DISTRIBUTION;
    profile.chunk = Some(300_000);
    put(&place, profile).await.unwrap();
    let patches: Vec<u64> =
        place.requests().iter().filter(|seen| seen.method == "PATCH").map(|seen| seen.received).collect();
    assert_eq!(patches[1..], [300_000, 300_000, 300_000, 100_000]);

    let place =
        Place::start(|head| if matches!(head.method.as_str(), "PUT" | "PATCH") { answer(400) } else { Fault::None })
            .await;
    let error = put(&place, Profile::ECR).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(place.count("PATCH"), 1, "no chunks where they are known to be lost");
}

#[tokio::test]
async fn a_registry_that_says_it_got_other_bytes_than_were_sent_is_not_believed() {
    for said in ["0-5", "0-1000000", "0-0", "garbage", "5-999999"] {
        let place = Place::start(move |head| match head.method.as_str() {
            "PATCH" => header("Range", said),
            _ => Fault::None,
        })
        .await;
        let mut profile = Profile::DISTRIBUTION;
        profile.put_up_to = 0;
        let error = put(&place, profile).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{said}: {error}");
        assert!(!has(&place, &blob(SIZE).0.digest).await, "{said}");
    }
}

#[tokio::test]
async fn another_digest_than_was_sent_is_an_error() {
    let place = Place::start(|head| match head.method.as_str() {
        "PUT" => header("Docker-Content-Digest", &format!("sha256:{}", "0".repeat(64))),
        _ => Fault::None,
    })
    .await;
    assert_eq!(put(&place, Profile::DISTRIBUTION).await.unwrap_err().kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn a_profile_without_self_mounts_asks_first() {
    let place = Place::start(|_| Fault::None).await;
    put(&place, Profile::QUAY).await.unwrap();
    assert_eq!(story(&place), ["HEAD 404", "POST 202", "PUT 201"]);
    put(&place, Profile::QUAY).await.unwrap();
    assert_eq!(story(&place)[3..], ["HEAD 200"]);
}

/// With a session that keeps what a cut PATCH has brought.
fn patching(host: &str) -> Client {
    let mut profile = Profile::DISTRIBUTION;
    profile.put_up_to = 0;
    builder().profile(host.parse().unwrap(), profile).build().unwrap()
}

/// The wire is cut every so many bytes, twice. What arrived is not sent again.
#[tokio::test]
async fn an_upload_that_is_cut_goes_on_where_the_registry_says() {
    for every in [150_000, 400_000, 700_000] {
        let place = Place::start(|_| Fault::None).await;
        let cut = Cut::every(place.server.address(), every, 2).await;
        let (blob, bytes) = blob(SIZE);
        let client = patching(&cut.host());
        client.put_blob(&format!("{}/app", cut.host()).parse().unwrap(), &blob, Body::bytes(bytes)).await.unwrap();
        assert!(has(&place, &blob.digest).await);
        let story = story(&place);
        assert!(story.contains(&"GET 204".to_owned()) && story.contains(&"PATCH 202".to_owned()), "{story:?}");
        assert_eq!(place.count("POST"), 1, "one session: {story:?}");
        // What was on the wire when it was cut is sent twice: not more than buffers hold.
        assert!(cut.sent() < SIZE as u64 + 2 * 300_000, "{} bytes for {SIZE}", cut.sent());
    }
}

/// Sessions that do not survive, as those of distribution 2: this blob is begun anew.
#[tokio::test]
async fn a_session_that_is_gone_is_followed_by_a_new_one() {
    let forgets = |head: &RequestHead| match head.method.as_str() {
        "GET" => answer(404),
        _ => Fault::None,
    };
    for profile in [Profile::DISTRIBUTION, Profile::DISTRIBUTION_2] {
        let place = Place::start(forgets).await;
        let cut = Cut::every(place.server.address(), 600_000, 1).await;
        let (blob, bytes) = blob(SIZE);
        let client = builder().profile(cut.host().parse().unwrap(), profile).build().unwrap();
        client.put_blob(&format!("{}/app", cut.host()).parse().unwrap(), &blob, Body::bytes(bytes)).await.unwrap();
        assert!(has(&place, &blob.digest).await);
        let asked = usize::from(profile.resumes);
        assert_eq!((place.count("POST"), place.count("GET")), (2, asked), "{:?}", story(&place));
    }
}

/// A body that is opened at an offset is read from there, and not from its start.
#[tokio::test]
async fn the_source_is_not_read_again_from_its_start() {
    let place = Place::start(|_| Fault::None).await;
    let cut = Cut::every(place.server.address(), 700_000, 1).await;
    let (blob, bytes) = blob(SIZE);
    let opened = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&opened);
    let body = Body::replayable(move |from| {
        log.lock().unwrap().push(from);
        let bytes = bytes.clone();
        Box::pin(async move { Body::bytes(bytes).open(from).await })
    });
    patching(&cut.host()).put_blob(&format!("{}/app", cut.host()).parse().unwrap(), &blob, body).await.unwrap();
    let opened = opened.lock().unwrap();
    assert!(opened.len() == 2 && opened[0] == 0 && opened[1] > 400_000, "{opened:?}");
}
