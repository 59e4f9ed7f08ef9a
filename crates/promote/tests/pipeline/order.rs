//! The order of writes, where it goes on or back: whatever request fails, no floating tag precedes its evidence and its intent.
//! Of promotions and sets that is proved beside them (`passages`, `sets`).

use std::time::{Duration, SystemTime};

use lockage_promote::ledger::Kind;
use lockage_promote::pipeline::evidence::{self, Evident};
use lockage_promote::pipeline::{PromoteError, Promoter, RollbackReceipt, RollbackTo};
use lockage_registry::testing::fixtures::Image;
use lockage_registry::testing::{Fault, Faulty, Operation};
use lockage_registry::{Digest, ErrorKind, Memory};

use crate::notary::Notary;
use crate::proofs::signing;
use crate::world::{COMMIT, OTHER, World, built, digest, name, now, pass};

const FAULTS: [Fault; 2] = [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)];

fn later(minutes: u64) -> SystemTime {
    now() + Duration::from_secs(60 * minutes)
}

fn images() -> (Image, Image) {
    (built(OTHER, 2), built(COMMIT, 1))
}

/// Signs, and reaches stage through this.
fn through(world: &World, stage: Faulty<Memory>) -> Promoter {
    Promoter::new(World::graph().build().unwrap(), "tester")
        .reads("dev", world.dev.clone())
        .writes("stage", stage)
        .registry(world.prod.clone())
        .ledger(world.ledger.clone())
        .signing(signing())
}

fn calm(world: &World) -> Promoter {
    through(world, Faulty::new(world.stage.clone()))
}

/// Whether the image and each of its platforms have the evidence of having been let into stage.
async fn is_evident(world: &World, image: &Image) -> bool {
    let (stage, notary) = ("stage.example/app".parse().unwrap(), Notary::of(&["pipeline"]));
    for part in [image.root(), &image.manifests[0], &image.manifests[2]] {
        let found = evidence::promoted_to(&world.stage, &stage, part.digest(), &name("stage"), &notary, later(9)).await;
        if !matches!(found.unwrap(), Evident::Promoted(_)) {
            return false;
        }
    }
    true
}

async fn begun(world: &World) -> Option<Digest> {
    let told = world.chronicle().await;
    told.begun(&name("app"), &name("stage")).map(|recorded| recorded.entry.digest.clone())
}

async fn current(world: &World) -> Digest {
    world.chronicle().await.current(&name("app"), &name("stage")).unwrap().entry.digest.clone()
}

async fn promoted() -> World {
    let world = World::new();
    let (first, second) = images();
    world.push(&first, &["pr-41"]).await;
    world.push(&second, &["pr-42"]).await;
    pass(&calm(&world), "pr:41", "dev-stage").await.unwrap();
    world
}

/// Its evidence and its intent are there, and its float has not moved.
async fn killed() -> World {
    let world = promoted().await;
    let stage = Faulty::new(world.stage.clone()).script(|_, call| {
        (call.operation == Operation::PutManifest && call.what == "stage")
            .then_some(Fault::Before(ErrorKind::Unreachable))
    });
    pass(&through(&world, stage), "pr:42", "dev-stage").await.unwrap_err();
    world
}

async fn heal(promoter: &Promoter) {
    let stage = name("stage");
    let Ok(drift) = promoter.drift(&stage, None, later(5)).await else { return };
    drop(promoter.heal(&drift, later(5)).await);
}

#[tokio::test]
async fn killed_at_every_request_healing_moves_no_float_before_its_evidence_and_its_intent() {
    let (first, second) = images();
    let (first, second_image) = (digest(&first), second);
    let second = digest(&second_image);
    let world = killed().await;
    assert_eq!((world.held("stage", "stage").await, begun(&world).await), (Some(first.clone()), Some(second.clone())));
    let counted = Faulty::new(world.stage.clone());
    heal(&through(&world, counted.clone())).await;
    assert_eq!(world.held("stage", "stage").await, Some(second.clone()));
    assert!(counted.calls() > 5, "{}", counted.calls());
    let mut moved = 0;
    for fault in FAULTS {
        for nth in 0..counted.calls() {
            let world = killed().await;
            heal(&through(&world, Faulty::new(world.stage.clone()).fail(nth, fault))).await;
            let held = world.held("stage", "stage").await.unwrap();
            let is_intended = begun(&world).await == Some(second.clone()) || current(&world).await == second;
            let is_right = held == first || (is_intended && is_evident(&world, &second_image).await);
            assert!(is_right, "{nth} {fault:?}: a float before its evidence or its intent");
            assert!(held == second || current(&world).await == first, "{nth} {fault:?}: done before it was");
            moved += usize::from(held == second);
            heal(&calm(&world)).await;
            assert_eq!(
                (world.held("stage", "stage").await, begun(&world).await),
                (Some(second.clone()), None),
                "{nth}"
            );
            assert_eq!(current(&world).await, second, "{nth}");
        }
    }
    assert!(moved > 0, "some failed behind the float");
}

async fn back(promoter: &Promoter) -> Result<RollbackReceipt, PromoteError> {
    let (app, stage) = (name("app"), name("stage"));
    let plan = promoter.plan_rollback(&app, &stage, &RollbackTo::Previous, "latency", later(5)).await?;
    let cleared = promoter.clear_rollback(plan, later(5)).await?;
    promoter.apply_rollback(cleared, later(5)).await
}

#[tokio::test]
async fn killed_at_every_request_a_rollback_moves_no_float_before_its_evidence_and_its_intent() {
    let (good_image, bad) = images();
    let (good, bad) = (digest(&good_image), digest(&bad));
    let prepared = || async {
        let world = promoted().await;
        pass(&calm(&world), "pr:42", "dev-stage").await.unwrap();
        world
    };
    let world = prepared().await;
    let counted = Faulty::new(world.stage.clone());
    back(&through(&world, counted.clone())).await.unwrap();
    for fault in FAULTS {
        for nth in 0..counted.calls() {
            let world = prepared().await;
            let outcome = back(&through(&world, Faulty::new(world.stage.clone()).fail(nth, fault))).await;
            let held = world.held("stage", "stage").await.unwrap();
            let told = world.chronicle().await;
            let is_intended = told
                .entries()
                .iter()
                .any(|one| matches!(one.entry.kind, Kind::Rollback { .. }) && one.entry.digest == good);
            let is_right = held == bad || (is_intended && is_evident(&world, &good_image).await);
            assert!(is_right, "{nth} {fault:?}: a float before its evidence or its intent");
            assert!(held == good || current(&world).await == bad, "{nth} {fault:?}: done before it was");
            assert!(outcome.is_err() || held == good, "{nth} {fault:?}");
            back(&calm(&world)).await.unwrap();
            assert_eq!((world.held("stage", "stage").await, current(&world).await), (Some(good.clone()), good.clone()));
        }
    }
}
