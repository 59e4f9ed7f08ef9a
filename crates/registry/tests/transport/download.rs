//! Downloads that are cut go on where they were cut, and never splice what does not belong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::TryStreamExt as _;
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::{Body, ByteStream, ErrorKind, Opened, Repository, Result, Source, Status, Target};

use crate::place::{Place, builder, client};

async fn read(stream: ByteStream) -> Result<Vec<u8>> {
    stream
        .try_fold(Vec::new(), |mut bytes, chunk| async move {
            bytes.extend_from_slice(&chunk);
            Ok(bytes)
        })
        .await
}

fn is_blob(head: &RequestHead) -> bool {
    head.method == "GET" && head.path.contains("/blobs/")
}

#[tokio::test]
async fn a_cut_at_any_byte_costs_the_bytes_before_it_once() {
    const SIZE: u64 = 1_000_000;
    for cut in [0, 1, 2, 65_535, 65_536, 500_000, SIZE - 1] {
        let place = Place::start(move |head| match is_blob(head) && head.index == 0 {
            true => Fault::Truncate(cut),
            false => Fault::None,
        })
        .await;
        let (blob, bytes) = place.blob(usize::try_from(SIZE).unwrap()).await;
        let client = client();
        assert!(read(client.blob(&place.repo(), &blob, 0).await.unwrap()).await.unwrap() == bytes, "cut at {cut}");
        let sent: u64 = place.requests().iter().map(|seen| seen.sent).sum();
        assert_eq!((place.requests().len(), sent), (2, SIZE), "cut at {cut}");
    }
}

#[tokio::test]
async fn it_is_cut_again_and_again_and_still_gets_there() {
    let place = Place::start(|head| if is_blob(head) { Fault::Truncate(70_000) } else { Fault::None }).await;
    let (blob, bytes) = place.blob(1_000_000).await;
    assert!(read(client().blob(&place.repo(), &blob, 0).await.unwrap()).await.unwrap() == bytes);
    assert_eq!(place.requests().len(), 15, "70,000 bytes each");
    assert!(read(client().blob(&place.repo(), &blob, 999_000).await.unwrap()).await.unwrap() == bytes[999_000..]);
}

#[tokio::test]
async fn a_link_that_drips_is_given_up() {
    let place = Place::start(|head| if is_blob(head) { Fault::Truncate(100) } else { Fault::None }).await;
    let (blob, _) = place.blob(1_000_000).await;
    let error = read(client().blob(&place.repo(), &blob, 0).await.unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Unreachable, Status::Persistent, 5));
    assert_eq!(place.requests().len(), 5);
}

#[tokio::test]
async fn a_part_that_is_not_the_one_asked_for_is_never_spliced() {
    for wrong in
        ["bytes 0-999999/1000000", "bytes 5-999999/1000000", "bytes 10-999998/1000000", "bytes 10-999999/2000000", "x"]
    {
        let place = Place::start(move |head| match (is_blob(head), head.index) {
            (true, 0) => Fault::Truncate(10),
            (true, _) => Fault::Header { name: "Content-Range".to_owned(), value: wrong.to_owned() },
            _ => Fault::None,
        })
        .await;
        let (blob, _) = place.blob(1_000_000).await;
        let error = read(client().blob(&place.repo(), &blob, 0).await.unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), place.requests().len()), (ErrorKind::Protocol, 2), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn whoever_stops_reading_gives_the_place_back() {
    let place = Place::start(|_| Fault::None).await;
    let (blob, _) = place.blob(10_000).await;
    let client = Client::builder().concurrency(1).build().unwrap();
    for _ in 0..3 {
        drop(client.blob(&place.repo(), &blob, 0).await.unwrap());
    }
}

#[tokio::test]
async fn uploads_that_are_fed_by_cut_downloads_of_the_same_host_do_not_wait_for_themselves() {
    let place = Place::start(|head| if is_blob(head) { Fault::Truncate(70_000) } else { Fault::None }).await;
    let client = builder().concurrency(1).build().unwrap();
    let other: Repository = format!("{}/other", place.host()).parse().unwrap();
    let mut blobs = Vec::new();
    for size in [200_000, 200_001, 200_002] {
        blobs.push(place.blob(size).await.0);
    }
    let (client, other, place) = (&client, &other, &place);
    let copies = blobs.iter().map(|blob| async move {
        let Opened::Upload(session) = client.open_blob(other, blob, None).await.unwrap() else { panic!("it is there") };
        let from = place.repo();
        let body = Body::replayable(move |at| {
            let from = from.clone();
            Box::pin(async move { client.blob(&from, blob, at).await })
        });
        session.complete(body).await.unwrap();
    });
    let all = futures::future::join_all(copies);
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("nobody waits for a stalled upload");
}

#[tokio::test]
async fn cuts_at_random_end_in_the_whole_blob_or_an_error() {
    for seed in 1..30_u64 {
        let state = AtomicU64::new(seed);
        let place = Place::start(move |head| {
            let drawn =
                state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
            match is_blob(head) && !drawn.is_multiple_of(3) {
                true => Fault::Truncate(drawn % 100_000),
                false => Fault::None,
            }
        })
        .await;
        let (blob, bytes) = place.blob(150_000).await;
        match client().blob(&place.repo(), &blob, 0).await {
            Ok(stream) => match read(stream).await {
                Ok(found) => assert!(found == bytes, "seed {seed}"),
                Err(error) => assert_eq!(error.status(), Status::Persistent, "seed {seed}: {error}"),
            },
            Err(error) => assert_eq!(error.status(), Status::Persistent, "seed {seed}: {error}"),
        }
    }
}
