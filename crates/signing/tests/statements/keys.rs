//! Statements that keys sign. No cryptography: the keys are toys.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lockage_promote::statement::{Sealed, SignedBy, StatementSigner as _, StatementVerifier as _};
use lockage_signing::format::pae;
use lockage_signing::gate::{KeySigner, Signers, SignersError};
use lockage_signing::policy::TrustedKey;
use lockage_signing::{PublicKey, Signer, SigningError, Verifier};
use serde_json::{Value, json};

use crate::toy::Toy;
use crate::{BUNDLE, ENVELOPE, IN_TOTO, STATEMENT, base64, refused, signed};

fn both() -> Signers {
    Signers::new().key("alice", Toy::new(1)).unwrap().key("bob", Toy::new(2)).unwrap()
}

/// An envelope whose parts a test makes wrong.
fn envelope(payload_type: &str, payload: &[u8], signatures: &Value) -> Value {
    json!({ "payloadType": payload_type, "payload": base64(payload), "signatures": signatures })
}

async fn signature(key: u8, message: &[u8]) -> String {
    base64(&Toy::new(key).sign(message).await.unwrap())
}

fn sealed(envelope: &Value) -> Sealed {
    Sealed::new(ENVELOPE, envelope.to_string())
}

fn bundled(hint: &str, envelope: &Value) -> Sealed {
    let material = json!({ "publicKey": { "hint": hint } });
    let bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope });
    Sealed::new(BUNDLE, bundle.to_string())
}

#[tokio::test]
async fn a_statement_is_whose_key_has_signed_exactly_its_bytes() {
    for (key, name) in [(1, "alice"), (2, "bob")] {
        let bundle = KeySigner::new(Toy::new(key)).sign_statement(STATEMENT).await.unwrap();
        assert_eq!(bundle.media_type, BUNDLE);
        let envelope = KeySigner::new(Toy::new(key)).into_envelopes().sign_statement(STATEMENT).await.unwrap();
        assert_eq!(envelope.media_type, ENVELOPE);
        for sealed in [bundle, envelope] {
            assert_eq!(signed(&both(), &sealed).await, SignedBy::new(name), "a key proves no time");
        }
    }
    let stranger = KeySigner::new(Toy::new(3)).sign_statement(STATEMENT).await.unwrap();
    assert_eq!(refused(&both(), &stranger).await, "nobody who is known has signed it");
    assert_eq!(refused(&Signers::new(), &stranger).await, "nobody who is known has signed it");
}

#[tokio::test]
async fn what_lies_beside_a_signature_says_nothing_of_whose_it_is() {
    let good = signature(1, &pae(IN_TOTO, STATEMENT)).await;
    // The key ID of another, and the hint of another.
    let of_bob = envelope(IN_TOTO, STATEMENT, &json!([{ "keyid": "bob", "sig": good }]));
    assert_eq!(signed(&both(), &sealed(&of_bob)).await.identity, "alice");
    let bob = KeySigner::new(Toy::new(2)).sign_statement(STATEMENT).await.unwrap();
    let bob: Value = serde_json::from_slice(&bob.bytes).unwrap();
    let hint_of_bob = bob["verificationMaterial"]["publicKey"]["hint"].as_str().unwrap();
    assert_eq!(signed(&both(), &bundled(hint_of_bob, &of_bob)).await.identity, "alice");
    let stranger = signature(3, &pae(IN_TOTO, STATEMENT)).await;
    let claims = envelope(IN_TOTO, STATEMENT, &json!([{ "keyid": "alice", "sig": stranger }]));
    assert_eq!(refused(&both(), &bundled(hint_of_bob, &claims)).await, "nobody who is known has signed it");
}

#[tokio::test]
async fn what_is_signed_wrongly_or_malformed_is_refused_with_its_reason() {
    let good = signature(1, &pae(IN_TOTO, STATEMENT)).await;
    let one = json!([{ "sig": good }]);
    let other = "application/vnd.acme+json";
    let as_other = json!([{ "sig": signature(1, &pae(other, STATEMENT)).await }]);
    let changed = String::from_utf8(STATEMENT.to_vec()).unwrap().replace("1.50", "1.5");
    let bare = json!([{ "sig": signature(1, STATEMENT).await }]);
    let nothing = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://a.example","predicate":{}}"#;
    let about_nothing = json!([{ "sig": signature(1, &pae(IN_TOTO, nothing)).await }]);
    let not_json = json!([{ "sig": signature(1, &pae(IN_TOTO, b"approved")).await }]);
    let second = json!([{ "sig": good }, { "sig": signature(2, &pae(IN_TOTO, STATEMENT)).await }]);
    for (envelope, said) in [
        (envelope(other, STATEMENT, &as_other), "an envelope of \"application/vnd.acme+json\", not "),
        (envelope(other, STATEMENT, &one), "an envelope of \"application/vnd.acme+json\", not "),
        (envelope(IN_TOTO, STATEMENT, &as_other), "nobody who is known has signed it"),
        (envelope(IN_TOTO, changed.as_bytes(), &one), "nobody who is known has signed it"),
        (envelope(IN_TOTO, STATEMENT, &bare), "nobody who is known has signed it"),
        (envelope(IN_TOTO, nothing, &about_nothing), "statement: it has no subject"),
        (envelope(IN_TOTO, b"approved", &not_json), "statement: not a JSON object"),
        (envelope(IN_TOTO, STATEMENT, &second), "it has 2 signatures, and must have one"),
        (envelope(IN_TOTO, STATEMENT, &json!([])), "it has 0 signatures, and must have one"),
        (json!({ "payload": base64(STATEMENT), "signatures": one }), "missing field `payloadType`"),
    ] {
        for sealed in [sealed(&envelope), bundled("", &envelope)] {
            let reason = refused(&both(), &sealed).await;
            assert!(reason.contains(said), "{reason}\n{said}");
        }
    }
    let good = envelope(IN_TOTO, STATEMENT, &one);
    for (sealed, said) in [
        (Sealed::new("application/json", good.to_string()), "is neither a Sigstore bundle nor a DSSE envelope"),
        (Sealed::new(BUNDLE, good.to_string()), "bundle: "),
        (Sealed::new(ENVELOPE, bundled("", &good).bytes), "DSSE envelope: "),
        (Sealed::new(ENVELOPE, "\u{1b}[2J"), "DSSE envelope: "),
    ] {
        let reason = refused(&both(), &sealed).await;
        assert!(reason.contains(said), "{reason}\n{said}");
    }
    let mut message: Value = serde_json::from_slice(&bundled("", &good).bytes).unwrap();
    message.as_object_mut().unwrap().remove("dsseEnvelope");
    message["messageSignature"] = json!({ "signature": one[0]["sig"] });
    let reason = refused(&both(), &Sealed::new(BUNDLE, message.to_string())).await;
    assert!(reason.contains("a signature over bytes, which are not there, and no statement"), "{reason}");
}

/// A key whose service is away, or that signs with another.
#[derive(Clone, Debug)]
struct Broken {
    key: Toy,
    signs_as: Option<Toy>,
}

#[async_trait]
impl Verifier for Broken {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        match self.signs_as {
            Some(_) => self.key.verify(message, signature).await,
            None => Err("the service is away".into()),
        }
    }
}

#[async_trait]
impl Signer for Broken {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.signs_as {
            Some(other) => other.sign(message).await,
            None => Err("the service is away".into()),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_decided_is_an_error_and_no_refusal() {
    let away = Broken { key: Toy::new(3), signs_as: None };
    let signers = both().key("carol", away.clone()).unwrap();
    let of = async |key| KeySigner::new(Toy::new(key)).sign_statement(STATEMENT).await.unwrap();
    let error = signers.verify_statement(&of(4).await).await.unwrap_err();
    assert!(error.to_string().contains("the key cannot be used"), "{error}");
    signers.verify_statement(&of(3).await).await.unwrap_err();
    assert_eq!(signed(&signers, &of(2).await).await.identity, "bob", "who signed is known without her");
    assert!(refused(&signers, &Sealed::new(ENVELOPE, "{}")).await.contains("missing field"), "nobody has to be asked");
}

#[tokio::test]
async fn nothing_is_signed_that_nobody_would_take() {
    let away = KeySigner::new(Broken { key: Toy::new(3), signs_as: None });
    away.sign_statement(STATEMENT).await.unwrap_err();
    let other = KeySigner::new(Broken { key: Toy::new(3), signs_as: Some(Toy::new(4)) });
    for signer in [other.clone(), other.into_envelopes()] {
        let error = signer.sign_statement(STATEMENT).await.unwrap_err();
        assert!(error.to_string().contains("the signature is not one of this key"), "{error}");
    }
    for text in ["approved", "{}", r#"{"_type":"https://in-toto.io/Statement/v1","subject":[]}"#] {
        KeySigner::new(Toy::new(1)).sign_statement(text.as_bytes()).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_key_counts_in_its_time() {
    let day = Duration::from_secs(86_400);
    let change = SystemTime::UNIX_EPOCH + 365 * day;
    let signers = Signers::new()
        .trusted_key("alice until 1971", TrustedKey::new(Toy::new(1)).until(change))
        .unwrap()
        .trusted_key("alice", TrustedKey::new(Toy::new(2)).from(change))
        .unwrap();
    let (old, new) = (KeySigner::new(Toy::new(1)), KeySigner::new(Toy::new(2)));
    let (old, new) = (old.sign_statement(STATEMENT).await.unwrap(), new.sign_statement(STATEMENT).await.unwrap());
    let (before, after) = (signers.clone().as_of(change - day), signers.clone().as_of(change));
    assert_eq!(signed(&before, &old).await.identity, "alice until 1971");
    assert_eq!(signed(&after, &new).await.identity, "alice");
    for (signers, sealed, who) in [(&before, &new, "alice"), (&after, &old, "alice until 1971")] {
        let reason = refused(signers, sealed).await;
        assert_eq!(reason, format!("nobody who is known has signed it: key {who} is not believed at that time"));
    }
    assert_eq!(signed(&signers, &new).await.identity, "alice", "it is now where nothing else is said");
}

#[test]
fn nobody_has_two_names_and_no_name_is_two_people() {
    let same = SignersError::Same { name: "carol".to_owned(), other: "alice".to_owned() };
    assert_eq!(both().key("carol", Toy::new(1)).unwrap_err(), same);
    for name in ["alice", "Alice"] {
        let twice = SignersError::Twice { other: "alice".to_owned() };
        assert_eq!(both().key(name, Toy::new(3)).unwrap_err(), twice);
    }
    for name in ["", " alice", "al\nice"] {
        assert_eq!(both().key(name, Toy::new(3)).unwrap_err(), SignersError::Name { name: name.to_owned() });
    }
    assert_eq!(both().names().collect::<Vec<_>>(), ["alice", "bob"]);
}
