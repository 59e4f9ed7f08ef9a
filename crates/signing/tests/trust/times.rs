//! Every proven time has to be one at which the certificate, and the authorities, were valid.

use std::time::{Duration, SystemTime};

use lockage_signing::Policy;
use lockage_signing::trust::{Identity, TrustedRoot};
use lockage_signing_mock::timestamp::Stamp;
use lockage_signing_mock::{Key, Sealed, Services, Sigstore};
use serde_json::{Value, json};

use crate::made::{ARTIFACT, ISSUER, PROVEN, WHO, about, checks, judge, policy, refusal, request, seal, seal_as};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_certificate_that_was_expired_or_not_yet_valid_when_it_signed_does_not_count() {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    for services in PROVEN {
        for (what, not_before) in
            [("expired", SystemTime::now() - 11 * MINUTE), ("not yet", SystemTime::now() + 5 * MINUTE)]
        {
            let sealed = seal_as(&sigstore, services, |request| request.not_before = not_before);
            let (reason, why) = refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await;
            assert_eq!(reason, "certificate", "{what}, {services:?}: {why}");
        }
    }
}

#[tokio::test]
async fn one_good_time_does_not_make_up_for_another() {
    let sigstore = Sigstore::new();
    let (policy, statement) = (policy(&sigstore), about(ARTIFACT));
    // A certificate that expired half an hour ago, used and logged while it was valid.
    let key = Key::p256();
    let mut request = request(&key);
    request.not_before = SystemTime::now() - 40 * MINUTE;
    let certificate = sigstore.certify(&request);
    let then = SystemTime::now() - 35 * MINUTE;
    let mut sealed = sigstore.seal_statement_with(&statement, key, certificate, Services::V1Timestamp, then);
    checks(judge(&policy, &sealed.bundle(&statement)).await);

    // The same, stamped again today: somebody had it after the key was to be gone.
    let late = sigstore.timestamps.response(&Stamp::of(&sealed.signature, SystemTime::now()));
    let early = sealed.timestamp.replace(late).unwrap();
    let mut bundle = sealed.bundle(&statement);
    assert_eq!(refusal(&policy, &bundle).await.0, "certificate");
    sealed.timestamp = Some(early);
    let stamps =
        |bundle: &Value| bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0].clone();
    let (late, early) = (stamps(&bundle), stamps(&sealed.bundle(&statement)));
    for both in [json!([early, late]), json!([late, early])] {
        bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = both;
        let (reason, why) = refusal(&policy, &bundle).await;
        assert_eq!(reason, "certificate", "{why}");
    }
}

#[tokio::test]
async fn a_log_that_says_a_time_to_come_is_refused() {
    let sigstore = Sigstore::new();
    let key = Key::p256();
    let mut request = request(&key);
    request.lifetime = 120 * MINUTE;
    let certificate = sigstore.certify(&request);
    let later = SystemTime::now() + 60 * MINUTE;
    let sealed = sigstore.seal_statement_with(&about(ARTIFACT), key, certificate, Services::V1, later);
    let (reason, why) = refusal(&policy(&sigstore), &sealed.bundle(&about(ARTIFACT))).await;
    assert!(reason == "transparency-log" && why.contains("in the future"), "{why}");
}

/// Where an authority of a trusted root says when it was in use.
type Window = fn(&mut Value) -> &mut Value;

/// A policy whose root believes one authority only until an hour ago.
fn retired(sigstore: &Sigstore, list: &str, window: Window) -> Policy {
    let mut root: Value = serde_json::from_str(&sigstore.trusted_root("http://127.0.0.1:1")).unwrap();
    for authority in root[list].as_array_mut().unwrap() {
        *window(authority) = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
    }
    let root = TrustedRoot::from_json(&root.to_string()).unwrap();
    Policy::builder().identity(Identity::exact(WHO, ISSUER).unwrap()).trusted_root(root).build().unwrap()
}

#[tokio::test]
async fn an_authority_is_believed_only_in_the_time_that_the_root_gives_it() {
    let sigstore = Sigstore::new();
    let cases: [(&str, Window, Services, &str); 5] = [
        ("certificateAuthorities", |authority| &mut authority["validFor"], Services::V1, "certificate"),
        ("ctlogs", |log| &mut log["publicKey"]["validFor"], Services::V1, "certificate"),
        ("tlogs", |log| &mut log["publicKey"]["validFor"], Services::V1, "transparency-log"),
        ("tlogs", |log| &mut log["publicKey"]["validFor"], Services::V2Timestamp, "transparency-log"),
        ("timestampAuthorities", |authority| &mut authority["validFor"], Services::V2Timestamp, "timestamp"),
    ];
    for (list, window, services, expected) in cases {
        let sealed: Sealed = seal(&sigstore, services);
        let (reason, why) = refusal(&retired(&sigstore, list, window), &sealed.bundle(&about(ARTIFACT))).await;
        assert_eq!(reason, expected, "{list}, {services:?}: {why}");
    }
}

/// A policy whose root gives no authority an end, and each a start long ago.
fn boundless(sigstore: &Sigstore) -> Policy {
    let mut root: Value = serde_json::from_str(&sigstore.trusted_root("http://127.0.0.1:1")).unwrap();
    let window = json!({ "start": "2020-01-01T00:00:00Z" });
    for list in ["tlogs", "ctlogs"] {
        root[list].as_array_mut().unwrap().iter_mut().for_each(|log| log["publicKey"]["validFor"] = window.clone());
    }
    root["certificateAuthorities"][0].as_object_mut().unwrap().remove("validFor");
    let root = TrustedRoot::from_json(&root.to_string()).unwrap();
    Policy::builder().identity(Identity::exact(WHO, ISSUER).unwrap()).trusted_root(root).build().unwrap()
}

#[tokio::test]
async fn an_authority_whose_own_certificates_are_not_valid_vouches_for_nothing() {
    let sigstore = Sigstore::new();
    let policy = boundless(&sigstore);
    // The mock's authorities are valid from a day ago.
    for (hours, good) in [(1, true), (49, false)] {
        let key = Key::p256();
        let mut request = request(&key);
        let then = SystemTime::now() - hours * 60 * MINUTE;
        request.not_before = then - MINUTE;
        let certificate = sigstore.certify(&request);
        let sealed = sigstore.seal_statement_with(&about(ARTIFACT), key, certificate, Services::V1, then);
        let bundle = sealed.bundle(&about(ARTIFACT));
        match good {
            true => _ = checks(judge(&policy, &bundle).await),
            false => assert_eq!(refusal(&policy, &bundle).await.0, "certificate"),
        }
    }
}
