//! Indexes: with their children where a policy asks for them, and never with one that is not in them.

use lockage_registry::testing::fixtures;
use lockage_registry::{Descriptor, DigestTagKind, Platform};
use lockage_signing::Policy;
use lockage_signing::format::SimpleSigning;
use lockage_signing::policy::Limits;
use lockage_signing::verify::{Outcome, Place, Reason};

use super::toy::{Toy, now};
use super::world::*;

async fn nested() -> World {
    World::of(fixtures::nested_index(1, &[Platform::new("linux", "amd64"), Platform::new("linux", "arm64")])).await
}

/// Signs these manifests in the old layout.
async fn sign(world: &World, toy: &Toy, manifests: impl IntoIterator<Item = &Descriptor>) {
    for manifest in manifests {
        let payload = SimpleSigning::new("registry.test/app", manifest.digest.clone());
        let layer = signature(toy, &payload);
        put_tag(&world.registry, &world.repo, &manifest.digest, DigestTagKind::Signature, &[layer]).await;
    }
}

fn recursive(toy: &Toy) -> Policy {
    Policy::builder().key(toy.clone()).recursive().build().unwrap()
}

#[tokio::test]
async fn every_child_has_to_be_signed_itself() {
    let (world, toy) = (nested().await, Toy::new(1));
    let all: Vec<_> = world.image.manifests.iter().map(|raw| raw.descriptor().clone()).collect();
    assert_eq!(all.len(), 5);
    sign(&world, &toy, all.iter()).await;
    let outcome = recursive(&toy).verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    let below = verified.children.iter().flat_map(|child| &child.children);
    let mut found: Vec<_> = verified.children.iter().chain(below).map(|child| child.digest.clone()).collect();
    found.push(verified.digest.clone());
    found.sort();
    let mut expected: Vec<_> = all.iter().map(|one| one.digest.clone()).collect();
    expected.sort();
    assert_eq!(found, expected);

    for missing in &all {
        let world = nested().await;
        sign(&world, &toy, all.iter().filter(|one| *one != missing)).await;
        let outcome = recursive(&toy).verify(&world.registry, &world.repo, &world.digest, now()).await;
        if missing.digest == world.digest {
            assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
        } else {
            let Outcome::Rejected(rejected) = outcome else { panic!("{outcome:?}") };
            let child = Place::Manifest { digest: missing.digest.clone() };
            assert!(rejected.iter().any(|one| one.place == child && one.reasons == [Reason::Unsigned]));
            // By itself the index is.
            let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
            assert!(matches!(outcome, Outcome::Verified(verified) if verified.children.is_empty()));
        }
    }
}

#[tokio::test]
async fn a_child_by_somebody_else_is_refused_and_its_reasons_are_told() {
    let (world, toy, stranger) = (nested().await, Toy::new(1), Toy::new(2));
    let all: Vec<_> = world.image.manifests.iter().map(|raw| raw.descriptor().clone()).collect();
    sign(&world, &toy, all.iter()).await;
    sign(&world, &stranger, all.iter().take(1)).await;
    let outcome = recursive(&toy).verify(&world.registry, &world.repo, &world.digest, now()).await;
    let Outcome::Rejected(rejected) = outcome else { panic!("{outcome:?}") };
    let reasons: Vec<_> = rejected.iter().flat_map(|one| &one.reasons).collect();
    assert!(reasons.contains(&&Reason::Child) && reasons.contains(&&Reason::UnknownKey), "{reasons:?}");
}

#[tokio::test]
async fn more_children_than_the_limit_are_not_looked_at() {
    let (world, toy) = (nested().await, Toy::new(1));
    let all: Vec<_> = world.image.manifests.iter().map(|raw| raw.descriptor().clone()).collect();
    sign(&world, &toy, all.iter()).await;
    let mut limits = Limits::default();
    for (children, decided) in [(3, false), (4, true)] {
        limits.children = children;
        let policy = Policy::builder().key(toy.clone()).recursive().limits(limits).build().unwrap();
        let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
        assert_eq!(matches!(outcome, Outcome::Verified(_)), decided, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Indeterminate(_)), !decided);
    }
}
