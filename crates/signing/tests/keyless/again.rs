//! Signing again: what the same identity has said is not said twice, as far as it can be known.

use std::time::Duration;

use lockage_signing::keyless::{IdentityToken, Keyless, Services};
use lockage_signing::sign::Layout;
use lockage_signing_mock::{Service, Services as Kind};

use crate::World;

#[tokio::test]
async fn with_a_trusted_root_the_same_identity_signs_once() {
    for kind in [Kind::V1, Kind::V1Timestamp, Kind::V2Timestamp] {
        let world = World::new().await;
        let first = world.sign(&world.keyless(kind), Layout::Both).await.unwrap();
        assert!(first.is_new());
        let (logged, writes) = (world.mock.requests(Service::Rekor), world.writes());
        // Another process: another key, and another certificate of the same identity.
        let again = world.sign(&world.keyless(kind), Layout::Both).await.unwrap();
        assert!(!again.is_new(), "{kind:?}: {again:?}");
        assert_eq!((world.mock.requests(Service::Rekor), world.writes()), (logged, writes), "{kind:?}");
        assert_eq!(world.accepted().await, first.marks.len());
    }
}

#[tokio::test]
async fn without_a_trusted_root_each_call_adds_a_signature() {
    let world = World::new().await;
    for expected in [2, 4] {
        assert!(world.sign(&world.blind(Kind::V1), Layout::Both).await.unwrap().is_new());
        assert_eq!(world.accepted().await, expected);
    }
}

#[tokio::test]
async fn another_identity_signs_beside() {
    let world = World::new().await;
    world.sign(&world.keyless(Kind::V1), Layout::Both).await.unwrap();
    for issuer in ["https://a.example", "https://b.example"] {
        let token = IdentityToken::parse(&world.mock.tokens.person("dev@acme.example", issuer)).unwrap();
        let services = Services::from_signing_config(&world.mock.signing_config(Kind::V1)).unwrap();
        let keyless = Keyless::new(services, token).unwrap().trusted_root(world.root());
        let signed = world.sign(&keyless, Layout::Both).await.unwrap();
        assert!(signed.marks.len() == 2 && signed.is_new());
    }
    assert_eq!(world.accepted().await, 2);
}

#[tokio::test]
async fn a_signature_that_the_root_does_not_believe_counts_as_none() {
    let world = World::new().await;
    let stranger = World::new().await;
    // The same name, from another Sigstore.
    let services = Services::from_signing_config(&stranger.mock.signing_config(Kind::V1)).unwrap();
    let foreign = Keyless::new(services, stranger.token()).unwrap().timeout(Duration::from_secs(20));
    world.sign(&foreign, Layout::Both).await.unwrap();
    let signed = world.sign(&world.keyless(Kind::V1), Layout::Both).await.unwrap();
    assert_eq!(signed.marks.len(), 2);
    assert!(signed.is_new());
    assert_eq!(world.accepted().await, 2);
}
