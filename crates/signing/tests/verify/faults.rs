//! Every request of a verification fails in every way: nothing is verified by accident, and nothing is taken for absent.

use lockage_registry::ErrorKind;
use lockage_registry::testing::{Fault, Faulty, Seeded};
use lockage_signing::Policy;
use lockage_signing::format::PredicateType;
use lockage_signing::verify::{Attestation, Outcome};

use super::toy::{Toy, now};
use super::world::*;

const FAULTS: [Fault; 11] = [
    Fault::Before(ErrorKind::Unauthorized),
    Fault::Before(ErrorKind::Denied),
    Fault::Before(ErrorKind::RateLimited),
    Fault::Before(ErrorKind::Unavailable),
    Fault::Before(ErrorKind::Timeout),
    Fault::Before(ErrorKind::Protocol),
    Fault::After(ErrorKind::Unreachable),
    Fault::Truncate(7),
    Fault::ShortEnd(7),
    Fault::Corrupt,
    Fault::OtherDigest,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Verified,
    Unsigned,
    Rejected,
    Indeterminate,
}

impl<V> From<&Outcome<V>> for Verdict {
    fn from(outcome: &Outcome<V>) -> Self {
        match outcome {
            Outcome::Verified(_) => Self::Verified,
            Outcome::Unsigned => Self::Unsigned,
            Outcome::Rejected(_) => Self::Rejected,
            Outcome::Indeterminate(_) => Self::Indeterminate,
        }
    }
}

/// What is attached, and what a registry without faults leads to.
async fn worlds(toy: &Toy) -> Vec<(World, Verdict)> {
    let stranger = Toy::new(9);
    let both = World::new().await;
    both.sign_both(toy).await;
    let legacy = World::new().await;
    legacy.sig(&[signature(toy, &legacy.payload())]).await;
    legacy.bundle(&bundle(&stranger, &statement(&legacy.digest, PredicateType::COSIGN_SIGN))).await;
    let attested = World::new().await;
    attested.bundle(&bundle(toy, &statement(&attested.digest, PROVENANCE))).await;
    attested.att(&[attestation(toy, &statement(&attested.digest, PROVENANCE))]).await;
    let strange = World::new().await;
    strange.sign_both(&stranger).await;
    vec![
        (both, Verdict::Verified),
        (legacy, Verdict::Verified),
        (attested, Verdict::Unsigned),
        (strange, Verdict::Rejected),
        (World::new().await, Verdict::Unsigned),
    ]
}

#[tokio::test]
async fn whatever_fails_the_outcome_is_the_right_one_or_none() {
    let toy = Toy::new(1);
    let policy = toy.policy();
    let (mut right, mut undecided) = (0, 0);
    for (world, calm) in worlds(&toy).await {
        let source = Faulty::new(world.registry.clone());
        let outcome = policy.verify(&source, &world.repo, &world.digest, now()).await;
        assert_eq!(Verdict::from(&outcome), calm);
        for nth in 0..source.calls() {
            for fault in FAULTS {
                let source = Faulty::new(world.registry.clone()).fail(nth, fault);
                let outcome = policy.verify(&source, &world.repo, &world.digest, now()).await;
                let verdict = Verdict::from(&outcome);
                assert!(verdict == calm || verdict == Verdict::Indeterminate, "{nth} {fault:?} {calm:?}: {outcome:?}");
                *(if verdict == calm { &mut right } else { &mut undecided }) += 1;
            }
        }
    }
    // Both happen: faults that matter, and faults beside a signature that suffices.
    assert!(right > 50 && undecided > 100, "{right} {undecided}");
}

#[tokio::test]
async fn whatever_fails_an_attestation_is_never_taken_for_absent() {
    let toy = Toy::new(1);
    let world = World::new().await;
    world.att(&[attestation(&toy, &statement(&world.digest, PROVENANCE))]).await;
    let provenance: PredicateType = PROVENANCE.parse().unwrap();
    let anything = |_: &Attestation| Ok(());
    let policy = toy.policy();
    let ask = async |source: &Faulty<_>| {
        policy.verify_attestation(source, &world.repo, &world.digest, &provenance, &anything, now()).await
    };
    let calm = Faulty::new(world.registry.clone());
    assert!(matches!(ask(&calm).await, Outcome::Verified(_)));
    for nth in 0..calm.calls() {
        for fault in FAULTS {
            let outcome = ask(&Faulty::new(world.registry.clone()).fail(nth, fault)).await;
            assert!(
                matches!(outcome, Outcome::Verified(_) | Outcome::Indeterminate(_)),
                "{nth} {fault:?}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn many_faults_at_once_verify_nothing_that_is_not_signed() {
    let toy = Toy::new(1);
    let policy = toy.policy();
    let worlds = worlds(&toy).await;
    for seed in 0..60 {
        for (world, calm) in &worlds {
            let source = Faulty::new(world.registry.clone()).script(Seeded::new(seed).one_in(3).rule());
            let outcome = policy.verify(&source, &world.repo, &world.digest, now()).await;
            let verdict = Verdict::from(&outcome);
            assert!(verdict == *calm || verdict == Verdict::Indeterminate, "{seed} {calm:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn one_listing_that_fails_does_not_hide_the_other() {
    let toy = Toy::new(1);
    let world = World::new().await;
    world.sig(&[signature(&toy, &world.payload())]).await;
    let source = Faulty::new(world.registry.clone()).script(|_, call| {
        (call.operation == lockage_registry::testing::Operation::Referrers)
            .then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.undecided.len(), 1);
    // Without a good signature, the same failure leaves it open.
    let policy = Policy::of_key(Toy::new(2)).unwrap();
    let outcome = policy.verify(&source, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Indeterminate(_)), "{outcome:?}");
}
