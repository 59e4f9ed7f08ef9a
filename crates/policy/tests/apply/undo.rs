//! Back again: what a run deleted, what it was killed over, and what it had only marked.

use futures::executor::block_on;
use lockage_policy::apply::{Apply, Caps, Fate, Journal as _, MemoryJournal, Outcome, Status, undo};
use lockage_policy::retain::Report;

use crate::campaign::quick;
use crate::case::{Random, digests, image, now, planned, registry, tag, told};
use crate::sim::{Fault, Sim, State};

#[test]
fn what_a_killed_run_deleted_comes_back_wherever_it_was_killed() {
    let mut back = 0;
    for seed in 0..6 {
        let made = || registry(&mut Random::new(seed));
        let plan = planned(&made(), Caps::DISTRIBUTION, now());
        let mut is_over = false;
        for call in (0..200).step_by(3) {
            if is_over {
                break;
            }
            for fault in [Fault::Killed, Fault::KilledBefore] {
                let mut state = told(made(), &plan);
                let (was, tags) = (digests(&state), state.tags.clone());
                state.fault = Some((call, fault));
                let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
                let run = block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now()));
                sim.state().fault = None;
                let lost = was.len() - digests(&sim.state()).len();
                let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
                assert_eq!(undone.left, [], "{seed} {call} {fault:?}");
                let state = sim.state();
                assert_eq!((digests(&state), &state.tags), (was, &tags), "{seed} {call} {fault:?}");
                back += lost;
                is_over |= run.is_ok();
            }
        }
    }
    assert!(back > 100, "{back}");
}

fn made() -> (Report, State) {
    let mut state = State::default();
    state.push(&image(1, None), Some(&tag("old-1")));
    state.push(&image(2, None), Some(&tag("keep-2")));
    let plan = planned(&state, Caps::DISTRIBUTION, now());
    let state = told(state, &plan);
    (plan, state)
}

#[test]
fn what_was_put_back_is_not_taken_for_deleted() {
    let (plan, state) = made();
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let run = || -> Outcome { block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap() };
    assert_eq!(run().items[0].fate, Fate::Deleted);
    block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert_eq!(sim.state().deletes, 1);
    assert_eq!((run().items[0].fate, sim.state().deletes), (Fate::Deleted, 2));
    // And once more: the last line decides.
    let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert_eq!((undone.restored.len(), undone.left.len()), (2, 0));
}

#[test]
fn what_somebody_else_deleted_is_not_put_back() {
    let (plan, mut state) = made();
    state.tags.remove(&tag("old-1"));
    state.manifests.remove(image(1, None).digest());
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let outcome = block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap();
    assert_eq!(outcome.items[0].fate, Fate::Gone);
    assert_eq!(journal.entries().unwrap().last().unwrap().status, Status::Gone);
    let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert_eq!(undone, lockage_policy::apply::Undone::default());
}

#[test]
fn what_the_registry_has_collected_is_left_with_a_word_about_that() {
    let (plan, state) = made();
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap();
    sim.state().collected = true;
    let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert!(matches!(&undone.left[..], [(_, why)] if why.contains("collected since")), "{undone:?}");
    assert_eq!(undone.restored.len(), 0);
}

#[test]
fn a_mark_that_is_taken_back_begins_anew() {
    use jiff::ToSpan as _;
    use lockage_policy::jiff;
    let (_, state) = made();
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let mut settings = quick();
    settings.single_pass = false;
    let run = |hours: i64| {
        let at = now() + hours.hours();
        let plan = planned(&sim.state(), Caps::DISTRIBUTION, at);
        let run = Apply::new(&sim, &journal).settings(settings.clone());
        (block_on(run.run(&plan, at)).unwrap().items[0].fate, plan)
    };
    let (fate, first) = run(0);
    assert_eq!(fate, Fate::Quarantined);
    let undone = block_on(undo(&sim, &journal, &first.plan, now() + 1.hours())).unwrap();
    assert_eq!(undone.released, [format!("registry.test/app@{}", image(1, None).digest())]);
    assert_eq!(run(25).0, Fate::Quarantined, "it was marked a day ago, and is marked anew");
    assert_eq!(run(48).0, Fate::Quarantined);
    assert_eq!(run(49).0, Fate::Deleted);
}
