//! Bundles with one field wrong: each is refused for that field.

use lockage_signing_mock::certificate::Promise;
use lockage_signing_mock::timestamp::Stamp;
use lockage_signing_mock::{Key, Sealed, Services, Sigstore, TimestampAuthority};
use serde_json::{Value, json};
use std::time::SystemTime;

use crate::made::{ARTIFACT, ISSUER, about, policy, refusal, request, seal, seal_as, who};

/// Makes one part of a signature wrong. It may take from another good signature of the same signer.
type Spoil = fn(&Sigstore, &mut Sealed, Sealed);

async fn each(services: Services, expected: &str, wrong: &[(&str, Spoil)]) {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    for (what, spoil) in wrong {
        let (mut sealed, other) = (seal(&sigstore, services), seal(&sigstore, services));
        spoil(&sigstore, &mut sealed, other);
        let (reason, why) = refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await;
        assert_eq!(reason, expected, "{what}: {why}");
    }
}

/// Makes the JSON of a good bundle wrong.
type SpoilDocument = fn(&mut Value);

async fn each_document(services: Services, expected: &str, wrong: &[(&str, SpoilDocument)]) {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    for (what, spoil) in wrong {
        let mut bundle = seal(&sigstore, services).bundle(&about(ARTIFACT));
        spoil(&mut bundle);
        let (reason, why) = refusal(&policy, &bundle).await;
        assert_eq!(reason, expected, "{what}: {why}");
    }
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn without(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field).unwrap();
}

#[tokio::test]
async fn an_entry_of_rekor_v1_has_to_be_of_this_signature_and_the_logs() {
    let wrong: [(&str, Spoil); 12] = [
        ("the promise for another entry", |_, sealed, other| {
            sealed.entry.as_mut().unwrap().promise = other.entry.unwrap().promise;
        }),
        ("the entry of another signature", |_, sealed, other| sealed.entry = other.entry),
        ("the body of another signature", |_, sealed, other| {
            sealed.entry.as_mut().unwrap().body = other.entry.unwrap().body;
        }),
        ("a second later", |_, sealed, _| sealed.entry.as_mut().unwrap().time += 1),
        ("another index", |_, sealed, _| sealed.entry.as_mut().unwrap().index += 1),
        ("the log of nobody", |_, sealed, _| sealed.entry.as_mut().unwrap().log_id[0] ^= 1),
        ("another root", |_, sealed, _| sealed.entry.as_mut().unwrap().root[0] ^= 1),
        ("another tree", |_, sealed, _| sealed.entry.as_mut().unwrap().size += 1),
        ("another path", |_, sealed, _| sealed.entry.as_mut().unwrap().path.push([7; 32])),
        ("the checkpoint of another root", |sigstore, sealed, _| {
            let entry = sealed.entry.as_mut().unwrap();
            entry.checkpoint = sigstore.rekor.checkpoint(entry.size, &[7; 32]);
        }),
        ("the checkpoint of another log", |_, sealed, _| {
            let entry = sealed.entry.as_mut().unwrap();
            entry.checkpoint = Sigstore::new().rekor.checkpoint(entry.size, &entry.root);
        }),
        ("a checkpoint whose signature is for another origin", |_, sealed, _| {
            let checkpoint = &mut sealed.entry.as_mut().unwrap().checkpoint;
            *checkpoint = checkpoint.replacen("127.0.0.1", "127.0.0.2", 1);
        }),
    ];
    each(Services::V1, "transparency-log", &wrong).await;
}

#[tokio::test]
async fn an_entry_of_rekor_v2_has_to_be_of_this_signature_and_the_logs() {
    let wrong: [(&str, Spoil); 4] = [
        ("the entry of another signature", |_, sealed, other| sealed.entry = other.entry),
        ("the body of another signature", |_, sealed, other| {
            sealed.entry.as_mut().unwrap().body = other.entry.unwrap().body;
        }),
        ("the checkpoint of another root", |sigstore, sealed, _| {
            let entry = sealed.entry.as_mut().unwrap();
            entry.checkpoint = sigstore.rekor_v2.checkpoint(entry.size, &[7; 32]);
        }),
        ("the checkpoint of another log", |_, sealed, _| {
            let entry = sealed.entry.as_mut().unwrap();
            entry.checkpoint = Sigstore::new().rekor_v2.checkpoint(entry.size, &entry.root);
        }),
    ];
    each(Services::V2Timestamp, "transparency-log", &wrong).await;
}

#[tokio::test]
async fn a_checkpoint_of_another_log_of_the_root_does_not_vouch_for_an_entry() {
    let wrong: [(&str, Spoil); 1] = [("Rekor v2, called the log of version 1", |sigstore, sealed, _| {
        sealed.entry.as_mut().unwrap().log_id = sigstore.rekor.id();
    })];
    each(Services::V2Timestamp, "transparency-log", &wrong).await;
    let wrong: [(&str, Spoil); 1] = [("Rekor v1, with a checkpoint of version 2", |sigstore, sealed, _| {
        let entry = sealed.entry.as_mut().unwrap();
        entry.checkpoint = sigstore.rekor_v2.checkpoint(entry.size, &entry.root);
    })];
    each(Services::V1, "transparency-log", &wrong).await;
}

#[tokio::test]
async fn a_proof_cannot_be_left_away_by_lowering_the_version_of_the_bundle() {
    let wrong: [(&str, SpoilDocument); 5] = [
        ("0.3", |bundle| without(entry(bundle), "inclusionProof")),
        ("0.3 as 0.2", |bundle| {
            without(entry(bundle), "inclusionProof");
            bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
        }),
        ("0.3 as 0.1", |bundle| {
            without(entry(bundle), "inclusionProof");
            bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
        }),
        ("0.3 as 0.1 with a chain", |bundle| {
            without(entry(bundle), "inclusionProof");
            bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
            let certificate = bundle["verificationMaterial"]["certificate"].take();
            without(&mut bundle["verificationMaterial"], "certificate");
            bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [certificate] });
        }),
        ("no entry", |bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([])),
    ];
    each_document(Services::V1, "transparency-log", &wrong).await;
}

#[tokio::test]
async fn every_entry_has_to_be_right_and_not_only_the_first() {
    let sigstore = Sigstore::new();
    let (policy, statement) = (policy(&sigstore), about(ARTIFACT));
    let (sealed, other) = (seal(&sigstore, Services::V1), seal(&sigstore, Services::V1));
    let with = |second: Value| {
        let mut bundle = sealed.bundle(&statement);
        bundle["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap().push(second);
        bundle
    };
    let mut own = sealed.entry.as_ref().unwrap().to_bundle();
    crate::made::checks(crate::made::judge(&policy, &with(own.clone())).await);
    without(&mut own, "inclusionProof");
    let promised = own.clone();
    without(&mut own, "inclusionPromise");
    for (what, second) in [
        ("of another signature", other.entry.as_ref().unwrap().to_bundle()),
        ("promised only", promised),
        ("neither promised nor proven", own),
    ] {
        let (reason, why) = refusal(&policy, &with(second)).await;
        assert_eq!(reason, "transparency-log", "{what}: {why}");
    }
}

#[tokio::test]
async fn more_entries_timestamps_or_certificates_than_anyone_makes_are_not_looked_at() {
    let many: [(&str, SpoilDocument); 3] = [
        ("entries", |bundle| {
            let one = entry(bundle).clone();
            bundle["verificationMaterial"]["tlogEntries"] = json!(vec![one; 33]);
        }),
        ("timestamps", |bundle| {
            let stamps = &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
            let one = stamps[0].clone();
            *stamps = json!(vec![one; 33]);
        }),
        ("version 0.3 with a chain", |bundle| {
            let certificate = bundle["verificationMaterial"]["certificate"].take();
            without(&mut bundle["verificationMaterial"], "certificate");
            bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [certificate] });
        }),
    ];
    each_document(Services::V1Timestamp, "malformed", &many).await;
    let chain: [(&str, SpoilDocument); 1] = [("certificates", |bundle| {
        bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
        let certificate = bundle["verificationMaterial"]["certificate"].take();
        without(&mut bundle["verificationMaterial"], "certificate");
        bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": vec![certificate; 9] });
    })];
    each_document(Services::V1, "certificate", &chain).await;
}

#[tokio::test]
async fn a_timestamp_has_to_be_over_this_signature_and_by_the_authority() {
    let wrong: [(&str, Spoil); 5] = [
        ("over another signature", |_, sealed, other| sealed.timestamp = other.timestamp),
        ("by another authority, whose certificate is in the token", |_, sealed, _| {
            let stamp = Stamp::of(&sealed.signature, SystemTime::now());
            sealed.timestamp = Some(TimestampAuthority::new().response(&stamp));
        }),
        ("by another authority, without its certificate", |_, sealed, _| {
            let mut stamp = Stamp::of(&sealed.signature, SystemTime::now());
            stamp.certificate = false;
            sealed.timestamp = Some(TimestampAuthority::new().response(&stamp));
        }),
        ("nothing", |_, sealed, _| sealed.timestamp = Some(vec![0x30, 0])),
        // RFC 3161 allows it, and sigstore-verify does not read it: refused, and not passed over.
        ("a fraction of a second", |sigstore, sealed, _| {
            let mut stamp = Stamp::of(&sealed.signature, SystemTime::now());
            stamp.fraction = true;
            sealed.timestamp = Some(sigstore.timestamps.response(&stamp));
        }),
    ];
    each(Services::V1Timestamp, "timestamp", &wrong).await;
    each(Services::V2Timestamp, "timestamp", &wrong).await;
    let missing: [(&str, Spoil); 1] = [("none at all", |_, sealed, _| sealed.timestamp = None)];
    each(Services::V2Timestamp, "timestamp", &missing).await;
    let unpromised: [(&str, Spoil); 1] =
        [("a time that the log has not signed", |_, sealed, _| sealed.entry.as_mut().unwrap().promise = None)];
    each(Services::V1, "timestamp", &unpromised).await;
}

#[tokio::test]
async fn a_certificate_has_to_be_listed_and_may_have_to_sign_code() {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    for promise in [Promise::Absent, Promise::Forged, Promise::OtherLog] {
        let sealed = seal_as(&sigstore, Services::V1, |request| request.promise = promise);
        let (reason, why) = refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await;
        assert_eq!(reason, "certificate", "{promise:?}: {why}");
    }
    let sealed = seal_as(&sigstore, Services::V1, |request| request.code_signing = false);
    assert_eq!(refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await.0, "certificate");
    let sealed = seal_as(&sigstore, Services::V1, |request| request.issuer = String::new());
    assert_eq!(refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await.0, "certificate");
}

#[tokio::test]
async fn a_signature_is_one_of_the_certificates_key_and_the_entry_has_this_very_certificate() {
    let by_another: [(&str, Spoil); 1] = [("by another key", |sigstore, sealed, _| {
        // Everything else is for this signature: the log took it with the certificate, and it was stamped.
        let message = lockage_signing_mock::pre_authentication(&about(ARTIFACT));
        sealed.signature = Key::p256().sign(&message);
        let envelope = sealed.bundle(&about(ARTIFACT))["dsseEnvelope"].to_string();
        let now = SystemTime::now();
        sealed.entry = sigstore.log_envelope(&envelope, &sealed.certificate.pem(), now);
        sealed.timestamp = Some(sigstore.timestamps.response(&Stamp::of(&sealed.signature, now)));
    })];
    each(Services::V1Timestamp, "signature", &by_another).await;
    let another_certificate: [(&str, Spoil); 2] = [
        ("for the same key and name", |sigstore, sealed, _| {
            sealed.certificate = sigstore.certify(&request(&sealed.key));
        }),
        ("logged as a key", |sigstore, sealed, _| {
            let envelope = sealed.bundle(&about(ARTIFACT))["dsseEnvelope"].to_string();
            sealed.entry = sigstore.log_envelope(&envelope, &sealed.key.public_pem(), SystemTime::now());
        }),
    ];
    each(Services::V1, "transparency-log", &another_certificate).await;
}

#[tokio::test]
async fn a_bundle_about_something_else_is_refused_for_that() {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    let other = about(b"something else");
    let sealed = sigstore.seal_statement(&other, who(), ISSUER, Services::V1);
    assert_eq!(refusal(&policy, &sealed.bundle(&other)).await.0, "wrong-digest");
    // The statement of this artifact around the signature of the other.
    assert_eq!(refusal(&policy, &sealed.bundle(&about(ARTIFACT))).await.0, "signature");
}

#[tokio::test]
async fn a_key_that_the_bundle_names_is_never_taken_from_it() {
    let hint: [(&str, SpoilDocument); 1] = [("a hint instead of the certificate", |bundle| {
        without(&mut bundle["verificationMaterial"], "certificate");
        bundle["verificationMaterial"]["publicKey"] = json!({ "hint": "a2V5" });
    })];
    each_document(Services::V1, "unknown-key", &hint).await;
}
