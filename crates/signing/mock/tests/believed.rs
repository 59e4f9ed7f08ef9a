//! What the mock makes is believed by an independent verifier, and what a test makes wrong is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::time::{Duration, SystemTime};

use lockage_signing_mock::certificate::{Name, Promise, Request};
use lockage_signing_mock::{Key, Sealed, Services, Sigstore};
use serde_json::Value;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{Artifact, Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier};

const URL: &str = "http://127.0.0.1:1";
const WHO: &str = "dev@acme.example";
const ISSUER: &str = "https://accounts.acme.example";

/// Makes one part wrong.
type Spoil = fn(&mut Sealed);

fn statement() -> Vec<u8> {
    let digest = "ab".repeat(32);
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
    )
    .into_bytes()
}

fn verify(sigstore: &Sigstore, bundle: &Value) -> Result<(Option<String>, Option<String>), String> {
    let root = TrustedRoot::from_json(&sigstore.trusted_root(URL)).unwrap();
    let verifier = Verifier::new(&root).unwrap();
    let bundle = Bundle::from_json(&bundle.to_string()).map_err(|error| error.to_string())?;
    let digest = Sha256Hash::from_hex(&"ab".repeat(32)).unwrap();
    let policy = VerificationPolicy::any_identity();
    let result = verifier.verify(Artifact::from(digest), &bundle, &policy).map_err(|error| error.to_string())?;
    Ok((result.identity().map(ToString::to_string), result.issuer().map(ToString::to_string)))
}

fn sealed(sigstore: &Sigstore, services: Services) -> Sealed {
    sigstore.seal_statement(&statement(), Name::Email(WHO.to_owned()), ISSUER, services)
}

#[test]
fn a_bundle_of_every_kind_of_service_is_believed_in_a_growing_log() {
    let sigstore = Sigstore::new();
    for _ in 0..5 {
        for services in [Services::V1, Services::V1Timestamp, Services::V2Timestamp] {
            let bundle = sealed(&sigstore, services).bundle(&statement());
            let (identity, issuer) = verify(&sigstore, &bundle).unwrap();
            assert_eq!((identity.as_deref(), issuer.as_deref()), (Some(WHO), Some(ISSUER)), "{services:?}");
        }
    }
    assert_eq!((sigstore.rekor.size(), sigstore.rekor_v2.size()), (10, 5));
}

#[test]
fn another_instance_believes_none_of_it() {
    let (one, other) = (Sigstore::new(), Sigstore::new());
    for services in [Services::V1, Services::V1Timestamp, Services::V2Timestamp] {
        verify(&other, &sealed(&one, services).bundle(&statement())).unwrap_err();
    }
}

#[test]
fn each_part_that_is_made_wrong_is_noticed() {
    let sigstore = Sigstore::new();
    let wrong: [(&str, Spoil); 6] = [
        ("promise", |sealed| sealed.entry.as_mut().unwrap().promise = Some(vec![0x30, 0])),
        ("time", |sealed| sealed.entry.as_mut().unwrap().time += 1),
        ("root", |sealed| sealed.entry.as_mut().unwrap().root[0] ^= 1),
        ("checkpoint", |sealed| {
            let checkpoint = &mut sealed.entry.as_mut().unwrap().checkpoint;
            *checkpoint = checkpoint.replacen("127.0.0.1", "127.0.0.2", 1);
        }),
        ("body", |sealed| sealed.entry.as_mut().unwrap().body.push(b' ')),
        ("signature", |sealed| sealed.signature[10] ^= 1),
    ];
    for (what, spoil) in wrong {
        let mut sealed = sealed(&sigstore, Services::V1);
        verify(&sigstore, &sealed.bundle(&statement())).unwrap();
        spoil(&mut sealed);
        verify(&sigstore, &sealed.bundle(&statement())).expect_err(what);
    }
}

#[test]
fn a_certificate_without_a_good_promise_is_not_believed() {
    let sigstore = Sigstore::new();
    for (promise, good) in
        [(Promise::Good, true), (Promise::Absent, false), (Promise::Forged, false), (Promise::OtherLog, false)]
    {
        let key = Key::p256();
        let mut request = Request::new(&key, Name::Uri("https://acme.example/w".to_owned()), ISSUER);
        request.promise = promise;
        let certificate = sigstore.certify(&request);
        let sealed = sigstore.seal_statement_with(&statement(), key, certificate, Services::V1, SystemTime::now());
        assert_eq!(verify(&sigstore, &sealed.bundle(&statement())).is_ok(), good, "{promise:?}");
    }
}

#[test]
fn a_certificate_that_had_expired_when_it_was_used_is_not_believed() {
    let sigstore = Sigstore::new();
    for services in [Services::V1, Services::V1Timestamp, Services::V2Timestamp] {
        let key = Key::p256();
        let mut request = Request::new(&key, Name::Email(WHO.to_owned()), ISSUER);
        request.not_before = SystemTime::now() - Duration::from_secs(1200);
        let certificate = sigstore.certify(&request);
        let sealed = sigstore.seal_statement_with(&statement(), key, certificate, services, SystemTime::now());
        verify(&sigstore, &sealed.bundle(&statement())).unwrap_err();
    }
}
