//! A public key in PEM: what is read is written again, and read as the same, and is one DER sequence.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_signing::PublicKey;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = PublicKey::from_der(bytes) {
        assert_eq!(key.as_der(), bytes);
        assert_eq!(bytes.first(), Some(&0x30));
        assert_eq!(PublicKey::from_pem(&key.to_pem()).expect("what we write"), key);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(key) = PublicKey::from_pem(text) else { return };
    assert_eq!(text.matches("-----BEGIN PUBLIC KEY-----").count(), 1);
    assert_eq!(PublicKey::from_pem(&key.to_pem()).expect("what we write"), key);
});

// What it begins with, a line each (the escapes are those of printf).
//~ -----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdJZo1N86PZarUzdCP1UJ1I4pYYoK\nzVJ8oRetu/JvnOcKDtMcpeo8O8hRyTFoGzVVSyMuoR8TRg5VxEnGxsqyTA==\n-----END PUBLIC KEY-----\n
//~ \060\003\002\001\001
