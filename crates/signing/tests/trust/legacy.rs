//! cosign 2's layout: what its annotations prove of a certificate's and of a key's signature, from a registry.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, DigestTag, DigestTagKind, Memory, RawManifest, Repository, TagOrDigest,
    Target as _, TargetExt as _, digest_of,
};
use lockage_signing::Policy;
use lockage_signing::format::{PredicateType, SimpleSigning, names};
use lockage_signing::key::VerifyingKey;
use lockage_signing::verify::{Check, Outcome};
use lockage_signing_mock::certificate::Promise;
use lockage_signing_mock::timestamp::Stamp;
use lockage_signing_mock::{Key, Sealed, Services, Sigstore, TimestampAuthority, sha256};
use serde_json::{Value, json};

use crate::made::{ISSUER, policy, reason, request, root, who};

const BOTH: [Services; 2] = [Services::V1, Services::V1Timestamp];

type Annotations = BTreeMap<String, String>;

/// A registry with one image, and what is under its tags.
struct Place {
    registry: Memory,
    repo: Repository,
    image: Digest,
}

impl Place {
    async fn new() -> Self {
        let repo: Repository = "registry.example/app".parse().unwrap();
        let registry = Memory::new(repo.host().clone());
        let config = blob(&registry, &repo, "application/vnd.oci.image.config.v1+json", b"{}").await;
        let json = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
        let image = put(&registry, &repo, &json, None).await;
        Self { registry, repo, image }
    }

    fn payload(&self) -> Vec<u8> {
        SimpleSigning::new("registry.example/app", self.image.clone()).to_bytes().unwrap()
    }

    fn statement(&self) -> Vec<u8> {
        json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "subject": [{ "name": "registry.example/app", "digest": { "sha256": self.image.hex() } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {},
        })
        .to_string()
        .into_bytes()
    }

    async fn attach(&self, kind: DigestTagKind, media_type: &str, bytes: &[u8], annotations: &Annotations) {
        let config = blob(&self.registry, &self.repo, "application/vnd.oci.image.config.v1+json", b"{}").await;
        let layer = blob(&self.registry, &self.repo, media_type, bytes).await;
        let mut layer = serde_json::to_value(layer).unwrap();
        layer["annotations"] = json!(annotations);
        let json = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let tag = DigestTag::new(&self.image, kind).to_tag();
        put(&self.registry, &self.repo, &json, Some(TagOrDigest::Tag(tag))).await;
    }

    /// The outcome with this payload and these annotations as the only signature.
    async fn signed(&self, policy: &Policy, annotations: &Annotations) -> Outcome {
        self.attach(DigestTagKind::Signature, names::SIMPLE_SIGNING, &self.payload(), annotations).await;
        policy.verify(&self.registry, &self.repo, &self.image, SystemTime::now()).await
    }

    fn seal(&self, sigstore: &Sigstore, services: Services) -> Sealed {
        sigstore.seal_payload(&self.payload(), who(), ISSUER, services)
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

async fn blob(registry: &Memory, repo: &Repository, media_type: &str, bytes: &[u8]) -> Descriptor {
    let digest = digest_of(Algorithm::Sha256, bytes).unwrap();
    let descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
    registry.put_blob(repo, &descriptor, Body::from(Bytes::copy_from_slice(bytes))).await.unwrap();
    descriptor
}

async fn put(registry: &Memory, repo: &Repository, json: &Value, at: Option<TagOrDigest>) -> Digest {
    let raw = RawManifest::new(MANIFEST, json.to_string().into_bytes().into()).unwrap();
    let at = at.unwrap_or_else(|| TagOrDigest::Digest(raw.digest().clone()));
    registry.put_manifest(repo, &raw, &at).await.unwrap();
    raw.digest().clone()
}

fn annotations(sealed: &Sealed) -> Annotations {
    sealed.annotations().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn accepted(outcome: Outcome) -> Vec<Check> {
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    let [accepted] = verified.accepted.as_slice() else { panic!("{verified:?}") };
    assert!(!accepted.times.is_empty());
    accepted.checks.clone()
}

#[tokio::test]
async fn a_certificate_in_annotations_is_checked_with_its_promise_and_no_proof_is_claimed() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let policy = policy(&sigstore);
    for services in BOTH {
        let checks = accepted(place.signed(&policy, &annotations(&place.seal(&sigstore, services))).await);
        for check in [Check::Certificate, Check::CertificateLog, Check::TransparencyLog, Check::Identity] {
            assert!(checks.contains(&check), "{services:?} {check:?}");
        }
        assert_eq!(checks.contains(&Check::Timestamp), services.timestamp());
        // The old layout has the log's promise and nothing else.
        assert!(!checks.contains(&Check::InclusionProof));
    }
}

#[tokio::test]
async fn the_chain_may_be_left_away_where_the_root_has_it() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let mut annotations = annotations(&place.seal(&sigstore, Services::V1));
    annotations.remove(names::CHAIN).unwrap();
    accepted(place.signed(&policy(&sigstore), &annotations).await);
}

/// Makes one annotation wrong. It may take from another good signature of the same signer.
type Spoil = fn(&mut Annotations, &Annotations);

fn edit(annotations: &mut Annotations, name: &str, change: impl FnOnce(&mut Value)) {
    let text = annotations.get_mut(name).unwrap();
    let mut value: Value = serde_json::from_str(text).unwrap();
    change(&mut value);
    *text = value.to_string();
}

fn take(name: &'static str) -> impl Fn(&mut Annotations, &Annotations) {
    move |own, other| _ = own.insert(name.to_owned(), other[name].clone())
}

#[tokio::test]
async fn each_annotation_that_is_wrong_is_noticed() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let policy = policy(&sigstore);
    let cases: [(&str, &str, Spoil); 21] = [
        ("transparency-log", "the entry of another signature", |own, other| take(names::REKOR_BUNDLE)(own, other)),
        ("transparency-log", "the promise for another entry", |own, other| {
            let other: Value = serde_json::from_str(&other[names::REKOR_BUNDLE]).unwrap();
            edit(own, names::REKOR_BUNDLE, |rekor| {
                rekor["SignedEntryTimestamp"] = other["SignedEntryTimestamp"].clone()
            });
        }),
        ("transparency-log", "a second later", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| {
                rekor["Payload"]["integratedTime"] = json!(rekor["Payload"]["integratedTime"].as_i64().unwrap() + 1);
            });
        }),
        ("transparency-log", "another index", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| rekor["Payload"]["logIndex"] = json!(77_777));
        }),
        ("transparency-log", "another log", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| rekor["Payload"]["logID"] = json!("ab".repeat(32)));
        }),
        ("transparency-log", "no entry", |own, _| _ = own.remove(names::REKOR_BUNDLE).unwrap()),
        ("malformed", "a negative index", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| rekor["Payload"]["logIndex"] = json!(-1));
        }),
        ("malformed", "a log that is none", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| rekor["Payload"]["logID"] = json!("log"));
        }),
        ("malformed", "a field twice", |own, _| {
            let text = own.get_mut(names::REKOR_BUNDLE).unwrap();
            *text = text.replacen('{', r#"{"SignedEntryTimestamp":"","#, 1);
        }),
        ("malformed", "something behind it", |own, _| own.get_mut(names::REKOR_BUNDLE).unwrap().push_str("{}")),
        ("malformed", "no JSON", |own, _| *own.get_mut(names::REKOR_BUNDLE).unwrap() = "no".to_owned()),
        ("timestamp", "over another signature", |own, other| take(names::TIMESTAMP)(own, other)),
        ("timestamp", "a token that is none", |own, _| {
            edit(own, names::TIMESTAMP, |stamp| stamp["SignedRFC3161Timestamp"] = json!("MAA="));
        }),
        ("malformed", "a timestamp that is none", |own, _| *own.get_mut(names::TIMESTAMP).unwrap() = "{}".to_owned()),
        ("transparency-log", "another certificate of the same signer", |own, other| {
            // The other signature's certificate is for another key: the signature is not one of it, and neither is the entry.
            let key = own[names::SIGNATURE].clone();
            take(names::CERTIFICATE)(own, other);
            assert_eq!(own[names::SIGNATURE], key);
            take(names::SIGNATURE)(own, other);
            take(names::TIMESTAMP)(own, other);
        }),
        ("signature", "a certificate for another key", |own, other| take(names::CERTIFICATE)(own, other)),
        ("certificate", "two certificates", |own, other| {
            let certificate = own.get_mut(names::CERTIFICATE).unwrap();
            certificate.push_str(&other[names::CERTIFICATE]);
        }),
        ("certificate", "a long chain", |own, _| {
            let chain = own.get_mut(names::CHAIN).unwrap();
            *chain = chain.repeat(4);
        }),
        ("malformed", "something behind the certificate", |own, _| {
            own.get_mut(names::CERTIFICATE).unwrap().push('x');
        }),
        ("malformed", "a key for a certificate", |own, _| {
            let certificate = own.get_mut(names::CERTIFICATE).unwrap();
            *certificate = certificate.replace("CERTIFICATE", "PUBLIC KEY");
        }),
        ("unknown-key", "no certificate", |own, _| _ = own.remove(names::CERTIFICATE).unwrap()),
    ];
    for (expected, what, spoil) in cases {
        let mut own = annotations(&place.seal(&sigstore, Services::V1Timestamp));
        let other = annotations(&place.seal(&sigstore, Services::V1Timestamp));
        accepted(place.signed(&policy, &own).await);
        spoil(&mut own, &other);
        let (found, why) = reason(place.signed(&policy, &own).await);
        assert_eq!(found, expected, "{what}: {why}");
    }
}

#[tokio::test]
async fn a_certificate_in_annotations_is_no_better_than_in_a_bundle() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let policy = policy(&sigstore);
    for promise in [Promise::Absent, Promise::Forged, Promise::OtherLog] {
        let key = Key::p256();
        let mut asked = request(&key);
        asked.promise = promise;
        let certificate = sigstore.certify(&asked);
        let now = SystemTime::now();
        let sealed = sigstore.seal_payload_with(&place.payload(), key, certificate, Services::V1, now);
        assert_eq!(reason(place.signed(&policy, &annotations(&sealed)).await).0, "certificate", "{promise:?}");
    }
    let other = Sigstore::new();
    reason(place.signed(&policy, &annotations(&place.seal(&other, Services::V1))).await);
    // Stamped, and in no log.
    let sealed = place.seal(&sigstore, Services::Timestamp);
    assert_eq!(reason(place.signed(&policy, &annotations(&sealed)).await).0, "transparency-log");
    // Stamped by somebody whose certificate is in the token.
    let mut sealed = place.seal(&sigstore, Services::V1Timestamp);
    let stamp = Stamp::of(&sealed.signature, SystemTime::now());
    sealed.timestamp = Some(TimestampAuthority::new().response(&stamp));
    assert_eq!(reason(place.signed(&policy, &annotations(&sealed)).await).0, "timestamp");
}

#[tokio::test]
async fn an_entry_of_a_kind_that_does_not_name_the_signature_is_told_as_such() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let mut sealed = place.seal(&sigstore, Services::V1);
    // cosign before 2.2 logged attestations as intoto 0.0.1, whose body has no signature.
    let body = json!({ "apiVersion": "0.0.1", "kind": "intoto", "spec": {} });
    sealed.entry = Some(sigstore.rekor.add_v1(("intoto", "0.0.1"), &body, SystemTime::now()));
    let (found, why) = reason(place.signed(&policy(&sigstore), &annotations(&sealed)).await);
    assert!(found == "transparency-log" && why.contains("intoto"), "{why}");
}

#[tokio::test]
async fn an_attestation_in_the_old_layout_is_checked_the_same() {
    let (sigstore, place) = (Sigstore::new(), Place::new().await);
    let (policy, statement) = (policy(&sigstore), place.statement());
    let slsa: PredicateType = "slsaprovenance1".parse().unwrap();
    let ask = async |sealed: &Sealed| {
        let mut annotations = annotations(sealed);
        annotations.insert(names::SIGNATURE.to_owned(), String::new());
        let envelope = sealed.bundle(&statement)["dsseEnvelope"].to_string();
        place.attach(DigestTagKind::Attestation, names::DSSE_ENVELOPE, envelope.as_bytes(), &annotations).await;
        let now = SystemTime::now();
        policy.verify_attestation(&place.registry, &place.repo, &place.image, &slsa, &|_| Ok(()), now).await
    };
    for services in BOTH {
        let mut sealed = sigstore.seal_statement(&statement, who(), ISSUER, services);
        let outcome = ask(&sealed).await;
        assert!(matches!(outcome, Outcome::Verified(_)), "{outcome:?}");
        let other = sigstore.seal_statement(&statement, who(), ISSUER, services);
        sealed.entry = other.entry;
        assert_eq!(reason(ask(&sealed).await).0, "transparency-log");
    }
}

/// What cosign 2 keeps of a key's signature that it logged and had stamped.
fn by_key(sigstore: &Sigstore, key: &Key, payload: &[u8], logged: bool, stamped: bool) -> Annotations {
    let (signature, now) = (key.sign(payload), SystemTime::now());
    let entry = sigstore.log_signature(&sha256(payload), &signature, &key.public_pem(), now);
    let mut sealed = sigstore.seal_payload(payload, who(), ISSUER, Services::V1Timestamp);
    sealed.timestamp = stamped.then(|| sigstore.timestamps.response(&Stamp::of(&signature, now)));
    sealed.signature = signature;
    sealed.entry = logged.then_some(entry);
    let mut annotations = annotations(&sealed);
    annotations.remove(names::CERTIFICATE);
    annotations.remove(names::CHAIN);
    annotations
}

#[tokio::test]
async fn a_keys_signature_may_have_witnesses_and_they_have_to_be_right() {
    let (sigstore, place, key) = (Sigstore::new(), Place::new().await, Key::p256());
    let verifier = VerifyingKey::from_pem(key.public_pem()).unwrap();
    let builder = || Policy::builder().key(verifier.clone()).trusted_root(root(&sigstore));
    let policy = builder().build().unwrap();
    for (logged, stamped) in [(true, false), (false, true), (true, true)] {
        let annotations = by_key(&sigstore, &key, &place.payload(), logged, stamped);
        let checks = accepted(place.signed(&policy, &annotations).await);
        assert!(checks.contains(&Check::Key));
        assert_eq!(checks.contains(&Check::TransparencyLog), logged);
        assert_eq!(checks.contains(&Check::Timestamp), stamped);
    }
    let wrong: [(&str, &str, Spoil); 4] = [
        ("transparency-log", "the entry of another signature", |own, other| take(names::REKOR_BUNDLE)(own, other)),
        ("transparency-log", "a second earlier", |own, _| {
            edit(own, names::REKOR_BUNDLE, |rekor| {
                rekor["Payload"]["integratedTime"] = json!(rekor["Payload"]["integratedTime"].as_i64().unwrap() - 1);
            });
        }),
        ("timestamp", "the timestamp of another signature", |own, other| take(names::TIMESTAMP)(own, other)),
        ("malformed", "an entry that is none", |own, _| {
            _ = own.insert(names::REKOR_BUNDLE.to_owned(), "{}".to_owned());
        }),
    ];
    for (expected, what, spoil) in wrong {
        let mut own = by_key(&sigstore, &key, &place.payload(), true, true);
        spoil(&mut own, &by_key(&sigstore, &key, &place.payload(), true, true));
        let (found, why) = reason(place.signed(&policy, &own).await);
        assert_eq!(found, expected, "{what}: {why}");
    }
    let asks = builder().require_log().build().unwrap();
    let bare = by_key(&sigstore, &key, &place.payload(), false, false);
    assert_eq!(reason(place.signed(&asks, &bare).await).0, "transparency-log");
    accepted(place.signed(&asks, &by_key(&sigstore, &key, &place.payload(), true, false)).await);
}
