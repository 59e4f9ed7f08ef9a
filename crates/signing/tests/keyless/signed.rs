//! What is signed is verified: by whom it was, with every kind of service, in both layouts.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::DigestTagKind;
use lockage_signing::format::{LogBundle, PredicateType, names};
use lockage_signing::keyless::{IdentityToken, Keyless, KeylessError, Services};
use lockage_signing::sign::{Layout, Predicate, Signing};
use lockage_signing::trust::{Identity, San};
use lockage_signing::verify::{Check, Outcome, Place};
use lockage_signing::{Error, Policy};
use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
use lockage_signing_mock::{Service, Services as Kind};

use crate::World;

#[tokio::test]
async fn a_signature_of_every_kind_of_service_is_verified_as_who_made_it_and_as_nobody_else() {
    for (kind, layout, expected) in [
        (Kind::V1, Layout::Both, 2),
        (Kind::V1Timestamp, Layout::Both, 2),
        (Kind::V2Timestamp, Layout::Bundle, 1),
        (Kind::V1, Layout::Legacy, 1),
        (Kind::V1Timestamp, Layout::Legacy, 1),
    ] {
        let world = World::new().await;
        let signed = world.sign(&world.keyless(kind), layout).await.unwrap();
        assert_eq!((signed.marks.len(), signed.left_out), (expected, None), "{kind:?}");
        let Outcome::Verified(verified) = world.verify(WORKFLOW, ACTIONS_ISSUER).await else { panic!("{kind:?}") };
        assert_eq!((verified.accepted.len(), verified.rejected.len()), (expected, 0), "{kind:?}");
        for accepted in &verified.accepted {
            let stamped = accepted.checks.contains(&Check::Timestamp);
            assert_eq!(stamped, kind.timestamp(), "{kind:?} {accepted:?}");
            assert!(accepted.checks.contains(&Check::TransparencyLog), "{accepted:?}");
            assert!(!accepted.times.is_empty(), "{accepted:?}");
        }
        let others = [
            ("https://github.com/acme/app/.github/workflows/other.yml@refs/heads/main", ACTIONS_ISSUER),
            (WORKFLOW, "https://token.example"),
        ];
        for (identity, issuer) in others {
            let outcome = world.verify(identity, issuer).await;
            assert!(matches!(&outcome, Outcome::Rejected(all) if all.len() == expected), "{kind:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_log_of_version_2_fills_the_new_layout_only_and_says_so_before_it_is_asked() {
    let world = World::new().await;
    let keyless = world.keyless(Kind::V2Timestamp);
    let signed = world.sign(&keyless, Layout::Both).await.unwrap();
    let left_out = signed.left_out.unwrap();
    assert!(matches!(signed.marks.as_slice(), [mark] if matches!(mark.place, Place::Bundle { .. })));
    assert_eq!(left_out.layout, Layout::Legacy);
    assert!(left_out.why.contains("Rekor v2"), "{}", left_out.why);

    let (asked, writes) = (world.mock.requests(Service::Rekor), world.writes());
    let error = world.sign(&keyless, Layout::Legacy).await.unwrap_err();
    assert!(matches!(error, Error::Keyless(KeylessError::NoLegacy { .. })), "{error}");
    assert!(error.remedy().unwrap().contains("bundles"));
    assert_eq!((world.mock.requests(Service::Rekor), world.writes()), (asked, writes));
}

#[tokio::test]
async fn the_layer_of_the_old_layout_has_what_that_of_cosign_2_has() {
    for kind in [Kind::V1, Kind::V1Timestamp] {
        let world = World::new().await;
        world.sign(&world.keyless(kind), Layout::Legacy).await.unwrap();
        let [layer] = world.layers(DigestTagKind::Signature).await.try_into().unwrap();
        let mut expected = vec![names::SIGNATURE, names::REKOR_BUNDLE, names::CERTIFICATE, names::CHAIN];
        expected.extend(kind.timestamp().then_some(names::TIMESTAMP));
        assert_eq!(layer.annotations.keys().map(String::as_str).collect::<Vec<_>>(), expected);
        let annotation = |name: &str| layer.annotations[name].as_str();
        assert!(annotation(names::REKOR_BUNDLE).starts_with(r#"{"SignedEntryTimestamp":""#));
        assert!(!annotation(names::CERTIFICATE).contains('\r') && annotation(names::CERTIFICATE).ends_with("-----\n"));
        assert_eq!(annotation(names::CERTIFICATE).matches("BEGIN CERTIFICATE").count(), 1);
        assert_eq!(annotation(names::CHAIN).matches("BEGIN CERTIFICATE").count(), 2);
    }
}

#[tokio::test]
async fn an_attestation_is_verified_in_both_layouts_and_counts_as_no_signature() {
    for kind in [Kind::V1, Kind::V1Timestamp, Kind::V2Timestamp] {
        let world = World::new().await;
        let keyless = world.keyless(kind);
        let predicate_type: PredicateType = "slsaprovenance1".parse().unwrap();
        let json = r#"{"runDetails":{"n":12345678901234567890},"resolvedDependencies":[]}"#;
        let predicate = Predicate::new(predicate_type.clone(), json).unwrap();
        let now = SystemTime::now();
        let signed =
            Signing::keyless(&keyless).attest(&world.registry, &world.repo, &world.digest, &predicate, now).await;
        let marks = signed.unwrap().marks.len();
        let policy = Policy::builder()
            .identity(Identity::exact(WORKFLOW, ACTIONS_ISSUER).unwrap())
            .trusted_root(world.root())
            .build()
            .unwrap();
        let found = policy
            .verify_attestation(&world.registry, &world.repo, &world.digest, &predicate_type, &|_| Ok(()), now)
            .await;
        let Outcome::Verified(found) = found else { panic!("{kind:?}: {found:?}") };
        assert_eq!(found.attestations.len(), marks);
        assert_eq!(marks, if kind == Kind::V2Timestamp { 1 } else { 2 });
        for attestation in &found.attestations {
            assert_eq!(attestation.statement.predicate.get(), json);
            assert_eq!(
                attestation.certificate.get("source_repository_ref").map(String::as_str),
                Some("refs/heads/main")
            );
        }
        assert_eq!(world.accepted().await, 0);
    }
}

#[tokio::test]
async fn the_log_has_the_hash_of_the_layer_that_is_stored_for_an_attestation() {
    let world = World::new().await;
    let predicate = Predicate::new("https://example.com/t".parse().unwrap(), "{}").unwrap();
    let keyless = world.keyless(Kind::V1);
    let signing = Signing::keyless(&keyless).layout(Layout::Legacy);
    signing.attest(&world.registry, &world.repo, &world.digest, &predicate, SystemTime::now()).await.unwrap();
    let [layer] = world.layers(DigestTagKind::Attestation).await.try_into().unwrap();
    let logged = LogBundle::parse(layer.annotations[names::REKOR_BUNDLE].as_bytes()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&logged.body).unwrap();
    assert_eq!(body["spec"]["envelopeHash"]["value"], layer.digest.hex());
}

#[tokio::test]
async fn a_person_signs_by_an_email_address_at_services_that_are_named_one_by_one() {
    let world = World::new().await;
    let (email, issuer) = ("dev@acme.example", "https://accounts.acme.example");
    let token = IdentityToken::parse(&world.mock.tokens.person(email, issuer)).unwrap();
    let url = world.mock.url();
    let services = Services::new(url, url).unwrap().timestamps(&world.mock.timestamp_url()).unwrap();
    let keyless = Keyless::new(services, token).unwrap().trusted_root(world.root());
    let (subject, vouched) = keyless.identity(SystemTime::now()).await.unwrap();
    assert_eq!((subject, vouched.as_str()), (San::Email(email.to_owned()), issuer));
    world.sign(&keyless, Layout::Both).await.unwrap();
    assert!(matches!(world.verify(email, issuer).await, Outcome::Verified(_)));
    assert!(matches!(world.verify(WORKFLOW, ACTIONS_ISSUER).await, Outcome::Rejected(_)));
}

#[tokio::test]
async fn one_certificate_serves_all_that_is_signed_at_once() {
    let world = World::new().await;
    let keyless = world.keyless(Kind::V1);
    let claims: Vec<Signing<'_>> =
        (0..5).map(|n| Signing::keyless(&keyless).layout(Layout::Bundle).claim("n", n.to_string())).collect();
    let now = SystemTime::now();
    let all = claims.iter().map(|signing| signing.sign(&world.registry, &world.repo, &world.digest, now));
    for signed in futures::future::join_all(all).await {
        assert!(signed.unwrap().is_new());
    }
    assert_eq!((world.mock.requests(Service::Fulcio), world.mock.requests(Service::Rekor)), (1, 5));
}

#[tokio::test]
async fn a_bundle_is_sealed_without_a_registry() {
    let world = World::new().await;
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"https://example.com/t","predicate":{{"a":[]}}}}"#,
        world.digest.hex()
    );
    let bundle = world.keyless(Kind::V2Timestamp).bundle(statement.as_bytes(), SystemTime::now()).await.unwrap();
    assert_eq!((bundle.media_type.as_str(), bundle.log_entries, bundle.timestamps), (names::BUNDLE, 1, 1));
    let document: BTreeMap<String, serde_json::Value> = serde_json::from_slice(bundle.as_bytes()).unwrap();
    assert!(document["verificationMaterial"].get("certificate").is_some());
    assert_eq!(world.registry.calls().len(), 0);
}
