//! cosign's encrypted private keys: the right password, the wrong one, and documents that are meant to harm.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockage_signing::Verifier as _;
use lockage_signing::key::{KeyError, KeyPair, Password, VerifyingKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{file, password};

const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";

/// The PEM document of these bytes.
fn pem(label: &str, content: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(content);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What is in the PEM document.
fn json_of(pem: &str) -> Value {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    serde_json::from_slice(&BASE64_STANDARD.decode(base64).unwrap()).unwrap()
}

#[test]
fn keys_of_both_cosigns_open_with_their_password() {
    let keys = [
        ("cosign2-p256.key", "cosign2-p256.pub"),
        ("cosign3-p256.key", "cosign3-p256.pub"),
        ("cosign3-p384.key", "p384.pub"),
        ("cosign3-ed25519.key", "ed25519.pub"),
        ("cosign3-rsa2048.key", "rsa2048.pub"),
    ];
    for (private, public) in keys {
        let key = KeyPair::from_pem(file(private), Some(&password())).expect(private);
        assert_eq!(key.public_key().to_pem(), file(public), "{private}");
    }
    let key = KeyPair::from_pem(file("cosign2-empty.key"), Some(&Password::new(""))).unwrap();
    assert_eq!(key.public_key().to_pem(), file("cosign2-empty.pub"));
}

#[test]
fn the_label_of_old_cosigns_is_read_too() {
    let old = file("cosign2-p256.key").replace(LABEL, "ENCRYPTED COSIGN PRIVATE KEY");
    assert!(KeyPair::is_encrypted(&old).unwrap());
    let key = KeyPair::from_pem(old, Some(&password())).unwrap();
    assert_eq!(key.public_key().to_pem(), file("cosign2-p256.pub"));
}

#[test]
fn a_wrong_password_is_told_as_what_it_is() {
    let rsa = KeyPair::from_pem(file("cosign3-rsa2048.key"), Some(&Password::new("wrong")));
    assert_eq!(rsa.unwrap_err(), KeyError::WrongPassword);
    // A line end counts, as it does for cosign.
    let line = KeyPair::from_pem(file("cosign2-p256.key"), Some(&Password::new("correct horse\n")));
    assert_eq!(line.unwrap_err(), KeyError::WrongPassword);
    let empty = KeyPair::from_pem(file("cosign2-p256.key"), Some(&Password::new("")));
    assert_eq!(empty.unwrap_err(), KeyError::WrongPassword);
}

#[test]
fn a_document_and_its_reader_agree_on_whether_there_is_a_password() {
    assert!(KeyPair::is_encrypted(file("cosign2-p256.key")).unwrap());
    assert_eq!(KeyPair::from_pem(file("cosign2-p256.key"), None).unwrap_err(), KeyError::PasswordRequired);
    for plain in ["p256.pem", "p256.sec1.pem", "ed25519.pem", "rsa2048.pem", "rsa2048.pkcs1.pem"] {
        assert!(!KeyPair::is_encrypted(file(plain)).unwrap(), "{plain}");
        // Nor is an empty password no password.
        for given in [password(), Password::new("")] {
            assert_eq!(KeyPair::from_pem(file(plain), Some(&given)).unwrap_err(), KeyError::NotEncrypted, "{plain}");
        }
    }
}

#[test]
fn parameters_that_burn_memory_or_time_or_make_the_library_panic_are_refused_before_anything_is_computed() {
    let document = json_of(&file("cosign2-p256.key"));
    let bytes = |length: usize| json!(BASE64_STANDARD.encode(vec![7; length]));
    let cases: Vec<(&str, &str, Value)> = vec![
        ("kdf.name", "/kdf/name", json!("pbkdf2")),
        ("kdf.name", "/kdf/name", json!("")),
        ("kdf.params.N", "/kdf/params/N", json!(1_u64 << 30)),
        ("kdf.params.N", "/kdf/params/N", json!(1_u64 << 40)),
        ("kdf.params.N", "/kdf/params/N", json!(65_537)),
        ("kdf.params.N", "/kdf/params/N", json!(16_384)),
        ("kdf.params.N", "/kdf/params/N", json!(1)),
        ("kdf.params.N", "/kdf/params/N", json!(0)),
        ("kdf.params.r", "/kdf/params/r", json!(1 << 20)),
        ("kdf.params.r", "/kdf/params/r", json!(0)),
        ("kdf.params.p", "/kdf/params/p", json!(1 << 20)),
        ("kdf.params.p", "/kdf/params/p", json!(0)),
        ("kdf.salt", "/kdf/salt", json!("")),
        ("kdf.salt", "/kdf/salt", bytes(31)),
        ("kdf.salt", "/kdf/salt", bytes(33)),
        ("cipher.name", "/cipher/name", json!("aes")),
        ("cipher.nonce", "/cipher/nonce", json!("")),
        ("cipher.nonce", "/cipher/nonce", bytes(23)),
        ("cipher.nonce", "/cipher/nonce", bytes(25)),
        ("ciphertext", "/ciphertext", json!("")),
        ("ciphertext", "/ciphertext", bytes(16)),
        ("ciphertext", "/ciphertext", bytes(16 * 1024 + 1)),
    ];
    for (named, path, value) in cases {
        let mut changed = document.clone();
        *changed.pointer_mut(path).unwrap() = value.clone();
        let pem = pem(LABEL, &serde_json::to_vec(&changed).unwrap());
        let error = KeyPair::from_pem(&pem, Some(&password())).unwrap_err();
        assert!(
            matches!(&error, KeyError::Parameter { parameter, .. } if *parameter == named),
            "{path} = {value}: {error:?}"
        );
        assert!(error.to_string().len() < 200, "{error}");
    }
}

#[test]
fn a_document_that_is_damaged_is_told_as_what_it_is() {
    let whole = file("cosign2-p256.key");
    let document = serde_json::to_string(&json_of(&whole)).unwrap();
    let text = |json: &str| pem(LABEL, json.as_bytes());
    let mut no_salt = json_of(&whole);
    no_salt["kdf"].as_object_mut().unwrap().remove("salt");
    let cases = [
        ("nothing", String::new()),
        ("no PEM", "correct horse".to_owned()),
        ("cut", whole[..whole.len() / 2].to_owned()),
        ("cut before the last line", whole[..whole.rfind("-----END").unwrap()].to_owned()),
        ("no base64", whole.replacen("eyJ", "e*J", 1)),
        ("something after it", format!("{whole}x")),
        ("twice", format!("{whole}{whole}")),
        ("two labels", whole.replacen(LABEL, "ENCRYPTED COSIGN PRIVATE KEY", 1)),
        ("headers", whole.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1)),
        ("empty", text("")),
        ("no JSON", text("{")),
        ("a list", text("[]")),
        ("something after the JSON", text(&format!("{document} {{}}"))),
        ("N twice", text(&document.replacen("\"N\":65536", "\"N\":65536,\"N\":65536", 1))),
        ("N below zero", text(&document.replacen("65536", "-65536", 1))),
        ("N with a fraction", text(&document.replacen("65536", "65536.0", 1))),
        ("N as text", text(&document.replacen("65536", "\"65536\"", 1))),
        ("no salt", text(&no_salt.to_string())),
        ("salt that is no base64", text(&document.replacen("\"salt\":\"", "\"salt\":\"*", 1))),
    ];
    for (case, pem) in cases {
        let error = KeyPair::from_pem(&pem, Some(&password())).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{case}: {error:?}");
        assert!(!error.to_string().contains(['\n', '\r']), "{case}: {error}");
    }
    // The largest that a reader of files may be handed: no more than the limit is looked at.
    let huge = format!("{whole}{}", " ".repeat(10 << 20));
    for read in [KeyPair::from_pem(&huge, Some(&password())).map(drop), KeyPair::is_encrypted(&huge).map(drop)] {
        assert!(matches!(read.unwrap_err(), KeyError::TooLarge { limit: 32_768, .. }));
    }
}

#[test]
fn what_stands_in_a_document_beside_its_fields_changes_nothing() {
    let mut document = json_of(&file("cosign3-p256.key"));
    document["comment"] = json!({ "N": 1 });
    document["kdf"]["params"]["q"] = json!(3);
    let key = KeyPair::from_pem(pem(LABEL, document.to_string().as_bytes()), Some(&password())).unwrap();
    assert_eq!(key.public_key().to_pem(), file("cosign3-p256.pub"));
}

#[test]
fn what_opens_and_is_no_key_is_told_as_what_it_is() {
    // A key of cosign's that holds something else than PKCS#8.
    let sealed = sigstore::crypto::signing_key::kdf::encrypt(b"no key", b"correct horse").unwrap();
    let error = KeyPair::from_pem(pem(LABEL, &sealed), Some(&password())).unwrap_err();
    assert!(matches!(error, KeyError::Malformed { what: "private key", .. }), "{error:?}");
}

#[test]
fn an_exported_key_is_one_that_cosign_reads_and_comes_back_the_same() {
    for name in ["p256.pem", "rsa8192.pem"] {
        let key = KeyPair::from_pem(file(name), None).unwrap();
        let pem = key.to_encrypted_pem(&password()).unwrap();
        assert!(pem.starts_with(&format!("-----BEGIN {LABEL}-----\n")) && pem.ends_with("-----\n"), "{pem}");
        assert!(!pem.contains('\r') && pem.lines().all(|line| line.len() <= 64), "{pem}");
        let document = json_of(&pem);
        assert_eq!(document["kdf"]["params"], json!({ "N": 32_768, "r": 8, "p": 1 }));
        assert_eq!(document["cipher"]["name"], "nacl/secretbox");

        let back = KeyPair::from_pem(&pem, Some(&password())).unwrap();
        assert_eq!(back.to_pkcs8_pem().unwrap(), key.to_pkcs8_pem().unwrap(), "{name}");
    }
}

#[test]
fn no_two_exports_share_a_salt_or_a_nonce() {
    let key = KeyPair::generate().unwrap();
    let [one, other] = [(); 2].map(|()| json_of(&key.to_encrypted_pem(&Password::new("")).unwrap()));
    for path in ["/kdf/salt", "/cipher/nonce", "/ciphertext"] {
        assert_ne!(one.pointer(path).unwrap(), other.pointer(path).unwrap(), "{path}");
    }
}

/// A document with some of its bytes replaced, left out or doubled.
fn damaged(whole: String) -> impl Strategy<Value = Vec<u8>> {
    let length = whole.len();
    let change =
        (0..length, prop_oneof![Just(None), any::<u8>().prop_map(Some), (43_u8..123).prop_map(Some)], any::<bool>());
    proptest::collection::vec(change, 1..4).prop_map(move |changes| {
        let mut bytes = whole.clone().into_bytes();
        for (at, byte, insert) in changes {
            match byte {
                Some(byte) if insert => bytes.insert(at.min(bytes.len()), byte),
                Some(byte) => bytes[at.min(length - 4)] = byte,
                None => drop(bytes.remove(at.min(bytes.len() - 1))),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// All that comes before the password.
    #[test]
    fn no_damage_makes_a_document_panic_or_open_without_a_password(pem in damaged(file("cosign2-p256.key"))) {
        let error = KeyPair::from_pem(pem, None).unwrap_err();
        prop_assert!(!matches!(error, KeyError::WrongPassword | KeyError::Failed { .. }), "{error:?}");
    }

    #[test]
    fn no_bytes_at_all_make_a_reader_panic(pem in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(KeyPair::from_pem(&pem, Some(&password())).is_err());
        prop_assert!(VerifyingKey::from_pem(&pem).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 8, ..ProptestConfig::default() })]

    /// With the password, which is why they are few: where the damage reaches the ciphertext, scrypt runs.
    #[test]
    fn no_damage_makes_a_document_another_key(pem in damaged(file("cosign2-p256.key"))) {
        if let Ok(key) = KeyPair::from_pem(pem, Some(&password())) {
            prop_assert_eq!(key.public_key().to_pem(), file("cosign2-p256.pub"));
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 4, ..ProptestConfig::default() })]

    #[test]
    fn any_key_comes_back_under_any_password(secret in proptest::collection::vec(any::<u8>(), 0..40)) {
        let (key, password) = (KeyPair::generate().unwrap(), Password::new(secret));
        let pem = key.to_encrypted_pem(&password).unwrap();
        let back = KeyPair::from_pem(&pem, Some(&password)).unwrap();
        prop_assert_eq!(back.public_key(), key.public_key());
        prop_assert_eq!(back.to_pkcs8_pem().unwrap(), key.to_pkcs8_pem().unwrap());
    }
}
