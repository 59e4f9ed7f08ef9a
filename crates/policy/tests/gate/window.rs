//! The window gate: closed is not yet, and a kill switch beats everything.

use std::time::Duration;

use lockage_policy::gate::WindowGate;
use lockage_policy::window::{Action, Effect, Weekday, Window, Windows};
use lockage_promote::ledger::Chronicle;
use lockage_promote::{Gate, GateContext, Promoted, Verdict, Way};
use lockage_registry::testing::fixtures;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{ErrorKind, Memory};

use crate::world::{World, asked_with, at, built, passes};

fn freeze() -> Windows {
    let freeze = Window::deny("year-end", "2026-12-18T18:00", "2027-01-04", "UTC").unwrap();
    Windows::new().with(freeze.because("nobody is on call").except(Action::Rollback))
}

#[tokio::test]
async fn a_freeze_keeps_waiting_until_it_ends_and_lets_go_back() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let ask = async |gate: WindowGate, when: &str| {
        asked_with(&gate, &plan, &world.dev, &Chronicle::default(), at(when)).await.unwrap()
    };
    let Verdict::Wait { reason, retry_after } = ask(WindowGate::new(freeze()), "2027-01-04T23:00:00Z").await else {
        panic!("it is closed")
    };
    assert_eq!(reason, "closed until 2027-01-05T00:00:00Z: year-end: nobody is on call");
    assert_eq!(retry_after, Some(Duration::from_secs(3600)));
    passes(Ok(ask(WindowGate::new(freeze()), "2027-01-05T00:00:00Z").await));
    passes(Ok(ask(WindowGate::new(freeze()).action(Action::Rollback), "2026-12-24T12:00:00Z").await));
    let hotfix = ask(WindowGate::new(freeze()).action(Action::Hotfix), "2026-12-24T12:00:00Z").await;
    assert!(matches!(hotfix, Verdict::Wait { .. }));
}

/// By itself the gate knows what is done from whoever asks it, so one document is enough for going on and for going back.
#[tokio::test]
async fn a_freeze_lets_go_back_what_the_promoter_says_goes_back() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let (gate, chronicle, id) = (WindowGate::new(freeze()), Chronicle::default(), plan.id().unwrap());
    let ask = async |way: Way| {
        let promoted = Promoted::new(plan.passage().unwrap(), &chronicle, &id, "tester").going(way);
        let context = GateContext::new(plan.copy(), &world.dev, at("2026-12-24T12:00:00Z")).along(promoted);
        gate.evaluate(&context).await.unwrap()
    };
    let back = passes(Ok(ask(Way::Rollback).await));
    assert_eq!(back.details["action"], "rollback");
    for way in [Way::Promotion, Way::Hotfix] {
        assert!(matches!(ask(way).await, Verdict::Wait { .. }), "{way:?}");
    }
}

#[tokio::test]
async fn a_close_that_comes_near_is_in_the_evidence() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let hours = Window::weekly("hours", Effect::Allow, &Weekday::WORKING, ("09:00", "17:00"), "UTC").unwrap();
    let gate = WindowGate::new(freeze().with(hours)).named("when");
    assert_eq!(gate.id(), "when");
    let open = asked_with(&gate, &plan, &world.dev, &Chronicle::default(), at("2026-12-17T16:00:00Z")).await;
    let evidence = passes(open);
    assert_eq!(evidence.summary, "open until 2026-12-17T17:00:00Z, outside of hours");
    assert_eq!(evidence.details["next-close"], "2026-12-17T17:00:00Z");
    let never = Window::allow("once", "2020-01-01", "2020-01-02", "UTC").unwrap();
    let shut = WindowGate::new(Windows::new().with(never));
    let shut = asked_with(&shut, &plan, &world.dev, &Chronicle::default(), at("2026-12-17T16:00:00Z")).await;
    assert!(matches!(shut, Ok(Verdict::Wait { retry_after: None, .. })), "{shut:?}");
}

#[tokio::test]
async fn a_kill_switch_closes_for_everything_and_one_that_cannot_be_looked_for_does_too() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let registry = Memory::new("ops.example".parse().unwrap());
    let repo: lockage_registry::Repository = "ops.example/freeze".parse().unwrap();
    let gate = |source| {
        let gate = WindowGate::new(freeze()).action(Action::Rollback);
        gate.kill_switch(source, repo.clone(), "freeze".parse().unwrap())
    };
    let when = at("2026-12-24T12:00:00Z");
    let ask = async |gate: WindowGate| asked_with(&gate, &plan, &world.dev, &Chronicle::default(), when).await;
    passes(ask(gate(Faulty::new(registry.clone()))).await);
    let blind = Faulty::new(registry.clone()).fail(0, Fault::Before(ErrorKind::Unreachable));
    assert!(ask(gate(blind)).await.is_err());
    fixtures::push(&registry, &repo, &fixtures::image(7), &"freeze".parse().unwrap()).await.unwrap();
    let set = ask(gate(Faulty::new(registry))).await.unwrap();
    assert!(
        matches!(&set, Verdict::Wait { reason, .. } if reason.starts_with("the kill switch ops.example/freeze:freeze")),
        "{set:?}"
    );
}
