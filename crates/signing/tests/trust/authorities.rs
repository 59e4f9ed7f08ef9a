//! Whom the trusted root does not name is nobody, and a root that cannot be used is not used.

use lockage_signing::trust::TrustedRoot;
use lockage_signing_mock::{Services, Sigstore};
use serde_json::{Value, json};

use crate::made::{ARTIFACT, PROVEN, about, policy, refusal, seal};

#[tokio::test]
async fn another_instance_believes_nothing_of_it() {
    let (one, other) = (Sigstore::new(), Sigstore::new());
    for services in PROVEN {
        refusal(&policy(&other), &seal(&one, services).bundle(&about(ARTIFACT))).await;
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_though_the_logs_are_the_same() {
    let (mut sigstore, other) = (Sigstore::new(), Sigstore::new());
    let policy = policy(&sigstore);
    sigstore.authority = other.authority;
    let (reason, why) = refusal(&policy, &seal(&sigstore, Services::V1).bundle(&about(ARTIFACT))).await;
    assert_eq!(reason, "certificate", "{why}");
}

#[test]
fn a_trusted_root_that_is_ambiguous_too_large_or_unusable_is_an_error() {
    let good = Sigstore::new().trusted_root("http://127.0.0.1:1");
    TrustedRoot::from_json(&good).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut root: Value = serde_json::from_str(&good).unwrap();
        change(&mut root);
        root.to_string()
    };
    let padded = format!("{good}{}", " ".repeat(1024 * 1024));
    let twice = good.replacen("\"mediaType\"", "\"tlogs\": [], \"mediaType\"", 1);
    let wrong = [
        ("no JSON", "no".to_owned()),
        ("a list", "[]".to_owned()),
        ("too large", padded),
        ("a field twice", twice),
        ("no start", changed(|root| root["tlogs"][0]["publicKey"]["validFor"] = json!({}))),
        (
            "an end before the start",
            changed(|root| {
                root["certificateAuthorities"][0]["validFor"] =
                    json!({ "start": "2021-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z" });
            }),
        ),
        ("no key", changed(|root| root["tlogs"][0]["publicKey"]["rawBytes"] = json!("MAA="))),
        (
            "one log twice",
            changed(|root| {
                let log = root["tlogs"][0].clone();
                root["tlogs"].as_array_mut().unwrap().push(log);
            }),
        ),
        ("no certificate", changed(|root| root["certificateAuthorities"][0]["certChain"]["certificates"] = json!([]))),
        ("another type", changed(|root| root["mediaType"] = json!("application/json"))),
    ];
    for (what, root) in wrong {
        TrustedRoot::from_json(&root).expect_err(what);
    }
}
