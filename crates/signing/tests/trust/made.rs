//! Signatures of the mock, put together as a test wants them, and what is said about them.

use std::time::SystemTime;

use lockage_signing::Policy;
use lockage_signing::trust::{Artifact, Identity, TrustedRoot, VerifiedBlob};
use lockage_signing::verify::{Check, Outcome, Reason};
use lockage_signing_mock::certificate::{Name, Request};
use lockage_signing_mock::{Key, Sealed, Services, Sigstore, sha256};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://token.actions.example";
pub(crate) const WHO: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
pub(crate) const ARTIFACT: &[u8] = b"an artifact\n";

/// The three that prove a time.
pub(crate) const PROVEN: [Services; 3] = [Services::V1, Services::V1Timestamp, Services::V2Timestamp];

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A statement about `artifact`.
pub(crate) fn about(artifact: &[u8]) -> Vec<u8> {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": hex(&sha256(artifact)) } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    })
    .to_string()
    .into_bytes()
}

pub(crate) fn who() -> Name {
    Name::Uri(WHO.to_owned())
}

pub(crate) fn request(key: &Key) -> Request {
    Request::new(key, who(), ISSUER)
}

pub(crate) fn seal(sigstore: &Sigstore, services: Services) -> Sealed {
    sigstore.seal_statement(&about(ARTIFACT), who(), ISSUER, services)
}

/// Sealed with a certificate that is not as it should be.
pub(crate) fn seal_as(sigstore: &Sigstore, services: Services, change: impl FnOnce(&mut Request)) -> Sealed {
    let key = Key::p256();
    let mut request = request(&key);
    change(&mut request);
    let certificate = sigstore.certify(&request);
    sigstore.seal_statement_with(&about(ARTIFACT), key, certificate, services, SystemTime::now())
}

pub(crate) fn root(sigstore: &Sigstore) -> TrustedRoot {
    TrustedRoot::from_json(&sigstore.trusted_root("http://127.0.0.1:1")).unwrap()
}

pub(crate) fn policy(sigstore: &Sigstore) -> Policy {
    let identity = Identity::exact(WHO, ISSUER).unwrap();
    Policy::builder().identity(identity).trusted_root(root(sigstore)).build().unwrap()
}

pub(crate) async fn judge(policy: &Policy, bundle: &Value) -> Outcome<VerifiedBlob> {
    policy.verify_bundle(bundle.to_string().as_bytes(), &Artifact::Bytes(ARTIFACT), SystemTime::now()).await
}

/// The one reason, by its name in JSON and in full.
pub(crate) async fn refusal(policy: &Policy, bundle: &Value) -> (String, String) {
    reason(judge(policy, bundle).await)
}

pub(crate) fn reason<V: std::fmt::Debug>(outcome: Outcome<V>) -> (String, String) {
    let Outcome::Rejected(rejected) = outcome else { panic!("{outcome:?}") };
    let reasons: Vec<&Reason> = rejected.iter().flat_map(|rejection| &rejection.reasons).collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    let json = serde_json::to_value(reasons[0]).unwrap();
    (json["reason"].as_str().unwrap().to_owned(), json.to_string())
}

pub(crate) fn checks(outcome: Outcome<VerifiedBlob>) -> Vec<Check> {
    let Outcome::Verified(blob) = outcome else { panic!("{outcome:?}") };
    blob.accepted.checks
}
