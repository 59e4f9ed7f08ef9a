//! Random signatures against random policies: no mix of them fulfils what none does.

use std::collections::HashSet;

use lockage_registry::testing::fixtures;
use lockage_signing::Policy;
use lockage_signing::format::{PredicateType, SimpleSigning, names};
use lockage_signing::verify::Outcome;
use proptest::prelude::*;
use serde_json::json;

use super::toy::{Toy, now};
use super::world::*;

/// A signature, and everything about it that may be wrong.
#[derive(Clone, Debug)]
struct Made {
    by: u8,
    bundle: bool,
    right_image: bool,
    right_type: bool,
    env: Option<bool>,
    tier: Option<bool>,
    /// The signature is over something else.
    torn: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let mostly = || prop::bool::weighted(0.8);
    (
        0..5_u8,
        any::<bool>(),
        mostly(),
        mostly(),
        prop::option::of(mostly()),
        prop::option::of(mostly()),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(by, bundle, right_image, right_type, env, tier, torn)| Made {
            by,
            bundle,
            right_image,
            right_type,
            env,
            tier,
            torn,
        })
}

impl Made {
    /// By itself, and for these claims.
    fn counts(&self, keys: &HashSet<u8>, env: bool, tier: bool) -> bool {
        keys.contains(&self.by)
            && self.right_image
            && self.right_type
            && !self.torn
            && (!env || self.env == Some(true))
            && (!tier || self.tier == Some(true))
    }

    fn claims(&self) -> impl Iterator<Item = (String, serde_json::Value)> {
        let value = |right: bool| json!(if right { "right" } else { "wrong" });
        [("env", self.env), ("tier", self.tier)]
            .into_iter()
            .filter_map(move |(name, said)| Some((name.to_owned(), value(said?))))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_mix_of_signatures_meets_what_too_few_meet(
        all in prop::collection::vec(made(), 0..7),
        keys in prop::collection::hash_set(0..4_u8, 1..4),
        asked in 1..4_usize,
        env: bool,
        tier: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let asked = asked.min(keys.len());
        let (outcome, any_candidate) = runtime.block_on(async {
            let world = World::new().await;
            let other = fixtures::image(2).root().digest().clone();
            let mut layers = Vec::new();
            let mut any_candidate = false;
            for one in &all {
                let toy = Toy::new(one.by);
                let image = if one.right_image { &world.digest } else { &other };
                if one.bundle {
                    let kind = if one.right_type { PredicateType::COSIGN_SIGN } else { PROVENANCE };
                    let mut said = with_claims(statement(image, kind), &one.claims().collect());
                    let mut envelope = envelope(&toy, names::IN_TOTO, said.to_string().as_bytes());
                    if one.torn {
                        said["predicate"] = json!({"torn": true});
                        envelope["payload"] = json!(encode(said.to_string()));
                    }
                    world.bundle(&bundle_of(envelope, "")).await;
                    any_candidate |= one.right_type;
                } else {
                    let mut payload = SimpleSigning::new("registry.test/app", image.clone());
                    payload.claims.extend(one.claims());
                    let mut bytes = payload.to_bytes().unwrap();
                    if !one.right_type {
                        bytes = String::from_utf8(bytes).unwrap().replace("cosign container", "other").into_bytes();
                    }
                    let signed = if one.torn { b"something else".to_vec() } else { bytes.clone() };
                    let layer = blob(names::SIMPLE_SIGNING, bytes);
                    layers.push(annotated(layer, names::SIGNATURE, encode(toy.sign(&signed))));
                    any_candidate = true;
                }
            }
            if !layers.is_empty() {
                world.sig(&layers).await;
            }
            let mut policy = Policy::builder().threshold(asked);
            for key in &keys {
                policy = policy.key(Toy::new(*key));
            }
            if env {
                policy = policy.claim("env", "right");
            }
            if tier {
                policy = policy.claim("tier", "right");
            }
            let policy = policy.build().unwrap();
            (policy.verify(&world.registry, &world.repo, &world.digest, now()).await, any_candidate)
        });
        let signers: HashSet<_> = all.iter().filter(|one| one.counts(&keys, env, tier)).map(|one| one.by).collect();
        match outcome {
            Outcome::Verified(verified) => {
                prop_assert!(signers.len() >= asked);
                prop_assert!(verified.accepted.len() >= signers.len());
            }
            Outcome::Rejected(_) => prop_assert!(signers.len() < asked && any_candidate),
            Outcome::Unsigned => prop_assert!(!any_candidate),
            Outcome::Indeterminate(undecided) => prop_assert!(false, "{undecided:?}"),
        }
    }
}
