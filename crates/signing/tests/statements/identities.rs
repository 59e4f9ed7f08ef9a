//! Statements that identities sign, with the mock's certificates, logs and timestamps.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lockage_promote::statement::{Sealed, SignedBy, StatementVerifier as _};
use lockage_signing::gate::{Signers, SignersError};
use lockage_signing::trust::{Identity, TrustedRoot};
use lockage_signing::{PublicKey, SigningError, Verifier};
use lockage_signing_mock::certificate::{Name, Request};
use lockage_signing_mock::{Key, Services, Sigstore};
use serde_json::{Value, json};

use crate::toy::Toy;
use crate::{BUNDLE, STATEMENT, base64, refused, signed};

const GOOGLE: &str = "https://accounts.google.example";
const OTHER: &str = "https://login.other.example";
const CAROL: &str = "carol@acme.example";

fn root(sigstore: &Sigstore) -> Arc<TrustedRoot> {
    Arc::new(TrustedRoot::from_json(&sigstore.trusted_root("http://127.0.0.1:1")).unwrap())
}

fn email(text: &str) -> Name {
    Name::Email(text.to_owned())
}

fn sealed(sigstore: &Sigstore, name: Name, issuer: &str, services: Services) -> Sealed {
    let bundle = sigstore.seal_statement(STATEMENT, name, issuer, services).bundle(STATEMENT);
    Sealed::new(BUNDLE, bundle.to_string())
}

fn carol(sigstore: &Sigstore) -> Sealed {
    sealed(sigstore, email(CAROL), GOOGLE, Services::V1)
}

fn one(text: &str) -> Identity {
    Identity::exact(text, GOOGLE).unwrap()
}

fn anybody() -> Identity {
    Identity::matching(r"[a-z]+@acme\.example", GOOGLE).unwrap()
}

#[tokio::test]
async fn an_identity_is_its_name_and_of_a_pattern_everybody_is_themselves() {
    let sigstore = Sigstore::new();
    let before = SystemTime::now() - Duration::from_secs(2);
    let by_name = Signers::new().identity("carol", one(CAROL), root(&sigstore)).unwrap();
    let by_pattern = Signers::new().identity("people", anybody(), root(&sigstore)).unwrap();
    for services in [Services::V1, Services::V1Timestamp, Services::V2Timestamp] {
        let sealed = sealed(&sigstore, email(CAROL), GOOGLE, services);
        for (signers, who) in [(&by_name, "carol"), (&by_pattern, CAROL)] {
            let SignedBy { identity, at, .. } = signed(signers, &sealed).await;
            assert_eq!(identity, who, "{services:?}");
            assert!(at.is_some_and(|at| at > before && at <= SystemTime::now()), "{services:?}: {at:?}");
        }
    }
    let dave = sealed(&sigstore, email("dave@acme.example"), GOOGLE, Services::V1);
    assert_eq!(signed(&by_pattern, &dave).await.identity, "dave@acme.example", "two of them are two");
    // Whoever has a name of their own counts by it.
    let shared = root(&sigstore);
    let both = Signers::new().identity("people", anybody(), shared.clone()).unwrap();
    let both = both.identity("the lead", one(CAROL), shared).unwrap();
    assert_eq!(signed(&both, &carol(&sigstore)).await.identity, "the lead");
    assert_eq!(signed(&both, &dave).await.identity, "dave@acme.example");
}

#[tokio::test]
async fn a_certificate_of_another_identity_issuer_or_root_is_refused() {
    let (sigstore, elsewhere) = (Sigstore::new(), Sigstore::new());
    let signers = Signers::new().identity("carol", one(CAROL), root(&sigstore)).unwrap();
    let mallory = sealed(&sigstore, email("mallory@acme.example"), GOOGLE, Services::V1);
    let from_other = sealed(&sigstore, email(CAROL), OTHER, Services::V1);
    let as_uri = sealed(&sigstore, Name::Uri(CAROL.to_owned()), GOOGLE, Services::V1);
    for (sealed, said) in [
        (&mallory, "it was signed by mallory@acme.example (by https://accounts.google.example)"),
        (&from_other, "it was signed by carol@acme.example (by https://login.other.example)"),
        (&as_uri, "it was signed by carol@acme.example (by https://accounts.google.example)"),
        (&carol(&elsewhere), "nobody who is known has signed it: the "),
    ] {
        let reason = refused(&signers, sealed).await;
        assert!(reason.contains(said), "{reason}\n{said}");
    }
    // A key alone vouches for no certificate.
    let keys = Signers::new().key("carol", Toy::new(1)).unwrap();
    assert_eq!(refused(&keys, &carol(&sigstore)).await, "nobody who is known has signed it");
}

#[tokio::test]
async fn an_identity_without_a_proven_time_or_a_log_is_refused() {
    let sigstore = Sigstore::new();
    let signers = Signers::new().identity("carol", one(CAROL), root(&sigstore)).unwrap();
    let timestamp_alone = sealed(&sigstore, email(CAROL), GOOGLE, Services::Timestamp);
    let reason = refused(&signers, &timestamp_alone).await;
    assert!(reason.contains("the transparency log: there is no entry of a log"), "{reason}");
    // Rekor v2 has no time of its own.
    let mut bundle: Value =
        serde_json::from_slice(&sealed(&sigstore, email(CAROL), GOOGLE, Services::V2Timestamp).bytes).unwrap();
    bundle["verificationMaterial"].as_object_mut().unwrap().remove("timestampVerificationData");
    refused(&signers, &Sealed::new(BUNDLE, bundle.to_string())).await;
    // Signed when the certificate had ended.
    let key = Key::p256();
    let mut request = Request::new(&key, email(CAROL), GOOGLE);
    request.not_before = SystemTime::now() - Duration::from_secs(1800);
    let certificate = sigstore.certify(&request);
    let late = sigstore.seal_statement_with(STATEMENT, key, certificate, Services::V1, SystemTime::now());
    refused(&signers, &Sealed::new(BUNDLE, late.bundle(STATEMENT).to_string())).await;
}

#[tokio::test]
async fn parts_of_two_signatures_are_never_put_together() {
    let sigstore = Sigstore::new();
    let signers = Signers::new().identity("carol", one(CAROL), root(&sigstore)).unwrap();
    let good = sigstore.seal_statement(STATEMENT, email(CAROL), GOOGLE, Services::V1);
    let changed = String::from_utf8(STATEMENT.to_vec()).unwrap().replace("1.50", "1.51");
    refused(&signers, &Sealed::new(BUNDLE, good.bundle(changed.as_bytes()).to_string())).await;
    // Carol's certificate and log entry beside the signature of another.
    let mallory = sigstore.seal_statement(STATEMENT, email("mallory@acme.example"), GOOGLE, Services::V1);
    let mut mixed = good.bundle(STATEMENT);
    mixed["dsseEnvelope"]["signatures"][0]["sig"] = json!(base64(&mallory.signature));
    refused(&signers, &Sealed::new(BUNDLE, mixed.to_string())).await;
    let mut mixed = mallory.bundle(STATEMENT);
    mixed["verificationMaterial"]["certificate"] = good.bundle(STATEMENT)["verificationMaterial"]["certificate"].take();
    refused(&signers, &Sealed::new(BUNDLE, mixed.to_string())).await;
}

#[tokio::test]
async fn nobody_takes_the_name_of_another() {
    let sigstore = Sigstore::new();
    let shared = root(&sigstore);
    // A key that is called as a subject reads.
    let signers = Signers::new().key("Carol@ACME.example", Toy::new(1)).unwrap();
    let signers = signers.identity("people", anybody(), shared.clone()).unwrap();
    let reason = refused(&signers, &carol(&sigstore)).await;
    assert!(reason.contains("the name carol@acme.example reads like the signer Carol@ACME.example"), "{reason}");
    // The same subject from another issuer.
    let elsewhere = Identity::matching(r".*@acme\.example", OTHER).unwrap();
    let signers = Signers::new().identity("people", anybody(), shared.clone()).unwrap();
    let signers = signers.identity("contractors", elsewhere, shared.clone()).unwrap();
    for issuer in [GOOGLE, OTHER] {
        let reason = refused(&signers, &sealed(&sigstore, email(CAROL), issuer, Services::V1)).await;
        assert!(reason.contains("could be that of another whom "), "{reason}");
    }
    let guest = sealed(&sigstore, email("guest-1@acme.example"), OTHER, Services::V1);
    assert_eq!(signed(&signers, &guest).await.identity, "guest-1@acme.example", "which the other does not stand for");

    let twice = Signers::new().identity("carol", one(CAROL), shared.clone()).unwrap();
    let same = SignersError::Same { name: "lead".to_owned(), other: "carol".to_owned() };
    assert_eq!(twice.identity("lead", one(CAROL), root(&sigstore)).unwrap_err(), same);
}

#[cfg(feature = "key")]
#[tokio::test]
async fn what_witnesses_a_key_tells_when_and_has_to_be_right() {
    use crate::IN_TOTO;
    use lockage_signing_mock::pre_authentication;
    use lockage_signing_mock::timestamp::Stamp;

    let sigstore = Sigstore::new();
    let key = Key::p256();
    let signature = key.sign(&pre_authentication(STATEMENT));
    let then = SystemTime::now() - Duration::from_secs(600);
    let stamp = |of: &[u8]| base64(&sigstore.timestamps.response(&Stamp::of(of, then)));
    let bundle = |stamps: &[String]| {
        let stamps: Vec<Value> = stamps.iter().map(|stamp| json!({ "signedTimestamp": stamp })).collect();
        let stamps = json!({ "rfc3161Timestamps": stamps });
        let material = json!({ "publicKey": { "hint": "" }, "timestampVerificationData": stamps });
        let signatures = json!([{ "sig": base64(&signature) }]);
        let envelope = json!({ "payload": base64(STATEMENT), "payloadType": IN_TOTO, "signatures": signatures });
        let bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope });
        Sealed::new(BUNDLE, bundle.to_string())
    };
    let until = SystemTime::now() - Duration::from_secs(300);
    let key = lockage_signing::VerifyingKey::from_pem(key.public_pem()).unwrap();
    let ended = lockage_signing::policy::TrustedKey::new(key).until(until);
    let signers = Signers::new().witnessed_key("alice", ended, root(&sigstore)).unwrap();
    let by = signed(&signers, &bundle(&[stamp(&signature)])).await;
    assert_eq!(by.identity, "alice");
    assert!(by.at.unwrap() < until, "an ended key counts at the time that is proven");
    let reason = refused(&signers, &bundle(&[])).await;
    assert!(reason.contains("key alice is not believed at that time"), "{reason}");
    let reason = refused(&signers, &bundle(&[stamp(&signature), stamp(b"another")])).await;
    assert!(reason.contains("the timestamp: "), "{reason}");
}

#[tokio::test]
async fn a_key_service_that_is_away_hides_no_identity() {
    #[derive(Debug)]
    struct Away(PublicKey);
    #[async_trait::async_trait]
    impl Verifier for Away {
        fn public_key(&self) -> &PublicKey {
            &self.0
        }
        async fn verify(&self, _: &[u8], _: &[u8]) -> Result<bool, SigningError> {
            Err("the service is away".into())
        }
    }
    let sigstore = Sigstore::new();
    let away = Away(PublicKey::from_der([0x30, 1, 9]).unwrap());
    let signers = Signers::new().key("away", away).unwrap();
    signers.verify_statement(&carol(&sigstore)).await.unwrap_err();
    let signers = signers.identity("carol", one(CAROL), root(&sigstore)).unwrap();
    assert_eq!(signed(&signers, &carol(&sigstore)).await.identity, "carol");
}
