//! The gate on attestations: the type, the signer and the predicate.

use lockage_registry::{Digest, Memory};
use lockage_signing::format::{PredicateType, TestVerdict, TypedPredicate};
use lockage_signing::gate::{AttestationGate, SignatureGate};
use lockage_signing::sign::{Predicate, Signing};

use crate::toy::Toy;
use crate::world::{ask, from, now, policy, reasons, source};

fn kind() -> PredicateType {
    "test-result".parse().unwrap()
}

async fn attest(registry: &Memory, digest: &Digest, key: &Toy, predicate: &str) {
    let predicate = Predicate::new(kind(), predicate).unwrap();
    Signing::with(key).attest(registry, from().repository(), digest, &predicate, now()).await.unwrap();
}

fn passed(key: &Toy) -> AttestationGate {
    AttestationGate::new(policy(&[key], 1), kind()).judge(|predicate| match predicate {
        TypedPredicate::TestResult(result) if result.result == TestVerdict::Passed => Ok(()),
        TypedPredicate::TestResult(result) => Err(format!("{} tests have failed", result.failed.len())),
        other => Err(format!("not a test result: {other:?}")),
    })
}

#[tokio::test]
async fn a_predicate_that_will_do_passes() {
    let (registry, digest) = source(1).await;
    let key = Toy::new(1);
    attest(&registry, &digest, &key, r#"{"result":"PASSED","secret-ish":"large"}"#).await;
    let evidence = ask(&registry, passed(&key)).await.unwrap();
    assert!(evidence.summary.starts_with("attested by key "), "{evidence:?}");
    assert_eq!(evidence.details["digest"], digest.to_string());
    assert_eq!(evidence.details["predicate_type"], kind().as_str());
    assert_eq!(evidence.details["attestations"].as_array().unwrap().len(), 2);
    assert!(!evidence.details.to_string().contains("secret-ish"), "predicates are not kept: {evidence:?}");
}

#[tokio::test]
async fn what_the_judge_says_is_a_reason() {
    let (registry, digest) = source(1).await;
    let key = Toy::new(1);
    attest(&registry, &digest, &key, r#"{"result":"FAILED","failedTests":["a","b"]}"#).await;
    let refused = reasons(&ask(&registry, passed(&key)).await.unwrap_err());
    assert!(refused.iter().all(|reason| reason.ends_with("the predicate: 2 tests have failed")), "{refused:?}");
    assert_eq!(refused.len(), 2, "one in each layout");
    // Nobody asks what came of them.
    ask(&registry, AttestationGate::new(policy(&[&key], 1), kind())).await.unwrap();
}

#[tokio::test]
async fn a_predicate_that_is_not_what_it_says_does_not_count() {
    let (registry, digest) = source(1).await;
    let key = Toy::new(1);
    attest(&registry, &digest, &key, r#"{"result":"fine"}"#).await;
    let refused = reasons(&ask(&registry, AttestationGate::new(policy(&[&key], 1), kind())).await.unwrap_err());
    assert!(refused.iter().all(|reason| reason.contains("test result: unknown variant `fine`")), "{refused:?}");
}

#[tokio::test]
async fn another_type_or_another_signer_does_not_count() {
    let (registry, digest) = source(1).await;
    let (key, other) = (Toy::new(1), Toy::new(2));
    attest(&registry, &digest, &other, r#"{"result":"PASSED"}"#).await;
    let refused = reasons(&ask(&registry, passed(&key)).await.unwrap_err());
    assert!(refused.iter().any(|reason| reason.contains("no key of the policy has made it")), "{refused:?}");
    let spdx = AttestationGate::new(policy(&[&other], 1), "spdxjson".parse().unwrap());
    let refused = reasons(&ask(&registry, spdx).await.unwrap_err());
    assert!(refused.iter().any(|reason| reason.contains(kind().as_str())), "{refused:?}");
}

#[tokio::test]
async fn an_image_without_attestations_says_so() {
    let (registry, digest) = source(1).await;
    let refused = reasons(&ask(&registry, passed(&Toy::new(1))).await.unwrap_err());
    assert_eq!(refused, [format!("dev.test/app@{digest} has no attestation")]);
}

#[tokio::test]
async fn an_attestation_is_no_signature_and_a_signature_is_no_attestation() {
    let (registry, digest) = source(1).await;
    let key = Toy::new(1);
    attest(&registry, &digest, &key, r#"{"result":"PASSED"}"#).await;
    let refused = reasons(&ask(&registry, SignatureGate::new(policy(&[&key], 1))).await.unwrap_err());
    assert_eq!(refused, [format!("dev.test/app@{digest} is not signed")]);

    let (registry, digest) = source(2).await;
    Signing::with(&key).sign(&registry, from().repository(), &digest, now()).await.unwrap();
    ask(&registry, passed(&key)).await.unwrap_err();
}
