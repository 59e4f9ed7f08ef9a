//! Bundles with any byte wrong: they are refused, or say what they said before with no more to show for it.

use std::sync::OnceLock;

use lockage_signing::Policy;
use lockage_signing::trust::Artifact;
use lockage_signing::verify::Outcome;
use lockage_signing_mock::{Services, Sigstore};
use proptest::prelude::*;
use serde_json::Value;
use std::time::SystemTime;

use crate::made::{ARTIFACT, about, policy, seal};

/// A policy, and a good bundle with everything that a bundle can have.
fn good() -> &'static (Policy, String) {
    static GOOD: OnceLock<(Policy, String)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let sigstore = Sigstore::new();
        (policy(&sigstore), seal(&sigstore, Services::V1Timestamp).bundle(&about(ARTIFACT)).to_string())
    })
}

/// What is told of a bundle that counts.
fn told(policy: &Policy, bundle: &[u8]) -> Option<Value> {
    let judged = policy.verify_bundle(bundle, &Artifact::Bytes(ARTIFACT), SystemTime::now());
    match now(judged) {
        Outcome::Verified(blob) => Some(serde_json::to_value(&blob).unwrap()),
        Outcome::Rejected(_) => None,
        other => panic!("{other:?}"),
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn one_byte_makes_nothing_of_it_that_it_was_not(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (policy, bundle) = good();
        let expected = told(policy, bundle.as_bytes()).unwrap();
        let mut bytes = bundle.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let Some(mut found) = told(policy, &bytes) else { return Ok(()) };
        // A timestamp in a field of another name is none. It was not asked for, and is not claimed.
        for list in ["checks", "times"] {
            let had = expected["accepted"][list].as_array().unwrap();
            prop_assert!(found["accepted"][list].as_array().unwrap().iter().all(|one| had.contains(one)));
            found["accepted"][list] = expected["accepted"][list].clone();
        }
        prop_assert_eq!(&found, &expected, "byte {} as {}", at, byte);
    }

    #[test]
    fn a_cut_bundle_is_none(at in any::<prop::sample::Index>()) {
        let (policy, bundle) = good();
        prop_assert_eq!(told(policy, &bundle.as_bytes()[..at.index(bundle.len())]), None);
    }
}
