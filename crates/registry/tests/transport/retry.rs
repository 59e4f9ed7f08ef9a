//! What is tried again, how often, and what is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use lockage_registry::server::Fault;
use lockage_registry::{Body, ErrorKind, Prune, RetryPolicy, Source, Status, Target, TargetExt};

use crate::place::{Place, answer, blob, builder, client, impatient, v1};

/// The first `times` requests with this method go wrong.
fn first(times: usize, method: &'static str, fault: Fault) -> impl Fn(&lockage_registry::server::RequestHead) -> Fault {
    let left = AtomicUsize::new(times);
    move |head| {
        let hit = head.method == method
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if hit { fault.clone() } else { Fault::None }
    }
}

#[tokio::test]
async fn what_may_go_away_is_tried_again() {
    for fault in [408, 429, 499, 500, 502, 503, 504, 522].map(answer).into_iter().chain([
        Fault::Cut,
        Fault::CutAfter,
        Fault::Truncate(10),
    ]) {
        let place = Place::start(first(2, "GET", fault.clone())).await;
        let found = client().manifest(&place.repo(), &v1()).await.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        assert_eq!(found.digest(), place.image.root().digest());
        assert_eq!(place.count("GET"), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn what_stays_is_not() {
    for status in [400, 401, 403, 404, 405, 409, 413, 416, 418, 501] {
        let place = Place::start(move |_| answer(status)).await;
        let error = client().manifest(&place.repo(), &v1()).await.unwrap_err();
        assert_eq!((error.status(), error.attempts(), place.requests().len()), (Status::Permanent, 1, 1), "{error}");
    }
}

#[tokio::test]
async fn given_up_it_is_persistent_and_says_how_often() {
    let place = Place::start(|_| answer(503)).await;
    let client = builder().retry(impatient().with_attempts(3)).build().unwrap();
    let error = client.resolve(&place.repo(), &v1()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Unavailable, Status::Persistent, 3));
    assert_eq!(place.requests().len(), 3);
    assert!(error.to_string().contains("after 3 attempts"), "{error}");

    let once = builder().retry(RetryPolicy::none()).build().unwrap();
    let error = once.resolve(&place.repo(), &v1()).await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::Temporary, 1), "whoever retries outside may do it");
}

#[tokio::test]
async fn a_manifest_whose_answer_was_lost_is_put_again() {
    let place = Place::start(first(1, "PUT", Fault::CutAfter)).await;
    let manifest = place.image.root();
    client()
        .put_manifest(&place.repo(), manifest, &"v2".parse::<lockage_registry::Tag>().unwrap().into())
        .await
        .unwrap();
    assert_eq!(place.count("PUT"), 2);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let place = Place::start(first(1, "DELETE", Fault::CutAfter)).await;
    client().delete_manifest(&place.repo(), place.image.root().digest()).await.unwrap();
    assert_eq!(place.requests().iter().map(|seen| seen.status).collect::<Vec<_>>(), [0, 404]);
    let error = client().delete_manifest(&place.repo(), place.image.root().digest()).await.unwrap_err();
    assert!(error.is_not_found(), "nothing was lost this time");
}

#[tokio::test]
async fn a_body_that_can_be_read_once_is_sent_once() {
    let (blob, bytes) = blob(5_000);
    for fault in [Fault::Cut, answer(503), answer(413)] {
        let place = Place::start(first(1, "PUT", fault)).await;
        let once = Body::once(stream::iter([Ok(bytes.clone().into())]).boxed());
        client().put_blob(&place.repo(), &blob, once).await.unwrap_err();
        assert_eq!((place.count("PUT"), place.count("PATCH")), (1, 0));
    }
}

#[tokio::test]
async fn every_task_waits_as_long_as_the_registry_asks() {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&arrivals);
    let place = Place::start(move |head| {
        log.lock().unwrap().push(Instant::now());
        let asked = Some(Duration::from_secs(1));
        match head.index {
            0 => Fault::Answer { status: 429, code: "TOOMANYREQUESTS".to_owned(), retry_after: asked },
            _ => Fault::None,
        }
    })
    .await;
    let client = client();
    let (repo, v1) = (place.repo(), v1());
    // One finds out; those that come after it wait although nobody told them.
    let found_out = client.resolve(&repo, &v1);
    let others = async {
        while place.requests().iter().all(|seen| seen.status == 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        join_all((0..5).map(|_| client.resolve(&repo, &v1))).await
    };
    let (one, others) = futures::future::join(found_out, others).await;
    one.unwrap();
    others.into_iter().for_each(|found| drop(found.unwrap()));
    let arrivals = arrivals.lock().unwrap();
    assert_eq!(arrivals.len(), 7);
    assert!(arrivals[1] - arrivals[0] >= Duration::from_secs(1), "{:?}", arrivals[1] - arrivals[0]);
}

#[tokio::test]
async fn whoever_asks_for_too_much_patience_is_given_up_at_once() {
    let place = Place::start(|_| Fault::Answer {
        status: 429,
        code: "TOOMANYREQUESTS".to_owned(),
        retry_after: Some(Duration::from_secs(3600)),
    })
    .await;
    let error = client().resolve(&place.repo(), &v1()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::RateLimited, Status::Persistent));
    assert_eq!((error.retry_after(), place.requests().len()), (Some(Duration::from_secs(3600)), 1));
}
