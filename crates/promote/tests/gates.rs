//! Gates: all run, every denial is reported, an error is never a pass, and nothing moves unless all have passed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use lockage_promote::{Against, Evidence, Gate, ImageCopy, Plan, Promotion, Verdict, gate};
use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{Memory, Reference};

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

async fn source() -> Memory {
    let registry = Memory::new("dev.test".parse().unwrap());
    let at = reference("dev.test/app:pr-42");
    fixtures::push(&registry, at.repository(), &fixtures::image(1), at.tag().unwrap()).await.unwrap();
    registry
}

fn target() -> Recorder<Memory> {
    Recorder::new(Memory::new("prod.test".parse().unwrap()))
}

fn copy<'a>(source: &'a Memory, target: &'a Recorder<Memory>) -> ImageCopy<'a> {
    ImageCopy::new(source, &reference("dev.test/app:pr-42")).to(target, &reference("prod.test/app:v1"))
}

fn pass() -> impl Gate {
    gate("pass", |_| Ok(Verdict::Pass(Evidence::new("all green"))))
}

fn fail(reason: &'static str) -> impl Gate {
    gate("fail", move |_| Ok(Verdict::fail(reason)))
}

fn broken() -> impl Gate {
    gate("broken", |_| Err("the scanner answered 500".into()))
}

#[tokio::test]
async fn all_gates_run_and_all_denials_are_told() {
    let (source, target) = (source().await, target());
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = gate("counting", {
        let asked = Arc::clone(&asked);
        move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(Verdict::Pass(Evidence::new("counted")))
        }
    });
    let promotion =
        Promotion::of(copy(&source, &target)).gate(fail("3 critical")).gate(broken()).gate(pass()).gate(counting);
    let plan = promotion.plan().await.unwrap();
    let refusal = promotion.clear(plan, SystemTime::now()).await.unwrap_err();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(refusal.opinions().len(), 4);
    assert!(refusal.is_undecided() && !refusal.is_waiting());
    let text = refusal.to_string();
    assert!(text.contains("3 critical") && text.contains("could not decide: the scanner answered 500"), "{text}");
    assert!(!text.contains("all green"), "{text}");
    assert!(target.calls().iter().all(|call| !call.operation.is_write()), "{:?}", target.calls());
}

#[tokio::test]
async fn waiting_is_neither_a_pass_nor_a_failure() {
    let (source, target) = (source().await, target());
    let soak = gate("soak", |_| {
        Ok(Verdict::Wait { reason: "2 h of 24 h".into(), retry_after: Some(Duration::from_secs(3600)) })
    });
    let promotion = Promotion::of(copy(&source, &target)).gate(soak).gate(pass());
    let plan = promotion.plan().await.unwrap();
    let refusal = promotion.clear(plan, SystemTime::now()).await.unwrap_err();
    assert!(refusal.is_waiting() && !refusal.is_undecided());
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(3600)));
    assert!(refusal.to_string().contains("not yet cleared"), "{refusal}");
    // The plan comes back, to be cleared another time.
    assert_eq!(refusal.into_plan().digest(), fixtures::image(1).root().digest());
}

#[tokio::test]
async fn an_advisory_gate_does_not_block_and_is_recorded() {
    let (source, target) = (source().await, target());
    let promotion = Promotion::of(copy(&source, &target))
        .gate(pass())
        .advisory(fail("1 high"), "until the base image is fixed")
        .advisory(broken(), "new scanner on trial");
    let cleared = promotion.clear(promotion.plan().await.unwrap(), SystemTime::now()).await.unwrap();
    let [first, second, third] = cleared.clearances() else { panic!("{cleared}") };
    let against = [first, second, third].map(|one| one.against);
    assert_eq!(against, [None, Some(Against::Fail), Some(Against::Undecided)], "what each really said");
    assert_eq!((first.advisory.as_deref(), first.evidence.summary.as_str()), (None, "all green"));
    assert_eq!(second.advisory.as_deref(), Some("until the base image is fixed"));
    assert!(second.evidence.summary.contains("1 high"), "{second:?}");
    assert!(third.evidence.summary.contains("answered 500"), "{third:?}");
    let receipt = promotion.apply(cleared).await.unwrap();
    assert!(receipt.moved());
}

#[tokio::test]
async fn a_plan_has_an_identity_that_outlives_the_process() {
    let (source, target) = (source().await, target());
    let promotion = Promotion::of(copy(&source, &target)).gate(pass());
    let plan = promotion.plan().await.unwrap();
    let kept: Plan<lockage_promote::Draft> = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(kept.id().unwrap(), plan.id().unwrap());
    let elsewhere =
        ImageCopy::new(&source, &reference("dev.test/app:pr-42")).to(&target, &reference("prod.test/app:v2"));
    let other = Promotion::of(elsewhere).plan().await.unwrap();
    assert_ne!(other.id().unwrap(), plan.id().unwrap());
    let cleared = promotion.clear(kept, SystemTime::now()).await.unwrap();
    assert_eq!(cleared.id().unwrap(), plan.id().unwrap());
    promotion.apply(cleared).await.unwrap();
}
