//! Keys: nobody has to witness their signatures, and who does has to be right; keys and certificates of other kinds.

use std::time::{Duration, SystemTime};

use lockage_registry::{Algorithm, digest_of};
use lockage_signing::key::{KeyPair, VerifyingKey};
use lockage_signing::policy::{PolicyBuilder, TrustedKey};
use lockage_signing::trust::Artifact;
use lockage_signing::verify::{Check, Outcome, SignedBy};
use lockage_signing::{Policy, Signer as _, Verifier as _};
use lockage_signing_mock::timestamp::Stamp;
use lockage_signing_mock::{Entry, Key, Sealed, Services, Signed, Sigstore, pre_authentication, sha256};
use serde_json::{Value, json};

use crate::made::{ARTIFACT, about, checks, judge, policy, reason, refusal, request, root, seal};

/// A key of the mock, and one bundle of it for each set of witnesses.
struct Signer {
    key: Key,
    signature: Vec<u8>,
}

impl Signer {
    fn new() -> Self {
        let key = Key::p256();
        let signature = key.sign(&pre_authentication(&about(ARTIFACT)));
        Self { key, signature }
    }

    fn verifier(&self) -> VerifyingKey {
        VerifyingKey::from_pem(self.key.public_pem()).unwrap()
    }

    fn policy(&self, sigstore: &Sigstore) -> PolicyBuilder {
        Policy::builder().key(self.verifier()).trusted_root(root(sigstore))
    }

    fn envelope(&self) -> Value {
        json!({
            "payload": base64(&about(ARTIFACT)),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{ "sig": base64(&self.signature) }],
        })
    }

    fn logged(&self, sigstore: &Sigstore, time: SystemTime) -> Entry {
        sigstore.log_envelope(&self.envelope().to_string(), &self.key.public_pem(), time).unwrap()
    }

    fn bundle(&self, entries: &[Entry], stamps: &[Vec<u8>]) -> Value {
        let entries: Vec<Value> = entries.iter().map(Entry::to_bundle).collect();
        let stamps: Vec<Value> = stamps.iter().map(|stamp| json!({ "signedTimestamp": base64(stamp) })).collect();
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "publicKey": { "hint": "" },
                "tlogEntries": entries,
                "timestampVerificationData": { "rfc3161Timestamps": stamps },
            },
            "dsseEnvelope": self.envelope(),
        })
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_key_needs_no_witness_and_those_that_it_has_are_told() {
    let (sigstore, signer, now) = (Sigstore::new(), Signer::new(), SystemTime::now());
    let policy = signer.policy(&sigstore).build().unwrap();
    let own = [Check::Digest, Check::Key, Check::KeyValidity];
    let stamp = sigstore.timestamps.response(&Stamp::of(&signer.signature, now));
    let hash = sha256(&pre_authentication(&about(ARTIFACT)));
    let v2 = sigstore.log_v2(&hash, &signer.signature, Signed::PublicKey(&signer.key.spki()));
    let cases = [
        (signer.bundle(&[], &[]), &[][..]),
        (signer.bundle(&[signer.logged(&sigstore, now)], &[]), &[Check::TransparencyLog, Check::InclusionProof][..]),
        (signer.bundle(&[], std::slice::from_ref(&stamp)), &[Check::Timestamp]),
        (signer.bundle(&[v2], &[stamp]), &[Check::TransparencyLog, Check::InclusionProof, Check::Timestamp]),
    ];
    for (bundle, witnesses) in cases {
        assert_eq!(checks(judge(&policy, &bundle).await), [&own, witnesses].concat());
    }
}

#[tokio::test]
async fn without_a_root_no_witness_is_looked_at_or_claimed() {
    let (sigstore, signer) = (Sigstore::new(), Signer::new());
    let policy = Policy::of_key(signer.verifier()).unwrap();
    let bundle = signer.bundle(&[signer.logged(&sigstore, SystemTime::now())], &[]);
    assert_eq!(checks(judge(&policy, &bundle).await), [Check::Digest, Check::Key, Check::KeyValidity]);
}

#[tokio::test]
async fn a_witness_that_is_wrong_is_not_passed_over() {
    let (sigstore, signer, other, now) = (Sigstore::new(), Signer::new(), Signer::new(), SystemTime::now());
    let policy = signer.policy(&sigstore).build().unwrap();
    let good = signer.logged(&sigstore, now);
    let changed = |change: fn(&mut Entry)| {
        let mut entry = good.clone();
        change(&mut entry);
        signer.bundle(&[entry], &[])
    };
    let mut unproven = signer.bundle(std::slice::from_ref(&good), &[]);
    unproven["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove("inclusionProof");
    let mut lowered = unproven.clone();
    lowered["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    let as_other = sigstore.log_envelope(&signer.envelope().to_string(), &other.key.public_pem(), now).unwrap();
    let unknown = Signer { key: Key::p256(), signature: signer.signature.clone() }.logged(&Sigstore::new(), now);
    let entries = [
        ("of another signature", signer.bundle(&[other.logged(&sigstore, now)], &[])),
        ("of this signature and another key", signer.bundle(&[as_other], &[])),
        ("of a log that nobody knows", signer.bundle(&[unknown], &[])),
        ("an earlier time", changed(|entry| entry.time -= 86_400)),
        ("another promise", changed(|entry| entry.promise = Some(vec![0x30, 0]))),
        ("another root", changed(|entry| entry.root[0] ^= 1)),
        ("the first right, the second wrong", signer.bundle(&[good.clone(), other.logged(&sigstore, now)], &[])),
        ("no proof", unproven),
        ("no proof, and called 0.1", lowered),
    ];
    for (what, bundle) in entries {
        let (reason, why) = refusal(&policy, &bundle).await;
        assert_eq!(reason, "transparency-log", "{what}: {why}");
    }
    let stamp = |authority: &Sigstore, of: &Signer| authority.timestamps.response(&Stamp::of(&of.signature, now));
    for (what, bundle) in [
        ("over another signature", signer.bundle(&[], &[stamp(&sigstore, &other)])),
        ("by another authority", signer.bundle(&[], &[stamp(&Sigstore::new(), &signer)])),
        ("the second wrong", signer.bundle(&[], &[stamp(&sigstore, &signer), stamp(&sigstore, &other)])),
    ] {
        let (reason, why) = refusal(&policy, &bundle).await;
        assert_eq!(reason, "timestamp", "{what}: {why}");
    }
}

#[tokio::test]
async fn a_policy_may_ask_for_a_witness() {
    let (sigstore, signer, now) = (Sigstore::new(), Signer::new(), SystemTime::now());
    let stamp = sigstore.timestamps.response(&Stamp::of(&signer.signature, now));
    let (bare, stamped) = (signer.bundle(&[], &[]), signer.bundle(&[], &[stamp]));
    let logged = signer.bundle(&[signer.logged(&sigstore, now)], &[]);
    let asks_log = signer.policy(&sigstore).require_log().build().unwrap();
    let asks_time = signer.policy(&sigstore).require_timestamp().build().unwrap();
    for bundle in [&bare, &stamped] {
        assert_eq!(refusal(&asks_log, bundle).await.0, "transparency-log");
    }
    assert_eq!(refusal(&asks_time, &bare).await.0, "timestamp");
    checks(judge(&asks_log, &logged).await);
    checks(judge(&asks_time, &stamped).await);
    // A log's promise says the time, too.
    checks(judge(&asks_time, &logged).await);
}

#[tokio::test]
async fn a_retired_key_counts_for_what_was_witnessed_while_it_was_believed() {
    let (sigstore, signer, now) = (Sigstore::new(), Signer::new(), SystemTime::now());
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
    let key = TrustedKey::new(signer.verifier()).named("old").until(now - hour / 4);
    let policy = Policy::builder().trusted_key(key).trusted_root(root(&sigstore)).build().unwrap();
    let (before, after) = (signer.logged(&sigstore, now - hour / 2), signer.logged(&sigstore, now));
    checks(judge(&policy, &signer.bundle(std::slice::from_ref(&before), &[])).await);
    for (what, bundle) in [
        ("now", signer.bundle(&[], &[])),
        ("after", signer.bundle(std::slice::from_ref(&after), &[])),
        ("before and after", signer.bundle(&[before, after], &[])),
    ] {
        let (reason, why) = refusal(&policy, &bundle).await;
        assert_eq!(reason, "key-expired", "{what}: {why}");
    }
    // `now` is the caller's.
    let bundle = signer.bundle(&[], &[]).to_string();
    let outcome = policy.verify_bundle(bundle.as_bytes(), &Artifact::Bytes(ARTIFACT), now - day).await;
    assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_key_and_an_identity_do_not_stand_in_for_each_other() {
    let (sigstore, signer) = (Sigstore::new(), Signer::new());
    let keyed = signer.bundle(&[signer.logged(&sigstore, SystemTime::now())], &[]);
    assert_eq!(refusal(&policy(&sigstore), &keyed).await.0, "unknown-key");
    let sealed = seal(&sigstore, Services::V1).bundle(&about(ARTIFACT));
    assert_eq!(refusal(&signer.policy(&sigstore).build().unwrap(), &sealed).await.0, "unknown-key");
}

/// A signature over the artifact itself.
fn over_the_thing(signature: &[u8], algorithm: &str, digest: &[u8]) -> String {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "publicKey": { "hint": "" } },
        "messageSignature": {
            "messageDigest": { "algorithm": algorithm, "digest": base64(digest) },
            "signature": base64(signature),
        },
    })
    .to_string()
}

fn pair(kind: &str) -> KeyPair {
    let file = format!("{}/tests/keys/fixtures/{kind}.pem", env!("CARGO_MANIFEST_DIR"));
    KeyPair::from_pem(std::fs::read(file).unwrap(), None).unwrap()
}

#[tokio::test]
async fn a_signature_over_the_thing_is_checked_by_its_digest_where_the_key_allows() {
    let now = SystemTime::now();
    for (kind, hash, by_digest) in
        [("p256", Algorithm::Sha256, true), ("rsa2048", Algorithm::Sha256, true), ("ed25519", Algorithm::Sha256, false)]
    {
        let key = pair(kind);
        let signature = key.sign(ARTIFACT).await.unwrap();
        let policy = Policy::of_key(key.verifying_key().clone()).unwrap();
        let bundle = over_the_thing(&signature, "SHA2_256", &sha256(ARTIFACT));
        let whole = policy.verify_bundle(bundle.as_bytes(), &Artifact::Bytes(ARTIFACT), now).await;
        let Outcome::Verified(blob) = whole else { panic!("{kind}: {whole:?}") };
        assert_eq!(blob.accepted.signer, SignedBy::key(None, key.public_key()));
        assert!(blob.statement.is_none());
        let named = Artifact::Digest(digest_of(hash, ARTIFACT).unwrap());
        let named = policy.verify_bundle(bundle.as_bytes(), &named, now).await;
        match by_digest {
            true => assert!(matches!(named, Outcome::Verified(_)), "{kind}: {named:?}"),
            false => assert_eq!(reason(named).0, "malformed", "{kind}"),
        }
        for other in [Artifact::Bytes(b"other"), Artifact::Digest(digest_of(hash, b"other").unwrap())] {
            let outcome = policy.verify_bundle(bundle.as_bytes(), &other, now).await;
            assert_eq!(reason(outcome).0, "wrong-digest", "{kind}");
        }
        // A bundle that lies about the hash, and one that says none.
        let lying = over_the_thing(&signature, "SHA2_256", &sha256(b"other"));
        let outcome = policy.verify_bundle(lying.as_bytes(), &Artifact::Bytes(ARTIFACT), now).await;
        assert_eq!(reason(outcome).0, "wrong-digest", "{kind}");
        let outcome = policy.verify_bundle(lying.as_bytes(), &Artifact::Bytes(b"other"), now).await;
        assert_eq!(reason(outcome).0, "unknown-key", "{kind}");
        let outcome = policy
            .verify_bundle(over_the_thing(&signature, "MD5", &[0; 16]).as_bytes(), &Artifact::Bytes(ARTIFACT), now)
            .await;
        assert_eq!(reason(outcome).0, "malformed", "{kind}");
    }
    // P-384 signs by SHA-384: a SHA-256 does not do, and is not taken for a wrong signature.
    let key = pair("p384");
    let policy = Policy::of_key(key.verifying_key().clone()).unwrap();
    let hash = sha384(ARTIFACT);
    let bundle = over_the_thing(&key.sign(ARTIFACT).await.unwrap(), "SHA2_384", &hash);
    let whole = policy.verify_bundle(bundle.as_bytes(), &Artifact::Bytes(ARTIFACT), now).await;
    assert!(matches!(whole, Outcome::Verified(_)), "{whole:?}");
    let named = Artifact::Digest(digest_of(Algorithm::Sha256, ARTIFACT).unwrap());
    assert_eq!(reason(policy.verify_bundle(bundle.as_bytes(), &named, now).await).0, "malformed");
}

fn sha384(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, bytes).as_ref().to_vec()
}

#[tokio::test]
async fn certificates_of_other_kinds_of_key_count() {
    let sigstore = Sigstore::new();
    let policy = policy(&sigstore);
    let statement = about(ARTIFACT);
    for kind in ["p384", "rsa2048", "ed25519"] {
        let key = pair(kind);
        let mut asked = request(&Key::p256());
        asked.public_key = key.public_key().as_der().to_vec();
        let now = SystemTime::now();
        let mut sealed: Sealed = seal(&sigstore, Services::V1Timestamp);
        sealed.certificate = sigstore.certify(&asked);
        sealed.signature = key.sign(&pre_authentication(&statement)).await.unwrap();
        let envelope = sealed.bundle(&statement)["dsseEnvelope"].to_string();
        sealed.entry = sigstore.log_envelope(&envelope, &sealed.certificate.pem(), now);
        sealed.timestamp = Some(sigstore.timestamps.response(&Stamp::of(&sealed.signature, now)));
        let bundle = sealed.bundle(&statement);
        assert!(checks(judge(&policy, &bundle).await).contains(&Check::Certificate), "{kind}");
        sealed.signature[20] ^= 1;
        refusal(&policy, &sealed.bundle(&statement)).await;
    }
}

#[tokio::test]
async fn what_is_no_bundle_or_too_large_is_refused_and_never_an_error() {
    let signer = Signer::new();
    let policy = Policy::of_key(signer.verifier()).unwrap();
    let now = SystemTime::now();
    let large = vec![b' '; (16 << 20) + 1];
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff", &large] {
        let outcome = policy.verify_bundle(bytes, &Artifact::Bytes(ARTIFACT), now).await;
        assert_eq!(reason(outcome).0, "malformed");
    }
    let two = Policy::builder().key(signer.verifier()).key(pair("p256").verifying_key().clone()).threshold(2);
    assert_eq!(refusal(&two.build().unwrap(), &signer.bundle(&[], &[])).await.0, "too-few-signers");
}
