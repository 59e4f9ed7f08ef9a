//! Attestations: by the type that is signed, judged by what they say.

use std::sync::Mutex;

use lockage_signing::Policy;
use lockage_signing::format::{PredicateType, names};
use lockage_signing::verify::{Attestation, Outcome, Reason};
use serde_json::json;

use super::danger::reasons;
use super::toy::{Toy, now};
use super::world::*;

fn kind(name: &str) -> PredicateType {
    name.parse().unwrap()
}

fn anything(_: &Attestation) -> Result<(), String> {
    Ok(())
}

#[tokio::test]
async fn both_layouts_are_read_and_the_predicate_stays_as_it_was_written() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let said = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{PROVENANCE}","subject":[{{"name":"x","digest":{{"sha256":"{}"}}}}],"predicate":{{"z":[], "a":1e3,"big":123456789012345678901234567890}}}}"#,
        world.digest.hex()
    );
    let envelope = envelope(&toy, names::IN_TOTO, said.as_bytes());
    world.att(&[blob(names::DSSE_ENVELOPE, envelope.to_string())]).await;
    world.bundle(&bundle_of(envelope, "")).await;
    let outcome = toy
        .policy()
        .verify_attestation(&world.registry, &world.repo, &world.digest, &kind("slsaprovenance1"), &anything, now())
        .await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.attestations.len(), 2);
    for one in &verified.attestations {
        assert_eq!(one.statement.predicate.get(), r#"{"z":[], "a":1e3,"big":123456789012345678901234567890}"#);
    }
    let json = serde_json::to_string(&Outcome::Verified(verified)).unwrap();
    assert!(json.contains(r#""predicate":{"z":[], "a":1e3,"big":123456789012345678901234567890}"#), "{json}");
}

#[tokio::test]
async fn another_type_does_not_count_whatever_the_annotations_say() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let spdx = statement(&world.digest, "https://spdx.dev/Document");
    world.att(&[annotated(attestation(&toy, &spdx), names::PREDICATE_TYPE, PROVENANCE)]).await;
    let ask = async |name| {
        toy.policy()
            .verify_attestation(&world.registry, &world.repo, &world.digest, &kind(name), &anything, now())
            .await
    };
    let spdx = Reason::PredicateType { predicate_type: "https://spdx.dev/Document".to_owned() };
    assert_eq!(reasons(ask(PROVENANCE).await), std::slice::from_ref(&spdx));
    for nearly in ["https://spdx.dev/Document/", "https://spdx.dev/document", "https://spdx.dev/Documen"] {
        assert_eq!(reasons(ask(nearly).await), std::slice::from_ref(&spdx));
    }
    assert!(matches!(ask("spdxjson").await, Outcome::Verified(_)));
}

#[tokio::test]
async fn a_signature_is_no_attestation() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    let ask = async |name| {
        toy.policy()
            .verify_attestation(&world.registry, &world.repo, &world.digest, &kind(name), &anything, now())
            .await
    };
    assert!(matches!(ask(PROVENANCE).await, Outcome::Unsigned));
    // Unless that is what is asked for.
    assert!(matches!(ask(PredicateType::COSIGN_SIGN).await, Outcome::Verified(_)));
}

#[tokio::test]
async fn the_judge_sees_only_what_the_policy_takes_and_one_that_passes_is_enough() {
    let (world, toy, stranger) = (World::new().await, Toy::new(1), Toy::new(2));
    let scan = |name: &str, passed: bool| {
        let mut said = statement(&world.digest, PROVENANCE);
        said["predicate"] = json!({"name": name, "passed": passed});
        said
    };
    world.att(&[attestation(&toy, &scan("old", true)), attestation(&stranger, &scan("forged", true))]).await;
    world.bundle(&bundle(&toy, &scan("new", false))).await;
    let seen = Mutex::new(Vec::new());
    let judge = |one: &Attestation| {
        let said: serde_json::Value = serde_json::from_str(one.statement.predicate.get()).unwrap();
        seen.lock().unwrap().push(said["name"].as_str().unwrap().to_owned());
        if said["passed"] == true { Ok(()) } else { Err("the test failed".to_owned()) }
    };
    let ask = |policy: Policy| {
        let (world, judge) = (&world, &judge);
        async move {
            policy
                .verify_attestation(&world.registry, &world.repo, &world.digest, &kind(PROVENANCE), judge, now())
                .await
        }
    };
    let outcome = ask(toy.policy()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!((verified.attestations.len(), verified.rejected.len()), (1, 2));
    let mut names = std::mem::take(&mut *seen.lock().unwrap());
    names.sort_unstable();
    assert_eq!(names, ["new", "old"]);
    let failed = Reason::Predicate { why: "the test failed".to_owned() };
    assert!(verified.rejected.iter().any(|one| one.reasons == [failed.clone()]));
    // The one that fails makes no second signer.
    let two = Policy::builder().key(toy.clone()).key(Toy::new(3)).threshold(2).build().unwrap();
    assert!(reasons(ask(two).await).contains(&Reason::TooFewSigners { found: 1, asked: 2 }));
}

#[tokio::test]
async fn claims_and_places_are_asked_of_attestations_too() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.att(&[attestation(&toy, &statement(&world.digest, PROVENANCE))]).await;
    let policy = Policy::builder().key(toy).claim("env", "prod");
    let policy = policy.docker_reference(lockage_signing::policy::ReferenceRule::MatchRepository).build().unwrap();
    let outcome = policy
        .verify_attestation(&world.registry, &world.repo, &world.digest, &kind(PROVENANCE), &anything, now())
        .await;
    let claim = Reason::Claim { name: "env".to_owned(), said: None };
    assert_eq!(reasons(outcome), [claim, Reason::DockerReference { said: None }]);
}
