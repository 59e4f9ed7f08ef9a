//! Other people's verdicts on the same bytes: the `sigstore` crate's own verification, and every key on itself.

use std::sync::LazyLock;

use lockage_signing::key::{KeyPair, VerifyingKey};
use lockage_signing::{Signer as _, Verifier as _};
use proptest::prelude::*;
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};

use super::{KINDS, file};

static KEYS: LazyLock<Vec<(KeyPair, CosignVerificationKey)>> = LazyLock::new(|| {
    let with_oracle = |key: KeyPair| {
        let oracle = CosignVerificationKey::try_from_der(key.public_key().as_der()).unwrap();
        (key, oracle)
    };
    let fixtures = KINDS.iter().map(|(name, _)| KeyPair::from_pem(file(&format!("{name}.pem")), None).unwrap());
    fixtures.chain([(); 2].map(|()| KeyPair::generate().unwrap())).map(with_oracle).collect()
});

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn two_libraries_agree_on_what_we_sign_and_on_what_was_changed_since(
        signer in 0..8_usize,
        verifier in 0..8_usize,
        message in proptest::collection::vec(any::<u8>(), 0..200),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1..=255_u8)),
        of_message in any::<bool>(),
    ) {
        let (key, _) = &KEYS[signer];
        let (own, oracle) = &KEYS[verifier];
        let mut signature = run(key.sign(&message)).unwrap();
        let mut said = message;
        if let Some((at, flip)) = damage {
            let bytes = if of_message { &mut said } else { &mut signature };
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
        }
        let theirs = oracle.verify_signature(Signature::Raw(&signature), &said).is_ok();
        prop_assert_eq!(run(own.verify(&said, &signature)).unwrap(), theirs);
        if damage.is_none() {
            prop_assert_eq!(theirs, signer == verifier);
        }
    }

    /// A damaged document is refused, or holds a key that is sound: then it signs what it checks.
    #[test]
    fn a_damaged_private_key_never_panics_and_never_signs_what_it_does_not_check(
        kind in 0..5_usize,
        at in any::<prop::sample::Index>(),
        byte in 43_u8..123,
    ) {
        let mut pem = file(&format!("{}.pem", KINDS[kind].0)).into_bytes();
        let at = at.index(pem.len());
        pem[at] = byte;
        if let Ok(key) = KeyPair::from_pem(&pem, None) {
            let signature = run(key.sign(b"message")).unwrap();
            prop_assert!(run(key.verify(b"message", &signature)).unwrap());
        }
    }

    #[test]
    fn a_damaged_public_key_never_panics(
        kind in 0..KINDS.len(),
        at in any::<prop::sample::Index>(),
        byte in 43_u8..123,
    ) {
        let mut pem = file(&format!("{}.pub", KINDS[kind].0)).into_bytes();
        let signature = super::signature(&format!("{}.sig", KINDS[kind].0));
        let at = at.index(pem.len());
        let unchanged = pem[at] == byte;
        pem[at] = byte;
        if let Ok(key) = VerifyingKey::from_pem(&pem) {
            let verdict = run(key.verify(file("message.txt").as_bytes(), &signature)).unwrap();
            let same = key.public_key().to_pem() == file(&format!("{}.pub", KINDS[kind].0));
            prop_assert_eq!(verdict, same, "unchanged: {}", unchanged);
        }
    }
}

#[test]
fn what_the_library_signs_by_itself_is_checked() {
    let schemes = [
        SigningScheme::ECDSA_P256_SHA256_ASN1,
        SigningScheme::ECDSA_P384_SHA384_ASN1,
        SigningScheme::ECDSA_P521_SHA512_ASN1,
        SigningScheme::ED25519,
        SigningScheme::RSA_PKCS1_SHA256(2048),
    ];
    for scheme in schemes {
        let signer = scheme.create_signer().unwrap();
        let public = signer.to_sigstore_keypair().unwrap().public_key_to_pem().unwrap();
        let verifier = VerifyingKey::from_pem(public).unwrap();
        let signature = signer.sign(b"message").unwrap();
        assert!(run(verifier.verify(b"message", &signature)).unwrap(), "{scheme}");
        assert!(!run(verifier.verify(b"massage", &signature)).unwrap(), "{scheme}");
    }
}
