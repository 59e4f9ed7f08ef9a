//! Nothing that is secret is in any `Debug` or error.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockage_signing::Verifier as _;
use lockage_signing::key::{KeyPair, Password};

use super::{KINDS, PASSWORD, file};

/// How the bytes would look, in the ways in which bytes are printed.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let list = |width: &dyn Fn(&u8) -> String| bytes.iter().map(width).collect::<Vec<_>>();
    vec![
        list(&|byte| byte.to_string()).join(", "),
        list(&|byte| format!("{byte:02x}")).concat(),
        list(&|byte| format!("{byte:02X}")).concat(),
        BASE64_STANDARD.encode(bytes),
        String::from_utf8_lossy(bytes).into_owned(),
    ]
}

#[test]
fn no_debug_and_no_error_shows_a_key_or_a_password() {
    let password = Password::new(PASSWORD);
    let mut shown = vec![format!("{password:?} {:#?}", Some(&password))];
    for (name, _) in KINDS {
        let pem = file(&format!("{name}.pem"));
        let key = KeyPair::from_pem(&pem, None).unwrap();
        let text = format!("{key:?} {key:#?} {:?}", key.verifying_key());
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(base64).unwrap();
        // Any twelve bytes of the document betray it, but those that are its public half.
        let public = key.public_key().as_der();
        for part in der.chunks(12).filter(|part| part.len() == 12) {
            if public.windows(12).any(|window| window == part) {
                continue;
            }
            for spelling in spellings(part) {
                assert!(!text.contains(&spelling), "{name}: {text}");
            }
        }
        shown.push(text);
    }
    let errors = [
        KeyPair::from_pem(file("cosign2-p256.key"), Some(&Password::new("a wrong secret"))).unwrap_err(),
        KeyPair::from_pem(file("p256.pem"), Some(&Password::new("a wrong secret"))).unwrap_err(),
        // Somebody who mixes up the two: the password stands where the file should.
        KeyPair::from_pem("a wrong secret", Some(&password)).unwrap_err(),
        // A private key that is not in one piece.
        KeyPair::from_pem(file("p256.pem").replacen("MIG", "M*G", 1), None).unwrap_err(),
    ];
    shown.extend(errors.iter().map(|error| format!("{error:?} {error} {}", error.remedy())));
    for text in shown {
        for secret in [PASSWORD, "a wrong secret", "MIG", "M*G"] {
            assert!(spellings(secret.as_bytes()).iter().all(|spelling| !text.contains(spelling)), "{secret}: {text}");
        }
    }
}
