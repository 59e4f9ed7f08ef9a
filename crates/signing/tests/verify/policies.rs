//! Policies: how many signers, until when, what they claim; and keys that cannot be asked.

use std::time::Duration;

use lockage_signing::Policy;
use lockage_signing::format::PredicateType;
use lockage_signing::policy::TrustedKey;
use lockage_signing::verify::{Check, Outcome, Reason, SignedBy};
use serde_json::json;

use super::danger::reasons;
use super::toy::{Down, Toy, now};
use super::world::*;

const SIGN: &str = PredicateType::COSIGN_SIGN;

#[tokio::test]
async fn both_layouts_of_one_signer_count_once() {
    let (world, a, b) = (World::new().await, Toy::new(1), Toy::new(2));
    world.sign_both(&a).await;
    let two = Policy::builder().key(a.clone()).trusted_key(TrustedKey::new(a.clone()).named("again")).key(b.clone());
    let two = two.threshold(2).build().unwrap();
    let outcome = two.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let few = Reason::TooFewSigners { found: 1, asked: 2 };
    assert_eq!(reasons(outcome), [few.clone(), few]);
    world.bundle(&bundle(&b, &statement(&world.digest, SIGN))).await;
    let outcome = two.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.accepted.len(), 3);
}

#[tokio::test]
async fn a_key_counts_from_then_until_then() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    let hour = Duration::from_secs(3600);
    let key = |toy: &Toy| TrustedKey::new(toy.clone()).named("release");
    for (key, counts) in [
        (key(&toy).from(now()), true),
        (key(&toy).from(now() + hour), false),
        (key(&toy).until(now()), false),
        (key(&toy).until(now() + hour), true),
    ] {
        let policy = Policy::builder().trusted_key(key).build().unwrap();
        match policy.verify(&world.registry, &world.repo, &world.digest, now()).await {
            Outcome::Verified(verified) => {
                assert!(counts);
                assert_eq!(verified.accepted[0].checks, [Check::Digest, Check::Key, Check::KeyValidity]);
                assert!(
                    matches!(&verified.accepted[0].signer, SignedBy::Key { id, .. } if id.as_deref() == Some("release"))
                );
            }
            other => {
                assert!(!counts);
                let expired = Reason::KeyExpired { key: "key release".to_owned() };
                assert_eq!(reasons(other), [expired.clone(), expired]);
            }
        }
    }
    // The same key, once retired and once in use.
    let policy =
        Policy::builder().trusted_key(key(&toy).until(now())).trusted_key(key(&toy).from(now())).build().unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
}

#[tokio::test]
async fn claims_are_compared_by_their_text_and_all_of_them() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let claims = [("env", json!("prod")), ("n", json!(1)), ("ok", json!(true)), ("list", json!([1]))];
    let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    world.bundle(&bundle(&toy, &with_claims(statement(&world.digest, SIGN), &claims))).await;
    let mut payload = world.payload();
    payload.claims = claims;
    world.sig(&[signature(&toy, &payload)]).await;
    for (name, value, counts) in [
        ("env", json!("prod"), true),
        ("env", json!("Prod"), false),
        ("n", json!(1), true),
        ("n", json!("1"), true),
        ("n", json!(2), false),
        ("ok", json!(true), true),
        ("ok", json!("true"), true),
        ("list", json!("[1]"), false),
        ("missing", json!(""), false),
    ] {
        let policy =
            Policy::builder().key(toy.clone()).claim("env", "prod").claim(name, value.clone()).build().unwrap();
        match policy.verify(&world.registry, &world.repo, &world.digest, now()).await {
            Outcome::Verified(verified) => {
                assert!(counts, "{name} {value}");
                assert_eq!(verified.accepted.len(), 2);
                assert!(verified.accepted.iter().all(|one| one.checks.contains(&Check::Claims)));
            }
            other => {
                assert!(!counts, "{name} {value}");
                assert_eq!(reasons(other).len(), 2);
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_asked_decides_nothing() {
    let (world, toy, other) = (World::new().await, Toy::new(1), Toy::new(2));
    world.sign_both(&toy).await;
    let down = || Down(other.clone());
    let policy = Policy::of_key(down()).unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(&outcome, Outcome::Indeterminate(undecided) if undecided.errors.len() == 2), "{outcome:?}");
    // Another key that can be is enough.
    let policy = Policy::builder().key(down()).key(toy.clone()).build().unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
    // What cannot count for another reason needs no key.
    let policy = Policy::builder().key(down()).claim("env", "prod").build().unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(reasons(outcome).iter().all(|reason| matches!(reason, Reason::Claim { .. })));
}
