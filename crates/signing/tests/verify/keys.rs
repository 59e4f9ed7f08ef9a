//! With real keys: what this crate signs and attests, it verifies.

use lockage_registry::Platform;
use lockage_registry::testing::fixtures;
use lockage_signing::format::PredicateType;
use lockage_signing::sign::{Predicate, Signing};
use lockage_signing::verify::{Attestation, Outcome, Reason};
use lockage_signing::{KeyPair, Policy};

use super::danger::reasons;
use super::toy::now;
use super::world::World;

#[tokio::test]
async fn an_index_that_is_signed_with_all_in_it_is_verified_with_all_in_it() {
    let platforms = [Platform::new("linux", "amd64"), Platform::new("linux", "arm64")];
    let world = World::of(fixtures::attested_index(1, &platforms)).await;
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let signing = Signing::with(&key).claim("env", "prod").recursive();
    signing.sign(&world.registry, &world.repo, &world.digest, now()).await.unwrap();
    let policy = |key: &KeyPair| Policy::builder().key(key.verifying_key().clone()).claim("env", "prod").recursive();
    let outcome = policy(&key).build().unwrap().verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!((verified.accepted.len(), verified.children.len()), (2, 4));
    let outcome = policy(&other).build().unwrap().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert_eq!(reasons(outcome), [Reason::UnknownKey, Reason::UnknownKey]);
    let both = policy(&key).key(other.verifying_key().clone()).threshold(2).build().unwrap();
    let outcome = both.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    signing_with(&other, &world).await;
    let outcome = both.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert!(verified.children.iter().all(|child| child.accepted.len() == 4));
}

async fn signing_with(key: &KeyPair, world: &World) {
    let signing = Signing::with(key).claim("env", "prod").recursive();
    signing.sign(&world.registry, &world.repo, &world.digest, now()).await.unwrap();
}

#[tokio::test]
async fn what_is_attested_is_verified_by_its_type_and_is_no_signature() {
    let world = World::new().await;
    let key = KeyPair::generate().unwrap();
    let kind: PredicateType = "custom".parse().unwrap();
    let predicate = Predicate::new(kind.clone(), r#"{"z": [], "a": 1.0}"#).unwrap();
    Signing::with(&key).attest(&world.registry, &world.repo, &world.digest, &predicate, now()).await.unwrap();
    let policy = Policy::of_key(key.verifying_key().clone()).unwrap();
    let judge = |one: &Attestation| match one.statement.predicate.get() {
        r#"{"z": [], "a": 1.0}"# => Ok(()),
        other => Err(other.to_owned()),
    };
    let outcome = policy.verify_attestation(&world.registry, &world.repo, &world.digest, &kind, &judge, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.attestations.len(), 2);
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
}
