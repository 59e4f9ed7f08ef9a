//! The ways in which signatures of images are known to be forged, moved or hidden: none of them passes.

use std::collections::BTreeMap;

use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{DigestTagKind, Prune as _, Source as _, TagOrDigest, Target as _};
use lockage_signing::Policy;
use lockage_signing::format::{PredicateType, SimpleSigning, names};
use lockage_signing::policy::ReferenceRule;
use lockage_signing::verify::{Outcome, Reason, Rejection};
use serde_json::json;

use super::toy::{Toy, now};
use super::world::*;

const SIGN: &str = PredicateType::COSIGN_SIGN;

/// The reasons of an outcome that has to be a rejection.
pub(crate) fn reasons<V: std::fmt::Debug>(outcome: Outcome<V>) -> Vec<Reason> {
    match outcome {
        Outcome::Rejected(rejected) => rejected.into_iter().flat_map(|Rejection { reasons, .. }| reasons).collect(),
        other => panic!("not rejected: {other:?}"),
    }
}

#[tokio::test]
async fn a_signature_of_another_image_is_not_one_of_this() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let other = fixtures::image(2);
    let payload = SimpleSigning::new(world.repo.to_string(), other.root().digest().clone());
    world.sig(&[signature(&toy, &payload)]).await;
    world.bundle(&bundle(&toy, &statement(other.root().digest(), SIGN))).await;
    let reasons = reasons(toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await);
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons
            .iter()
            .all(|reason| matches!(reason, Reason::WrongDigest { said } if said[0] == other.root().digest().as_str()))
    );
}

#[tokio::test]
async fn a_signature_over_another_payload_is_none_of_this_one() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let signed = world.payload().claim("env", "dev").to_bytes().unwrap();
    let layer = blob(names::SIMPLE_SIGNING, world.payload().to_bytes().unwrap());
    world.sig(&[annotated(layer, names::SIGNATURE, encode(toy.sign(&signed)))]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert_eq!(reasons(outcome), [Reason::UnknownKey]);
}

#[tokio::test]
async fn a_payload_that_is_not_what_its_descriptor_says_is_not_used() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    for fault in [Fault::Corrupt, Fault::ShortEnd(10), Fault::Truncate(10)] {
        let source = Faulty::new(world.registry.clone())
            .script(move |_, call| (call.operation == Operation::Blob).then_some(fault));
        let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
        assert!(matches!(&outcome, Outcome::Indeterminate(undecided) if undecided.errors.len() == 2), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_is_not_what_its_digest_says_is_not_verified() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    let image = world.digest.to_string();
    let source = Faulty::new(world.registry.clone()).script(move |_, call| {
        (call.operation == Operation::Manifest && call.what == image).then_some(Fault::OtherDigest)
    });
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Indeterminate(_)), "{outcome:?}");
}

#[tokio::test]
async fn claims_of_one_signature_do_not_help_another() {
    let (world, toy, stranger) = (World::new().await, Toy::new(1), Toy::new(2));
    let dev = signature(&toy, &world.payload().claim("env", "dev"));
    let prod = signature(&stranger, &world.payload().claim("env", "prod"));
    world.sig(&[dev, prod]).await;
    let claims = BTreeMap::from([("env".to_owned(), json!("prod"))]);
    world.bundle(&bundle(&stranger, &with_claims(statement(&world.digest, SIGN), &claims))).await;
    let policy = Policy::builder().key(toy).claim("env", "prod").build().unwrap();
    let reasons = reasons(policy.verify(&world.registry, &world.repo, &world.digest, now()).await);
    let dev = Reason::Claim { name: "env".to_owned(), said: Some(json!("dev")) };
    assert_eq!(reasons, [dev, Reason::UnknownKey, Reason::UnknownKey]);
}

#[tokio::test]
async fn what_manifests_and_lists_say_of_a_bundle_is_not_believed() {
    let (world, toy) = (World::new().await, Toy::new(1));
    // An attestation that calls itself a signature, in the manifest and its annotations.
    let layer = blob(names::BUNDLE, bundle(&toy, &statement(&world.digest, PROVENANCE)).to_string());
    put_blob(&world.registry, &world.repo, &layer).await;
    let more = json!({
        "artifactType": names::BUNDLE, "subject": world.root(),
        "annotations": {names::BUNDLE_CONTENT: "dsse-envelope", names::BUNDLE_PREDICATE_TYPE: SIGN},
    });
    let (raw, config) = manifest("application/vnd.oci.empty.v1+json", &[layer.0], &more);
    put_blob(&world.registry, &world.repo, &config).await;
    world.registry.put_manifest(&world.repo, &raw, &raw.digest().clone().into()).await.unwrap();
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
}

#[tokio::test]
async fn a_bundle_under_a_strange_artifact_type_is_read() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let layer = blob(names::BUNDLE, bundle(&toy, &statement(&world.digest, SIGN)).to_string());
    // As cosign 3 enters it where there is no referrers API.
    let empty = "application/vnd.oci.empty.v1+json";
    put_referrer(&world.registry, &world.repo, world.root(), empty, &[layer]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_attestation_is_no_signature() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let provenance = statement(&world.digest, PROVENANCE);
    world.bundle(&bundle(&toy, &provenance)).await;
    world.att(&[attestation(&toy, &provenance), attestation(&toy, &statement(&world.digest, SIGN))]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
    // Under the wrong tag it is nothing, either.
    world.sig(&[attestation(&toy, &provenance)]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(&reasons(outcome)[..], [Reason::Malformed { .. }]));
}

#[tokio::test]
async fn an_envelope_of_another_payload_type_is_no_statement() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let document = statement(&world.digest, SIGN).to_string();
    world.bundle(&bundle_of(envelope(&toy, "text/plain", document.as_bytes()), "")).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(&reasons(outcome)[..], [Reason::Malformed { why }] if why.contains("text/plain")));
}

#[tokio::test]
async fn a_key_or_certificate_that_comes_with_a_signature_is_not_believed() {
    let (world, toy, stranger) = (World::new().await, Toy::new(1), Toy::new(2));
    let layer = signature(&stranger, &world.payload());
    world
        .sig(&[annotated(layer, names::CERTIFICATE, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----")])
        .await;
    let mut document = bundle(&stranger, &statement(&world.digest, SIGN));
    document["verificationMaterial"] = json!({"certificate": {"rawBytes": "MAA="}});
    world.bundle(&document).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert_eq!(reasons(outcome), [Reason::UnknownKey, Reason::UnknownKey]);
}

#[tokio::test]
async fn the_hint_which_key_it_is_proves_nothing_and_hides_nothing() {
    let (toy, stranger) = (Toy::new(1), Toy::new(2));
    let hint_of = |toy: &Toy| {
        use lockage_signing::Verifier as _;
        let (descriptor, _) = blob("", toy.public_key().as_der().to_vec());
        let hex = descriptor.digest.hex().to_owned();
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        encode(bytes)
    };
    for (signer, hint, counts) in [(&stranger, &toy, false), (&toy, &stranger, true), (&toy, &toy, true)] {
        let world = World::new().await;
        let document = statement(&world.digest, SIGN).to_string();
        let envelope = envelope(signer, names::IN_TOTO, document.as_bytes());
        world.bundle(&bundle_of(envelope, &hint_of(hint))).await;
        let policy = Policy::builder().key(Toy::new(3)).key(toy.clone()).build().unwrap();
        let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
        assert_eq!(matches!(outcome, Outcome::Verified(_)), counts, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_tag_that_moves_changes_nothing_for_a_digest() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    let other = fixtures::image(2);
    fixtures::push(&world.registry, &world.repo, &other, &"v1".parse().unwrap()).await.unwrap();
    let source = Recorder::new(world.registry.clone());
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.digest, world.digest);
    assert!(source.calls().iter().all(|call| call.what != "v1"), "{:?}", source.calls());
    let outcome = toy.policy().verify(&source, &world.repo, other.root().digest(), now()).await;
    assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
}

#[tokio::test]
async fn a_signature_that_was_taken_away_or_replaced_does_not_count() {
    let (world, toy, stranger) = (World::new().await, Toy::new(1), Toy::new(2));
    world.sig(&[signature(&toy, &world.payload())]).await;
    assert!(matches!(
        toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await,
        Outcome::Verified(_)
    ));
    world.sig(&[signature(&stranger, &world.payload())]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert_eq!(reasons(outcome), [Reason::UnknownKey]);
    world.registry.delete_tag(&world.repo, &tag(&world.digest, DigestTagKind::Signature)).await.unwrap();
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
}

#[tokio::test]
async fn junk_in_one_layout_hides_no_signature_in_the_other() {
    let toy = Toy::new(1);
    for junk_is_bundle in [true, false] {
        let world = World::new().await;
        if junk_is_bundle {
            world.sig(&[signature(&toy, &world.payload())]).await;
            for junk in [json!({}), json!({"mediaType": names::BUNDLE}), json!([1, 2])] {
                world.bundle(&junk).await;
            }
        } else {
            world.bundle(&bundle(&toy, &statement(&world.digest, SIGN))).await;
            world
                .sig(&[blob("text/plain", "junk"), blob(names::SIMPLE_SIGNING, "more"), signed_bytes(&toy, b"{}")])
                .await;
        }
        let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
        let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
        assert_eq!((verified.accepted.len(), verified.rejected.len()), (1, 3));
    }
}

#[tokio::test]
async fn a_tag_that_holds_the_image_itself_is_no_signature() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let at = TagOrDigest::Tag(tag(&world.digest, DigestTagKind::Signature));
    let root = world.registry.manifest(&world.repo, &world.digest.clone().into()).await.unwrap();
    world.registry.put_manifest(&world.repo, &root, &at).await.unwrap();
    let reasons = reasons(toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await);
    assert!(reasons.iter().all(|reason| matches!(reason, Reason::Malformed { .. })), "{reasons:?}");
}

#[tokio::test]
async fn a_signature_that_was_made_for_another_place_does_not_count_where_the_place_does() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let payload = SimpleSigning::new("other.test/app", world.digest.clone());
    world.sig(&[signature(&toy, &payload)]).await;
    world.bundle(&bundle(&toy, &statement(&world.digest, SIGN))).await;
    let policy = |rule| Policy::builder().key(toy.clone()).docker_reference(rule).build().unwrap();
    let matching = policy(ReferenceRule::MatchRepository);
    let outcome = matching.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let other = Reason::DockerReference { said: Some("other.test/app".to_owned()) };
    assert_eq!(reasons(outcome), [other, Reason::DockerReference { said: None }]);
    let exact = policy(ReferenceRule::Exact("other.test/app".to_owned()));
    let outcome = exact.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!((verified.accepted.len(), verified.rejected.len()), (1, 1));
}
