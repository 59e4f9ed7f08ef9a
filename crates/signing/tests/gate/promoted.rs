//! Signatures after a promotion: those that came along verify, and the promoter's own stands beside them.

use std::collections::BTreeSet;

use lockage_registry::Memory;
use lockage_signing::Policy;
use lockage_signing::format::PredicateType;
use lockage_signing::gate::SignatureGate;
use lockage_signing::policy::ReferenceRule;
use lockage_signing::sign::{Outcome as Done, Predicate, Signing};
use lockage_signing::verify::{Outcome, Verified};

use crate::toy::Toy;
use crate::world::{from, now, policy, promote, sign, source, to};

async fn verified(policy: &Policy, registry: &Memory, digest: &lockage_registry::Digest) -> Verified {
    match policy.verify(registry, to().repository(), digest, now()).await {
        Outcome::Verified(verified) => verified,
        other => panic!("{other:?}"),
    }
}

fn references(verified: &Verified) -> BTreeSet<&str> {
    verified.accepted.iter().filter_map(|accepted| accepted.docker_reference.as_deref()).collect()
}

#[tokio::test]
async fn signatures_and_attestations_verify_at_the_destination() {
    let (registry, digest) = source(1).await;
    let (one, two) = (Toy::new(1), Toy::new(2));
    sign(&registry, &digest, &one).await;
    sign(&registry, &digest, &two).await;
    let kind: PredicateType = "test-result".parse().unwrap();
    let predicate = Predicate::new(kind.clone(), r#"{"result":"PASSED"}"#).unwrap();
    Signing::with(&one).attest(&registry, from().repository(), &digest, &predicate, now()).await.unwrap();

    let production = Memory::new("prod.test".parse().unwrap());
    promote(&registry, &production, SignatureGate::new(policy(&[&one, &two], 2))).await;
    let both = verified(&policy(&[&one, &two], 2), &production, &digest).await;
    assert_eq!(both.accepted.len(), 4, "two signers in two layouts");
    assert!(both.rejected.is_empty());
    let attested = policy(&[&one], 1);
    let attested =
        attested.verify_attestation(&production, to().repository(), &digest, &kind, &|_| Ok(()), now()).await;
    assert_eq!(attested.verified().unwrap().attestations.len(), 2);
}

#[tokio::test]
async fn the_promoter_signs_for_the_destination_and_what_came_along_stays() {
    let (registry, digest) = source(1).await;
    let (builder, promoter) = (Toy::new(1), Toy::new(2));
    sign(&registry, &digest, &builder).await;
    let production = Memory::new("prod.test".parse().unwrap());
    promote(&registry, &production, SignatureGate::new(policy(&[&builder], 1))).await;

    // What came along was made for where it came from.
    let here = |key: &Toy| {
        Policy::builder().key(key.clone()).docker_reference(ReferenceRule::MatchRepository).build().unwrap()
    };
    assert!(matches!(
        here(&builder).verify(&production, to().repository(), &digest, now()).await,
        Outcome::Rejected(_)
    ));

    let signing = Signing::with(&promoter).docker_reference(to().to_string());
    let signed = signing.sign(&production, to().repository(), &digest, now()).await.unwrap();
    assert_eq!(signed.marks.iter().filter(|mark| mark.outcome == Done::Written).count(), 2);
    let both = verified(&policy(&[&builder, &promoter], 2), &production, &digest).await;
    assert_eq!(both.accepted.len(), 4, "{both:#?}");
    assert_eq!(references(&both), BTreeSet::from(["dev.test/app", "prod.test/app:v1"]));
    let own = verified(&here(&promoter), &production, &digest).await;
    assert_eq!(references(&own), BTreeSet::from(["prod.test/app:v1"]));

    // Promoting and signing once more changes nothing, at either end.
    promote(&registry, &production, SignatureGate::new(policy(&[&builder], 1))).await;
    let again = signing.sign(&production, to().repository(), &digest, now()).await.unwrap();
    assert!(again.marks.iter().all(|mark| mark.outcome == Done::AlreadyThere), "{again:?}");
    assert_eq!(verified(&policy(&[&builder, &promoter], 2), &production, &digest).await.accepted.len(), 4);
    assert!(matches!(
        policy(&[&promoter], 1).verify(&registry, from().repository(), &digest, now()).await,
        Outcome::Rejected(_)
    ));
}
