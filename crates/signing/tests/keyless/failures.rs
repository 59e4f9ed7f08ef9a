//! Services that fail: the error says which and how, shows no token, and nothing is stored.

use std::time::{Duration, SystemTime};

use lockage_signing::Error;
use lockage_signing::keyless::{Failure, IdentityToken, Keyless, KeylessError, Service as Named, Services};
use lockage_signing::sign::Layout;
use lockage_signing_mock::{Fault, Service, Services as Kind};

use crate::World;

const SERVICES: [(Service, Named); 3] =
    [(Service::Fulcio, Named::Fulcio), (Service::Rekor, Named::Rekor), (Service::Timestamp, Named::Timestamp)];

fn failure(error: Error) -> (Named, Failure) {
    match error {
        Error::Keyless(KeylessError::Service { service, failure, url }) => {
            assert!(url.starts_with("http://127.0.0.1:"), "{url}");
            (service, failure)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_service_that_fails_is_named_and_nothing_is_stored() {
    for kind in [Kind::V1Timestamp, Kind::V2Timestamp] {
        let world = World::new().await;
        for (service, named) in SERVICES {
            let faults = [Fault::Status(500), Fault::Status(403), Fault::Garbage, Fault::Slow(Duration::from_secs(30))];
            for fault in faults {
                world.mock.fail(service, Some(fault.clone()));
                let keyless = world.keyless(kind).timeout(Duration::from_millis(300));
                let error = world.sign(&keyless, Layout::Both).await.unwrap_err();
                assert!(error.remedy().is_some());
                let (failed, how) = failure(error);
                assert_eq!(failed, named, "{kind:?} {fault:?}");
                let as_expected = match fault {
                    Fault::Status(expected) => matches!(how, Failure::Refused { status, .. } if status == expected),
                    Fault::Garbage => matches!(how, Failure::Answer { .. }),
                    _ => how == Failure::Timeout,
                };
                assert!(as_expected, "{kind:?} {service:?} {fault:?}: {how:?}");
                assert_eq!(world.writes(), 0, "{kind:?} {service:?} {fault:?}");
                world.mock.fail(service, None);
            }
        }
        world.sign(&world.keyless(kind), Layout::Both).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let world = World::new().await;
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let url = world.mock.url();
    let cases = [
        (Services::new(&nowhere, url), Named::Fulcio),
        (Services::new(url, &nowhere), Named::Rekor),
        (Services::new(url, url).and_then(|services| services.timestamps(&nowhere)), Named::Timestamp),
    ];
    for (services, named) in cases {
        let keyless = Keyless::new(services.unwrap(), world.token()).unwrap();
        let error = world.sign(&keyless, Layout::Bundle).await.unwrap_err();
        assert_eq!(failure(error), (named, Failure::Unreachable));
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn a_token_that_fulcio_does_not_take_is_refused_and_not_shown() {
    let world = World::new().await;
    let stranger = World::new().await;
    let forged = stranger.mock.tokens.workflow("sigstore");
    let other_audience = world.mock.tokens.workflow("somebody-else");
    for text in [forged, other_audience] {
        let services = Services::from_signing_config(&world.mock.signing_config(Kind::V1)).unwrap();
        let keyless = Keyless::new(services, IdentityToken::parse(&text).unwrap()).unwrap();
        assert!(!format!("{keyless:?}").contains(&text));
        let error = world.sign(&keyless, Layout::Both).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&text));
        assert!(error.remedy().unwrap().contains("token"));
        assert!(matches!(failure(error), (Named::Fulcio, Failure::Refused { status: 401, .. })));
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let world = World::new().await;
    let keyless = world.keyless(Kind::V1);
    let later = SystemTime::now() + Duration::from_secs(1_000_000);
    let error = keyless.identity(later).await.unwrap_err();
    assert!(matches!(error, KeylessError::Token { .. }), "{error}");
    assert_eq!(world.mock.requests(Service::Fulcio), 0);
}

#[tokio::test]
async fn a_signature_that_the_trusted_root_would_reject_is_not_stored() {
    let world = World::new().await;
    let stranger = World::new().await;
    for kind in [Kind::V1, Kind::V2Timestamp] {
        let keyless = world.blind(kind).trusted_root(stranger.root());
        let error = world.sign(&keyless, Layout::Both).await.unwrap_err();
        assert!(matches!(error, Error::Keyless(KeylessError::NotBelieved { .. })), "{error}");
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_replaced() {
    let world = World::new().await;
    let keyless = world.keyless(Kind::V1);
    let now = SystemTime::now();
    for (after, certificates) in [(0, 1), (500, 1), (545, 2)] {
        keyless.identity(now + Duration::from_secs(after)).await.unwrap();
        assert_eq!(world.mock.requests(Service::Fulcio), certificates, "after {after} s");
    }
}
