//! The gate on signatures: who passes, who does not and why, and that the plan's digest is what counts.

use lockage_promote::{ImageCopy, Promotion};
use lockage_registry::{Digest, DigestTag, DigestTagKind, Memory, Source, TagOrDigest, Target};
use lockage_signing::Policy;
use lockage_signing::gate::SignatureGate;
use lockage_signing::sign::Signing;

use crate::toy::Toy;
use crate::world::{ask, from, now, policy, put, reasons, sign, source, target, to};

#[tokio::test]
async fn a_signed_image_passes_and_the_evidence_says_by_whom_and_what_was_checked() {
    let (registry, digest) = source(1).await;
    let key = Toy::new(1);
    sign(&registry, &digest, &key).await;
    let evidence = ask(&registry, SignatureGate::new(policy(&[&key], 1))).await.unwrap();
    assert!(evidence.summary.starts_with("signed by key "), "{evidence:?}");
    assert_eq!(evidence.details["digest"], digest.to_string());
    let accepted = evidence.details["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 2, "one in each layout: {accepted:#?}");
    for one in accepted {
        assert_eq!(one["signer"]["kind"], "key");
        let checks: Vec<_> = one["checks"].as_array().unwrap().iter().map(|check| check.as_str().unwrap()).collect();
        assert!(checks.contains(&"digest") && checks.contains(&"key"), "{checks:?}");
        assert!(!checks.contains(&"transparency-log"), "{checks:?}");
    }
}

#[tokio::test]
async fn an_unsigned_image_is_not_cleared() {
    let (registry, digest) = source(1).await;
    let refusal = ask(&registry, SignatureGate::new(policy(&[&Toy::new(1)], 1))).await.unwrap_err();
    assert_eq!(reasons(&refusal), [format!("dev.test/app@{digest} is not signed")]);
    assert!(!refusal.is_undecided() && !refusal.is_waiting());
}

#[tokio::test]
async fn every_signature_that_does_not_count_is_a_reason() {
    let (registry, digest) = source(1).await;
    sign(&registry, &digest, &Toy::new(2)).await;
    sign(&registry, &digest, &Toy::new(3)).await;
    let refusal = ask(&registry, SignatureGate::new(policy(&[&Toy::new(1)], 1))).await.unwrap_err();
    let reasons = reasons(&refusal);
    assert!(reasons.len() >= 4, "two in each layout: {reasons:#?}");
    assert!(reasons.iter().filter(|reason| reason.contains("no key of the policy has made it")).count() >= 4);
}

#[tokio::test]
async fn a_claim_and_a_number_of_signers_are_asked_for() {
    let (registry, digest) = source(1).await;
    let (one, two) = (Toy::new(1), Toy::new(2));
    sign(&registry, &digest, &one).await;
    let claim = || Policy::builder().key(Toy::new(2)).claim("env", "staging").build().unwrap();
    ask(&registry, SignatureGate::new(policy(&[&one, &two], 2))).await.unwrap_err();
    ask(&registry, SignatureGate::new(claim())).await.unwrap_err();
    let signing = Signing::with(&two).claim("env", "staging");
    signing.sign(&registry, from().repository(), &digest, now()).await.unwrap();
    ask(&registry, SignatureGate::new(policy(&[&one, &two], 2))).await.unwrap();
    ask(&registry, SignatureGate::new(claim())).await.unwrap();
}

#[tokio::test]
async fn what_was_verified_is_what_is_copied_wherever_the_tag_goes() {
    let (registry, signed) = source(1).await;
    let key = Toy::new(1);
    sign(&registry, &signed, &key).await;
    let target = target();
    let copy = || ImageCopy::new(&registry, &from()).to(&target, &to());
    let promotion = Promotion::of(copy()).gate(SignatureGate::new(policy(&[&key], 1)));
    let plan = promotion.plan().await.unwrap();

    // Somebody moves the tag to an unsigned image before the gate looks, and again after.
    let unsigned = put(&registry, 2).await;
    let cleared = promotion.clear(plan, now()).await.unwrap();
    assert_eq!(cleared.clearances()[0].evidence.details["digest"], signed.to_string());
    put(&registry, 3).await;
    promotion.apply(cleared).await.unwrap();
    let there = target.manifest(to().repository(), &TagOrDigest::of(&to())).await.unwrap();
    assert_eq!(there.digest(), &signed);

    // And the other way: the plan is for the unsigned one, and the tag then leads to the signed one.
    put(&registry, 2).await;
    let plan = promotion.plan().await.unwrap();
    assert_eq!(plan.digest(), &unsigned);
    put(&registry, 1).await;
    assert_eq!(reasons(&promotion.clear(plan, now()).await.unwrap_err()).len(), 1);
}

#[tokio::test]
async fn the_signature_of_another_image_is_none() {
    let (registry, signed) = source(1).await;
    let key = Toy::new(1);
    sign(&registry, &signed, &key).await;
    let other = put(&registry, 2).await;
    copy_signature(&registry, &signed, &other).await;
    let refusal = ask(&registry, SignatureGate::new(policy(&[&key], 1))).await.unwrap_err();
    let reasons = reasons(&refusal);
    assert!(reasons.iter().any(|reason| reason.contains(&format!("it is about {signed}"))), "{reasons:?}");
}

/// Puts the `.sig` manifest of one image where that of another is looked for.
async fn copy_signature(registry: &Memory, from_image: &Digest, to_image: &Digest) {
    let tag = |digest: &Digest| TagOrDigest::Tag(DigestTag::new(digest, DigestTagKind::Signature).to_tag());
    let manifest = registry.manifest(from().repository(), &tag(from_image)).await.unwrap();
    registry.put_manifest(from().repository(), &manifest, &tag(to_image)).await.unwrap();
}

#[tokio::test]
async fn several_gates_are_told_apart() {
    let (registry, digest) = source(1).await;
    let (one, two) = (Toy::new(1), Toy::new(2));
    sign(&registry, &digest, &one).await;
    let target = target();
    let promotion = Promotion::of(ImageCopy::new(&registry, &from()).to(&target, &to()))
        .gate(SignatureGate::new(policy(&[&one], 1)))
        .gate(SignatureGate::new(policy(&[&two], 1)).named("signed by QA"));
    let refusal = promotion.clear(promotion.plan().await.unwrap(), now()).await.unwrap_err();
    let ids: Vec<_> = refusal.opinions().iter().map(|opinion| opinion.gate.as_str()).collect();
    assert_eq!(ids, ["signature", "signed by QA"]);
    assert!(refusal.to_string().contains("signed by QA"), "{refusal}");
}
