//! Limits: those that a registry speaks of, and those that it makes felt.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use lockage_registry::server::Fault;
use lockage_registry::{ErrorKind, Source};

use crate::place::{Place, answer, builder, v1};

#[tokio::test]
async fn what_is_left_of_a_limit_is_told_and_kept() {
    let place = Place::start(|head| Fault::Header {
        name: "RateLimit-Remaining".to_owned(),
        value: format!("{};w=21600", 10_usize.saturating_sub(head.index)),
    })
    .await;
    let client = builder().keep_remaining(8).build().unwrap();
    assert_eq!(client.rate_limit(place.host()), None);
    client.manifest(&place.repo(), &v1()).await.unwrap();
    assert_eq!(client.rate_limit(place.host()).unwrap().remaining, 10);
    client.manifest(&place.repo(), &v1()).await.unwrap();
    client.manifest(&place.repo(), &v1()).await.unwrap();
    let error = client.manifest(&place.repo(), &v1()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(!error.is_temporary() && error.to_string().contains("takes 8 more requests"), "{error}");
    assert_eq!(place.requests().len(), 3, "it was not sent");
    client.resolve(&place.repo(), &v1()).await.unwrap();
    assert_eq!(client.rate_limit(place.host()).unwrap().remaining, 7, "a HEAD is not counted, and tells");
}

#[tokio::test]
async fn a_host_that_has_had_too_much_gets_less_at_once_and_more_later() {
    let left = AtomicUsize::new(1);
    let place = Place::start(move |_| {
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => answer(429),
            Err(_) => Fault::None,
        }
    })
    .await;
    let client = builder().concurrency(8).build().unwrap();
    let (repo, v1) = (place.repo(), v1());
    client.resolve(&repo, &v1).await.unwrap();
    assert_eq!(client.concurrency(place.host()), 4);
    join_all((0..200).map(|_| client.resolve(&repo, &v1))).await.into_iter().for_each(|found| drop(found.unwrap()));
    assert_eq!(client.concurrency(place.host()), 8);
}
