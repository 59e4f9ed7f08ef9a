//! Verifying signatures: what a gate does for each image, without the registry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use futures::executor::block_on;
use lockage_signing::Policy;
use lockage_signing::key::VerifyingKey;
use lockage_signing::trust::{Artifact, Identity, TrustedRoot};
use lockage_signing::verify::Outcome;
use lockage_signing_mock::certificate::Name;
use lockage_signing_mock::{Key, Services, Sigstore, pre_authentication, sha256};

const WHO: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const ARTIFACT: &[u8] = b"an artifact";

fn bundles(c: &mut Criterion) {
    let mut group = c.benchmark_group("bundles");
    let sigstore = Sigstore::new();
    let hex: String = sha256(ARTIFACT).iter().map(|byte| format!("{byte:02x}")).collect();
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{hex}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
    );
    let root = TrustedRoot::from_json(&sigstore.trusted_root("http://127.0.0.1:1")).unwrap();
    let policy = Policy::builder().identity(Identity::exact(WHO, ISSUER).unwrap()).trusted_root(root).build().unwrap();
    let verified = |policy: &Policy, bundle: &[u8]| {
        let outcome = block_on(policy.verify_bundle(black_box(bundle), &Artifact::Bytes(ARTIFACT), SystemTime::now()));
        assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
    };
    let name = || Name::Uri(WHO.to_owned());
    for (what, services) in [
        ("Rekor v1", Services::V1),
        ("Rekor v1, timestamp", Services::V1Timestamp),
        ("Rekor v2, timestamp", Services::V2Timestamp),
    ] {
        let sealed = sigstore.seal_statement(statement.as_bytes(), name(), ISSUER, services);
        let bundle = sealed.bundle(statement.as_bytes()).to_string();
        group.bench_function(format!("certificate, {what}"), |b| b.iter(|| verified(&policy, bundle.as_bytes())));
    }
    let key = Key::p256();
    let mut bundle =
        sigstore.seal_statement(statement.as_bytes(), name(), ISSUER, Services::V1).bundle(statement.as_bytes());
    bundle["verificationMaterial"] = serde_json::json!({ "publicKey": { "hint": "" } });
    let signature = key.sign(&pre_authentication(statement.as_bytes()));
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = serde_json::json!(BASE64_STANDARD.encode(signature));
    let policy = Policy::of_key(VerifyingKey::from_pem(key.public_pem()).unwrap()).unwrap();
    let bundle = bundle.to_string();
    group.bench_function("key", |b| b.iter(|| verified(&policy, bundle.as_bytes())));
    let json = sigstore.trusted_root("http://127.0.0.1:1");
    group.bench_function("reading a trusted root", |b| b.iter(|| TrustedRoot::from_json(black_box(&json)).unwrap()));
    group.finish();
}

criterion_group!(benches, bundles);
criterion_main!(benches);
