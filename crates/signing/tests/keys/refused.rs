//! What is no key that is used, and what its owner is told.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockage_signing::PublicKey;
use lockage_signing::key::{KeyError, KeyPair, VerifyingKey};

use super::file;

fn refused(name: &str) -> String {
    file(&format!("refused/{name}"))
}

/// The variant, and of those with a text, what the text has to say.
fn kind(error: &KeyError) -> (&'static str, String) {
    match error {
        KeyError::Label { found, .. } => ("label", found.clone()),
        KeyError::Unsupported { what } => ("unsupported", what.clone()),
        KeyError::Malformed { why, .. } => ("malformed", why.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn private_keys_of_other_kinds_are_refused_by_their_kind() {
    let cases = [
        ("rsa1024.pem", "unsupported", "an RSA key of 1024 bits"),
        ("secp256k1.pem", "unsupported", "secp256k1"),
        ("secp256k1.sec1.pem", "unsupported", "secp256k1"),
        ("explicit.sec1.pem", "malformed", "it does not name its curve"),
        ("rsapss.pem", "unsupported", "1.2.840.113549.1.1.10"),
        ("x25519.pem", "unsupported", "1.3.101.110"),
        ("ed448.pem", "unsupported", "1.3.101.113"),
        ("certificate.pem", "label", "CERTIFICATE"),
        ("pkcs8-encrypted.pem", "label", "ENCRYPTED PRIVATE KEY"),
        ("openssh.pem", "malformed", "no PEM document"),
        ("sec1-encrypted.pem", "malformed", "headers"),
    ];
    for (name, variant, text) in cases {
        let error = KeyPair::from_pem(refused(name), None).unwrap_err();
        let (found, said) = kind(&error);
        assert!(found == variant && said.contains(text), "{name}: {error:?}");
        assert!(!error.remedy().is_empty());
    }
    let error = KeyPair::from_pem(file("p256.pub"), None).unwrap_err();
    assert!(error.remedy().contains("public half"), "{error:?}");
}

#[test]
fn public_keys_of_other_kinds_are_refused_when_a_verifier_is_made_of_them() {
    let cases = [
        ("rsa1024.pub", "unsupported", "an RSA key of 1024 bits"),
        ("secp256k1.pub", "unsupported", "secp256k1"),
        ("explicit.pub", "malformed", "it does not name its curve"),
        ("compressed.pub", "malformed", "not the one encoding"),
        ("rsapss.pub", "unsupported", "1.2.840.113549.1.1.10"),
        ("x25519.pub", "unsupported", "1.3.101.110"),
        ("ed448.pub", "unsupported", "1.3.101.113"),
        ("certificate.pem", "label", "CERTIFICATE"),
        ("pkcs1.pub", "label", "RSA PUBLIC KEY"),
    ];
    for (name, variant, text) in cases {
        let error = VerifyingKey::from_pem(refused(name)).unwrap_err();
        let (found, said) = kind(&error);
        assert!(found == variant && said.contains(text), "{name}: {error:?}");
    }
}

#[test]
fn whoever_gives_a_private_key_or_a_certificate_for_a_public_key_is_told_what_to_give() {
    for name in ["p256.pem", "p256.sec1.pem", "rsa2048.pkcs1.pem", "cosign2-p256.key"] {
        let error = VerifyingKey::from_pem(file(name)).unwrap_err();
        assert!(matches!(error, KeyError::Label { .. }) && error.remedy().contains("-pubout"), "{name}: {error:?}");
    }
    let error = VerifyingKey::from_pem(refused("certificate.pem")).unwrap_err();
    assert!(error.remedy().contains("identity"), "{}", error.remedy());
}

#[test]
fn a_label_that_never_ends_does_not_fill_the_error() {
    let label = "A".repeat(10_000);
    let pem = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    for error in [KeyPair::from_pem(&pem, None).unwrap_err(), VerifyingKey::from_pem(&pem).unwrap_err()] {
        assert!(matches!(error, KeyError::Label { .. }) && error.to_string().len() < 200, "{error:?}");
    }
}

/// The DER of a fixture.
fn der(pem: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

#[test]
fn a_public_key_that_is_damaged_is_refused_when_a_verifier_is_made_of_it() {
    let p256 = der(&file("p256.pub"));
    let mut off_curve = p256.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    // The length of the bit string, and what it is in, one less.
    let mut short = p256[..p256.len() - 1].to_vec();
    short[1] -= 1;
    short[24] -= 1;
    let mut unused_bits = p256.clone();
    unused_bits[25] = 3;
    let mut infinity = p256[..27].to_vec();
    (infinity[1], infinity[24], infinity[26]) = (25, 2, 0);
    // The same key on paper, with a length that takes more bytes than it has to.
    let mut long_form = vec![0x30, 0x81];
    long_form.extend_from_slice(&p256[1..]);
    let rsa = der(&file("rsa2048.pub"));
    let mut even = rsa.clone();
    let at = even.len() - 6;
    even[at] &= 0xfe;

    let empty = vec![0x30, 0x00];
    for (case, der) in [
        ("off its curve", off_curve),
        ("a coordinate short", short),
        ("unused bits", unused_bits),
        ("the point at infinity", infinity),
        ("a length in two bytes", long_form),
        ("an even modulus", even),
        ("an empty sequence", empty),
    ] {
        // Either the type or the verifier: what matters is that nothing is left to fail later.
        if let Ok(public) = PublicKey::from_der(der) {
            let error = VerifyingKey::new(public).unwrap_err();
            assert!(matches!(error, KeyError::Malformed { what: "public key", .. }), "{case}: {error:?}");
        }
    }
}

#[test]
fn a_private_key_whose_public_half_is_another_ones_is_refused() {
    // The public point is the last field of OpenSSL's documents; the other key of the same size gives its own.
    let (mine, other) = (der(&file("p256.pem")), der(&file("cosign2-p256.pub")));
    let mut mixed = mine[..mine.len() - 64].to_vec();
    mixed.extend_from_slice(&other[other.len() - 64..]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", {
        let base64 = BASE64_STANDARD.encode(mixed);
        let lines: Vec<_> =
            base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        lines.join("\n")
    });
    let error = KeyPair::from_pem(pem, None).unwrap_err();
    assert!(matches!(error, KeyError::Malformed { .. }), "{error:?}");
}
