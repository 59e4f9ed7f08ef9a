//! A source that fails: the gate errs, whichever request it is, and never says more than it has read.

use lockage_promote::Verdict;
use lockage_promote::{Gate, GateContext, ImageCopy};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{ErrorKind, Memory};
use lockage_signing::gate::{AttestationGate, SignatureGate};
use lockage_signing::sign::{Predicate, Signing};

use crate::toy::Toy;
use crate::world::{from, now, policy, sign, source, target, to};

/// What the gate says where the `nth` request fails, and how many requests it made.
async fn evaluate(
    registry: &Memory,
    gate: &dyn Gate,
    fault: Option<(usize, Fault)>,
) -> (Result<Verdict, lockage_promote::GateError>, usize) {
    let target = target();
    let plan = ImageCopy::new(registry, &from()).to(&target, &to()).plan().await.unwrap();
    let faulty = Faulty::new(registry.clone());
    let faulty = fault.into_iter().fold(faulty, |faulty, (nth, fault)| faulty.fail(nth, fault));
    let verdict = gate.evaluate(&GateContext::new(&plan, &faulty, now())).await;
    (verdict, faulty.calls())
}

const KINDS: [ErrorKind; 4] =
    [ErrorKind::Unreachable, ErrorKind::Denied, ErrorKind::Unauthorized, ErrorKind::RateLimited];

async fn hold(registry: &Memory, gate: &dyn Gate, signed: bool) {
    let (verdict, calls) = evaluate(registry, gate, None).await;
    assert_eq!(matches!(verdict.unwrap(), Verdict::Pass(_)), signed);
    assert!(calls >= 2, "{calls}");
    let mut errors = 0;
    for kind in KINDS {
        for nth in 0..calls {
            match evaluate(registry, gate, Some((nth, Fault::Before(kind)))).await.0 {
                Ok(Verdict::Pass(_)) => assert!(signed, "call {nth}, {kind:?}"),
                Ok(other) => panic!("call {nth}, {kind:?}: {other:?}"),
                Err(error) => {
                    errors += 1;
                    assert!(error.to_string().starts_with("it cannot be verified: "), "{error}");
                }
            }
        }
    }
    assert!(errors > 0);
}

#[tokio::test]
async fn an_unsigned_image_that_cannot_be_looked_at_is_undecided_and_not_unsigned() {
    let (registry, _) = source(1).await;
    hold(&registry, &SignatureGate::new(policy(&[&Toy::new(1)], 1)), false).await;
}

#[tokio::test]
async fn a_signed_image_passes_or_is_undecided_and_never_fails() {
    let (registry, digest) = source(1).await;
    sign(&registry, &digest, &Toy::new(1)).await;
    hold(&registry, &SignatureGate::new(policy(&[&Toy::new(1)], 1)), true).await;
}

#[tokio::test]
async fn an_attested_image_passes_or_is_undecided_and_never_fails() {
    let (registry, digest) = source(1).await;
    let kind: lockage_signing::format::PredicateType = "https://acme.test/load/v1".parse().unwrap();
    let predicate = Predicate::new(kind.clone(), "{}").unwrap();
    let key = Toy::new(1);
    Signing::with(&key).attest(&registry, from().repository(), &digest, &predicate, now()).await.unwrap();
    hold(&registry, &AttestationGate::new(policy(&[&key], 1), kind), true).await;
}
