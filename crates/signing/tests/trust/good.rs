//! What is right, and exactly what is said to have been checked.

use std::time::{Duration, SystemTime};

use lockage_signing::verify::{Check, Outcome, SignedBy};
use lockage_signing_mock::{Services, Sigstore};
use serde_json::json;

use crate::made::{ARTIFACT, ISSUER, PROVEN, WHO, about, checks, judge, policy, seal, seal_as};

#[tokio::test]
async fn a_certificate_counts_with_each_set_of_services_and_only_what_was_checked_is_claimed() {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    for services in PROVEN {
        let bundle = seal(&sigstore, services).bundle(&about(ARTIFACT));
        let mut expected = vec![Check::Digest, Check::Certificate, Check::CertificateLog, Check::Identity];
        expected.extend([Check::TransparencyLog, Check::InclusionProof]);
        expected.extend(services.timestamp().then_some(Check::Timestamp));
        assert_eq!(checks(judge(&policy, &bundle).await), expected, "{services:?}");
    }
}

#[tokio::test]
async fn the_signer_the_times_and_the_claims_of_the_build_are_told() {
    let sigstore = Sigstore::new();
    let before = SystemTime::now() - Duration::from_secs(1);
    let sealed = seal_as(&sigstore, Services::V1Timestamp, |request| {
        request.claims = vec![
            (3, "0123abcd".to_owned()),
            (12, "https://github.com/acme/app".to_owned()),
            (21, "https://github.com/acme/app/actions/runs/1".to_owned()),
        ];
    });
    let Outcome::Verified(blob) = judge(&policy(&sigstore), &sealed.bundle(&about(ARTIFACT))).await else { panic!() };
    assert_eq!(blob.accepted.signer, SignedBy::Identity { identity: WHO.to_owned(), issuer: ISSUER.to_owned() });
    assert!((1..=2).contains(&blob.accepted.times.len()), "{:?}", blob.accepted.times);
    assert!(blob.accepted.times.iter().all(|time| *time > before && *time <= SystemTime::now()));
    assert_eq!(
        serde_json::to_value(&blob.accepted.certificate).unwrap(),
        json!({
            "github_workflow_sha": "0123abcd",
            "run_invocation_uri": "https://github.com/acme/app/actions/runs/1",
            "source_repository_uri": "https://github.com/acme/app",
        })
    );
    assert_eq!(blob.statement.unwrap().predicate_type.as_str(), "https://slsa.dev/provenance/v1");
}

#[tokio::test]
async fn the_outcome_as_json_is_stable() {
    let sigstore = Sigstore::new();
    let outcome = judge(&policy(&sigstore), &seal(&sigstore, Services::V1).bundle(&about(ARTIFACT))).await;
    let mut document = serde_json::to_value(&outcome).unwrap();
    let time = document["accepted"]["times"][0].take();
    assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    assert_eq!(
        document,
        json!({
            "verdict": "verified",
            "digest": lockage_registry::digest_of(lockage_registry::Algorithm::Sha256, ARTIFACT).unwrap(),
            "accepted": {
                "signer": { "kind": "identity", "identity": WHO, "issuer": ISSUER },
                "place": { "layout": "file" },
                "checks": [
                    "digest", "certificate", "certificate-log", "identity", "transparency-log", "inclusion-proof",
                ],
                "claims": {},
                "times": [null],
            },
            "statement": serde_json::from_slice::<serde_json::Value>(&about(ARTIFACT)).unwrap(),
        })
    );
}

#[test]
fn the_public_root_is_compiled_in() {
    let root = lockage_signing::trust::TrustedRoot::public_good().unwrap();
    assert_eq!(format!("{root:?}"), "TrustedRoot(2 certificate authorities, 2 logs, 1 timestamp authorities)");
}
