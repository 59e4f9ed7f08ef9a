//! Keys of every kind, as cosign and OpenSSL write them: what is read, what is refused, and what the keys sign.
#![cfg(feature = "key")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod agreement;
mod encrypted;
mod refused;
mod secrets;

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockage_signing::key::{Algorithm, KeyPair, Password, VerifyingKey};
use lockage_signing::{Signer, Verifier};

const PASSWORD: &str = "correct horse";

/// Every kind of key, with what OpenSSL calls its files.
const KINDS: [(&str, Algorithm); 6] = [
    ("p256", Algorithm::P256),
    ("p384", Algorithm::P384),
    ("p521", Algorithm::P521),
    ("ed25519", Algorithm::Ed25519),
    ("rsa2048", Algorithm::Rsa { bits: 2048 }),
    ("rsa8192", Algorithm::Rsa { bits: 8192 }),
];

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/fixtures").join(name)).unwrap()
}

fn signature(name: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(file(name)).unwrap()
}

fn password() -> Password {
    Password::new(PASSWORD)
}

#[tokio::test]
async fn every_kind_of_key_signs_and_checks_what_openssl_signed() {
    let message = file("message.txt");
    for (name, algorithm) in KINDS {
        let key = KeyPair::from_pem(file(&format!("{name}.pem")), None).expect(name);
        let verifier = VerifyingKey::from_pem(file(&format!("{name}.pub"))).expect(name);
        assert_eq!((key.algorithm(), verifier.algorithm()), (algorithm, algorithm));
        assert_eq!(key.public_key(), verifier.public_key(), "{name}");
        assert_eq!(key.public_key().to_pem(), file(&format!("{name}.pub")));

        let foreign = signature(&format!("{name}.sig"));
        assert!(verifier.verify(message.as_bytes(), &foreign).await.unwrap(), "{name}");
        assert!(!verifier.verify(b"another message", &foreign).await.unwrap(), "{name}");

        let own = key.sign(message.as_bytes()).await.unwrap();
        assert!(verifier.verify(message.as_bytes(), &own).await.unwrap(), "{name}");
        assert!(key.verify(message.as_bytes(), &own).await.unwrap(), "{name}");
        // RSA with PKCS#1 v1.5 and Ed25519 have one signature for each message.
        if matches!(algorithm, Algorithm::Rsa { .. } | Algorithm::Ed25519) {
            assert_eq!(own, foreign, "{name}");
        }
    }
}

#[tokio::test]
async fn what_both_cosigns_sign_is_checked_over_the_hash_that_each_takes() {
    let message = file("message.txt");
    let signatures = [
        ("cosign2-p256.pub", "cosign2-p256.sig"),
        ("cosign3-p256.pub", "cosign3-p256.sig"),
        ("p384.pub", "cosign2-p384.sig"),
        ("p384.pub", "cosign3-p384.sig"),
        ("p521.pub", "cosign2-p521.sig"),
        ("p521.pub", "cosign3-p521.sig"),
        ("rsa2048.pub", "cosign2-rsa2048.sig"),
        ("rsa2048.pub", "cosign3-rsa2048.sig"),
        ("ed25519.pub", "cosign3-ed25519.sig"),
    ];
    for (key, name) in signatures {
        let verifier = VerifyingKey::from_pem(file(key)).unwrap();
        assert!(verifier.verify(message.as_bytes(), &signature(name)).await.unwrap(), "{name}");
        assert!(!verifier.verify(&message.as_bytes()[1..], &signature(name)).await.unwrap(), "{name}");
    }
}

#[test]
fn a_key_is_the_same_however_it_is_written_down() {
    for (name, other) in [("p256", "p256.sec1"), ("p384", "p384.sec1"), ("rsa2048", "rsa2048.pkcs1")] {
        let key = KeyPair::from_pem(file(&format!("{name}.pem")), None).unwrap();
        let same = KeyPair::from_pem(file(&format!("{other}.pem")), None).unwrap();
        assert_eq!(key.public_key(), same.public_key(), "{name}");

        let exported = same.to_pkcs8_pem().unwrap();
        assert!(exported.starts_with("-----BEGIN PRIVATE KEY-----\n") && !exported.contains('\r'), "{name}");
        assert_eq!(KeyPair::from_pem(&*exported, None).unwrap().public_key(), key.public_key(), "{name}");
    }
}

#[test]
fn white_space_around_a_document_and_the_line_ends_of_windows_are_nothing() {
    let expected = VerifyingKey::from_pem(file("p256.pub")).unwrap();
    for change in [|pem: String| pem.replace('\n', "\r\n"), |pem: String| format!("\n  {pem}\n\n")] {
        let key = KeyPair::from_pem(change(file("p256.pem")), None).unwrap();
        assert_eq!(key.public_key(), expected.public_key());
        let verifier = VerifyingKey::from_pem(change(file("p256.pub"))).unwrap();
        assert_eq!(verifier.public_key(), expected.public_key());
    }
}

#[tokio::test]
async fn a_signature_that_is_none_is_wrong_and_no_error() {
    let message = file("message.txt");
    for (name, _) in KINDS {
        let verifier = VerifyingKey::from_pem(file(&format!("{name}.pub"))).unwrap();
        let good = signature(&format!("{name}.sig"));
        let long = [good.as_slice(), &[0]].concat();
        let zeros = vec![0; good.len()];
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        // ECDSA's (0, 0), which a careless check takes for every message.
        let null = [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00];
        let bad: [&[u8]; 8] = [&[], &[0], &null, &good[1..], &good[..good.len() - 1], &long, &zeros, &flipped];
        for signature in bad {
            assert!(!verifier.verify(message.as_bytes(), signature).await.unwrap(), "{name}: {signature:02x?}");
        }
    }
}

#[tokio::test]
async fn no_key_checks_what_another_signed() {
    let message = file("message.txt");
    for (name, _) in KINDS {
        let verifier = VerifyingKey::from_pem(file(&format!("{name}.pub"))).unwrap();
        for other in ["p256", "p384", "p521", "ed25519", "rsa2048", "rsa8192", "cosign2-p256", "cosign3-p256"] {
            let verdict = verifier.verify(message.as_bytes(), &signature(&format!("{other}.sig"))).await.unwrap();
            assert_eq!(verdict, name == other, "{name} of {other}");
        }
    }
}
