//! What comes back: images that are pushed again while a run deletes them, and between two runs.

use futures::executor::block_on;
use lockage_policy::apply::Journal as _;
use lockage_policy::apply::{Apply, Caps, Fate, MemoryJournal, Outcome, Status};
use lockage_policy::retain::Report;
use lockage_registry::RawManifest;

use crate::campaign::quick;
use crate::case::{image, index, now, planned, tag, told};
use crate::sim::{Fault, Sim, State};

/// An old index of two images.
struct Place {
    children: [RawManifest; 2],
    index: RawManifest,
}

impl Place {
    fn new() -> Self {
        let children = [image(1, None), image(2, None)];
        Self { index: index(3, &[&children[0], &children[1]]), children }
    }

    fn made(&self) -> (Report, State) {
        let mut state = State::default();
        for child in &self.children {
            state.push(child, None);
        }
        state.push(&self.index, Some(&tag("old-1")));
        state.push(&image(5, None), Some(&tag("keep-1")));
        let plan = planned(&state, Caps::DISTRIBUTION, now());
        assert_eq!(plan.actions.len(), 3);
        let state = told(state, &plan);
        (plan, state)
    }
}

fn run(sim: &Sim, journal: &MemoryJournal, plan: &Report) -> Outcome {
    block_on(Apply::new(sim, journal).settings(quick()).run(plan, now())).unwrap()
}

fn fate(outcome: &Outcome, of: &RawManifest) -> Fate {
    let name = format!("@{}", of.digest());
    outcome.items.iter().find(|item| item.to_string().contains(&name)).unwrap().fate
}

#[test]
fn an_index_that_is_pushed_again_under_its_old_tag_keeps_the_children_that_are_left() {
    let place = Place::new();
    for by in ["old-1", "new-1"] {
        let (plan, state) = place.made();
        let again = place.index.clone();
        let mut pushed = false;
        let sim = Sim::new(Caps::DISTRIBUTION, state).pusher(Box::new(move |state| {
            if !pushed && !state.manifests.contains_key(again.digest()) {
                pushed = true;
                state.push(&again, Some(&tag(by)));
            }
        }));
        let outcome = run(&sim, &MemoryJournal::default(), &plan);
        assert_eq!(sim.state().violations, Vec::<String>::new());
        for child in &place.children {
            assert!(sim.state().manifests.contains_key(child.digest()), "{by}: {outcome}");
        }
    }
}

#[test]
fn an_index_without_a_tag_that_is_pushed_again_keeps_the_children_that_are_left() {
    let place = Place::new();
    let (plan, state) = place.made();
    let (again, mut looks) = (place.index.clone(), 0);
    let sim = Sim::new(Caps::DISTRIBUTION, state).pusher(Box::new(move |state| {
        looks += usize::from(!state.manifests.contains_key(again.digest()));
        // After it was seen to be gone.
        if looks == 3 {
            state.push(&again, None);
        }
    }));
    let outcome = run(&sim, &MemoryJournal::default(), &plan);
    assert_eq!(fate(&outcome, &place.index), Fate::Deleted);
    for child in &place.children {
        assert_eq!(fate(&outcome, child), Fate::Needed, "{outcome}");
    }
}

#[test]
fn what_is_pushed_again_between_two_runs_stays_with_what_it_needs() {
    let place = Place::new();
    let (plan, mut state) = place.made();
    let journal = MemoryJournal::default();
    // Killed at the first delete of a child: the index is gone.
    state.fault = None;
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let mut calls = 0;
    loop {
        let (_, mut state) = place.made();
        state.fault = Some((calls, Fault::KilledBefore));
        let sim = Sim::new(Caps::DISTRIBUTION, state);
        let journal = MemoryJournal::default();
        block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap_err();
        let done = journal.entries().unwrap().iter().filter(|entry| entry.status == Status::Done).count();
        if done == 1 {
            break;
        }
        calls += 1;
    }
    sim.state().fault = Some((calls, Fault::KilledBefore));
    block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap_err();
    sim.state().fault = None;
    sim.state().push(&place.index, Some(&tag("old-1")));
    let outcome = run(&sim, &journal, &plan);
    assert_eq!(fate(&outcome, &place.index), Fate::Returned, "{outcome}");
    for child in &place.children {
        assert_eq!(fate(&outcome, child), Fate::Needed, "{outcome}");
    }
    assert_eq!(sim.state().manifests.len(), 4);
}

#[test]
fn a_tag_that_was_taken_away_and_is_there_again_is_not_taken_away_by_the_same_plan() {
    let mut state = State::default();
    state.push(&image(1, None), Some(&tag("keep-1")));
    state.push(&image(1, None), Some(&tag("old-1")));
    let plan = planned(&state, Caps::DISTRIBUTION, now());
    assert_eq!((plan.untag.len(), plan.delete.len()), (1, 0));
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, told(state, &plan)), MemoryJournal::default());
    assert_eq!(run(&sim, &journal, &plan).items[0].fate, Fate::Deleted);
    sim.state().push(&image(1, None), Some(&tag("old-1")));
    let outcome = run(&sim, &journal, &plan);
    assert_eq!((outcome.items[0].fate, outcome.items[0].why.as_deref()), (Fate::Deleted, Some("by an earlier run")));
    assert!(sim.state().tags.contains_key(&tag("old-1")), "whoever pushed it since wants it");
}
