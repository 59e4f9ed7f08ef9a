//! What programs and people are told of an outcome.

use lockage_registry::ErrorKind;
use lockage_registry::testing::{Fault, Faulty};
use lockage_signing::Policy;
use lockage_signing::policy::TrustedKey;
use lockage_signing::verify::Outcome;
use serde_json::{Value, json};

use super::toy::{Toy, now};
use super::world::*;

fn to_json<V: serde::Serialize>(outcome: &Outcome<V>) -> Value {
    serde_json::to_value(outcome).unwrap()
}

#[tokio::test]
async fn outcomes_are_json_with_names_that_stay() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let policy = Policy::builder().trusted_key(TrustedKey::new(toy.clone()).named("release")).build().unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert_eq!(to_json(&outcome), json!({"verdict": "unsigned"}));

    let layer = signature(&toy, &world.payload().claim("env", "prod"));
    world.sig(std::slice::from_ref(&layer)).await;
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let tag = format!("sha256-{}.sig", world.digest.hex());
    let place = json!({"layout": "legacy", "tag": tag, "layer": layer.0.digest});
    let (key, _) = blob("", [0x30, 0x01, 0x01].to_vec());
    let verified = json!({
        "verdict": "verified",
        "digest": world.digest,
        "accepted": [{
            "signer": {"kind": "key", "id": "release", "fingerprint": key.digest.hex()},
            "place": place,
            "checks": ["digest", "key", "key-validity"],
            "claims": {"env": "prod"},
            "docker_reference": "registry.test/app",
            "times": [],
        }],
        "rejected": [],
        "undecided": [],
        "children": [],
    });
    assert_eq!(to_json(&outcome), verified);
    assert_eq!(outcome.to_string(), "verified");

    let policy = Policy::of_key(Toy::new(2)).unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Rejected(why) = &outcome else { panic!("{outcome:?}") };
    let line = format!("{tag} layer {}: no key of the policy has made it", layer.0.digest.short());
    assert_eq!(why[0].to_string(), line);
    let rejected = json!([{"place": place, "reasons": [{"reason": "unknown-key"}]}]);
    assert_eq!(to_json(&outcome), json!({"verdict": "rejected", "rejected": rejected}));

    let down = Faulty::new(world.registry.clone()).script(|_, _| Some(Fault::Before(ErrorKind::Unavailable)));
    let document = to_json(&policy.verify(&down, &world.repo, &world.digest, now()).await);
    assert_eq!((&document["verdict"], &document["rejected"]), (&json!("indeterminate"), &json!([])));
    let errors: Vec<_> = document["errors"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(errors.len(), 3);
    assert!(errors.iter().all(|error| error.contains("scripted to fail")), "{errors:?}");
}
