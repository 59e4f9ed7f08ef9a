//! What a run does where something has changed: one case each.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use jiff::ToSpan as _;
use lockage_policy::apply::{
    Apply, ApplyError, Audit, Caps, Entry, Fate, MemoryJournal, Outcome, Settings, Status, Subject, still,
};
use lockage_policy::jiff;
use lockage_policy::retain::{Glob, Held, LegalHold, Refusal, Report, Running};
use lockage_registry::{RawManifest, Tag};

use crate::campaign::quick;
use crate::case::{image, index, now, planned, tag, told};
use crate::runs::Runs;
use crate::sim::{Sim, State};

/// An old index of two images with a signature, and a kept image.
struct Place {
    children: [RawManifest; 2],
    index: RawManifest,
    signature: RawManifest,
    kept: RawManifest,
}

impl Place {
    fn new() -> Self {
        let children = [image(1, None), image(2, None)];
        let index = index(3, &[&children[0], &children[1]]);
        let signature = image(4, Some(&index));
        Self { children, signature, kept: image(5, None), index }
    }

    fn state(&self) -> State {
        let mut state = State::default();
        for manifest in &self.children {
            state.push(manifest, None);
        }
        state.push(&self.index, Some(&tag("old-1")));
        state.push(&self.signature, None);
        state.push(&self.kept, Some(&tag("keep-1")));
        state
    }
}

fn run(sim: &Sim, plan: &Report) -> Outcome {
    block_on(Apply::new(sim, &MemoryJournal::default()).settings(quick()).run(plan, now())).unwrap()
}

fn fate(outcome: &Outcome, of: &RawManifest) -> Fate {
    let is = |subject: &Subject| matches!(subject, Subject::Manifest(digest) if digest == of.digest());
    outcome.items.iter().find(|item| is(&item.subject)).unwrap().fate
}

fn made(place: &Place) -> (Report, State) {
    let plan = planned(&place.state(), Caps::DISTRIBUTION, now());
    assert_eq!(plan.actions.len(), 4, "{plan:?}");
    let state = told(place.state(), &plan);
    (plan, state)
}

fn there(sim: &Sim, tag: &Tag) -> bool {
    let state = sim.state();
    state.tags.get(tag).is_some_and(|digest| state.manifests.contains_key(digest))
}

#[test]
fn an_image_goes_with_its_children_and_its_signature_and_with_nothing_else() {
    let place = Place::new();
    let (plan, state) = made(&place);
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let outcome = run(&sim, &plan);
    assert!(outcome.is_complete(), "{outcome}");
    assert_eq!(sim.state().manifests.keys().collect::<Vec<_>>(), [place.kept.digest()]);
}

#[test]
fn a_new_tag_on_an_image_keeps_it_with_its_children_and_its_signature() {
    let place = Place::new();
    let (plan, mut state) = made(&place);
    state.push(&place.index, Some(&tag("v1")));
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let outcome = run(&sim, &plan);
    assert_eq!(fate(&outcome, &place.index), Fate::Retagged);
    for other in place.children.iter().chain([&place.signature]) {
        assert_eq!(fate(&outcome, other), Fate::Needed, "{outcome}");
    }
    assert_eq!(sim.state().deletes, 0);
}

#[test]
fn a_new_index_keeps_the_child_that_it_names() {
    let place = Place::new();
    let (plan, mut state) = made(&place);
    state.push(&index(9, &[&place.children[0]]), Some(&tag("v2")));
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let outcome = run(&sim, &plan);
    assert_eq!(fate(&outcome, &place.children[0]), Fate::Needed);
    assert_eq!(fate(&outcome, &place.children[1]), Fate::Deleted);
    assert!(there(&sim, &tag("v2")));
}

#[test]
fn a_new_signature_by_a_tag_keeps_what_it_speaks_about() {
    let place = Place::new();
    let (plan, mut state) = made(&place);
    let name = format!("sha256-{}.sig", place.index.digest().hex());
    state.push(&image(9, None), Some(&tag(&name)));
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    assert_eq!(fate(&run(&sim, &plan), &place.index), Fate::Needed);
    assert_eq!(sim.state().deletes, 0);
}

#[test]
fn a_tag_that_moved_stays_where_it_is_now() {
    let place = Place::new();
    let (plan, mut state) = made(&place);
    let moved = image(9, None);
    state.push(&moved, Some(&tag("old-1")));
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let outcome = run(&sim, &plan);
    assert_eq!(sim.state().tags[&tag("old-1")], *moved.digest());
    assert_eq!(fate(&outcome, &place.index), Fate::Deleted, "nothing leads to it any more");
    assert_eq!(sim.state().violations, Vec::<String>::new());
}

#[test]
fn what_is_in_use_by_now_stays_and_where_nobody_knows_nothing_goes() {
    let place = Place::new();
    for running in [
        Running::Digest(place.children[0].digest().clone()),
        Running::Alone(place.index.digest().clone()),
        Running::Tag("registry.test/app:old-1".to_owned()),
    ] {
        let (plan, state) = made(&place);
        let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
        let runs = Runs::one(running.clone());
        let apply = Apply::new(&sim, &journal).settings(quick()).in_use(&runs);
        let outcome = block_on(apply.run(&plan, now())).unwrap();
        assert!(matches!(fate(&outcome, &place.index), Fate::InUse | Fate::Needed), "{running:?}: {outcome}");
        assert_eq!(sim.state().deletes, 0, "{running:?}");
    }
    let (plan, state) = made(&place);
    let (sim, journal, runs) =
        (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default(), Runs(Err("no answer"), Vec::new()));
    let failed = block_on(Apply::new(&sim, &journal).settings(quick()).in_use(&runs).run(&plan, now()));
    assert!(matches!(failed, Err(ApplyError::InUse(_))), "{failed:?}");
    assert_eq!(sim.state().deletes, 0);
}

#[test]
fn what_is_held_by_now_is_not_touched_until_the_hold_ends() {
    let place = Place::new();
    let run = |hold: LegalHold| {
        let (plan, state) = made(&place);
        let (sim, journal, runs) =
            (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default(), Runs(Ok(Vec::new()), vec![hold]));
        let apply = Apply::new(&sim, &journal).settings(quick()).in_use(&runs);
        let outcome = block_on(apply.run(&plan, now())).unwrap();
        let deletes = sim.state().deletes;
        (outcome, deletes)
    };
    let glob = |text: &str| Held::Repositories(Glob::new(text).unwrap());
    for (scope, why) in [
        (Held::Digest(place.index.digest().clone()), "of the index"),
        (Held::Tag("registry.test/app:old-1".to_owned()), "of its tag"),
        (glob("registry.test/**"), "of all"),
    ] {
        let hold = LegalHold::new(scope, why);
        let (outcome, deletes) = run(hold.clone());
        assert_eq!((fate(&outcome, &place.index), deletes), (Fate::Held, 0), "{why}: {outcome}");
        assert!(outcome.to_string().contains(&format!("held: {why}")), "{outcome}");
        assert_eq!(run(hold.clone().until(now() + 1.minutes())).1, 0, "{why}");
        assert!(run(hold.until(now())).0.is_complete(), "{why}: it has ended");
    }
    for elsewhere in [glob("other.test/**"), Held::Tag("registry.test/other:old-1".to_owned())] {
        assert!(run(LegalHold::new(elsewhere, "elsewhere")).0.is_complete());
    }
}

#[test]
fn what_is_in_use_or_held_by_now_keeps_the_tags_that_lead_to_it() {
    let place = Place::new();
    let index = &place.index;
    let tags = ["old-8", "old-9"].map(tag);
    let state = || {
        let mut state = place.state();
        state.tags.clear();
        state.push(index, Some(&tag("keep-1")));
        state.push(&place.kept, Some(&tag("keep-2")));
        state.tags.insert(tags[0].clone(), index.digest().clone());
        state.tags.insert(tags[1].clone(), place.kept.digest().clone());
        state
    };
    let plan = planned(&state(), Caps::DISTRIBUTION, now());
    assert_eq!((plan.untag.len(), plan.delete.len()), (2, 0), "{plan:?}");

    let holds = |scope| Runs(Ok(Vec::new()), vec![LegalHold::new(scope, "a suit")]);
    let all = Held::Repositories(Glob::new("registry.test/*").unwrap());
    for (runs, left) in [
        (Runs::one(Running::Digest(place.children[1].digest().clone())), &tags[..1]),
        (Runs::one(Running::Digest(index.digest().clone())), &tags[..1]),
        (Runs::one(Running::Alone(place.kept.digest().clone())), &tags[1..]),
        (Runs::one(Running::Alone(place.children[1].digest().clone())), &[]),
        (Runs::one(Running::Tag("registry.test/app:old-8".to_owned())), &tags[..1]),
        (holds(Held::Digest(index.digest().clone())), &tags[..1]),
        (holds(Held::Tag("registry.test/app:old-9".to_owned())), &tags[1..]),
        (holds(all), &tags[..]),
    ] {
        let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, told(state(), &plan)), MemoryJournal::default());
        let apply = Apply::new(&sim, &journal).settings(quick()).in_use(&runs);
        let outcome = block_on(apply.run(&plan, now())).unwrap();
        let is_left: Vec<Tag> = tags.iter().filter(|tag| there(&sim, tag)).cloned().collect();
        assert_eq!(is_left, left, "{runs:?}: {outcome}");
        assert_eq!(outcome.count(Fate::Held) + outcome.count(Fate::InUse), left.len(), "{outcome}");
    }
}

#[test]
fn a_guard_stops_before_anything_is_asked() {
    let place = Place::new();
    let (mut plan, state) = made(&place);
    plan.refusals.push(Refusal::MaxDelete { deletes: 4, limit: 1 });
    let sim = Sim::new(Caps::DISTRIBUTION, state);
    let refused = block_on(Apply::new(&sim, &MemoryJournal::default()).settings(quick()).run(&plan, now()));
    assert!(matches!(refused, Err(ApplyError::Refused(_))));
    assert_eq!(sim.state().calls, 0);
}

#[test]
fn a_second_plan_a_while_later_has_to_condemn_the_same_with_the_same_tags() {
    let place = Place::new();
    let mut settings = quick();
    (settings.single_pass, settings.quarantine) = (false, Duration::from_secs(3600));
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, place.state()), MemoryJournal::default());
    let run = |minutes: i64, settings: Settings| {
        let at = now() + minutes.minutes();
        let plan = planned(&sim.state(), Caps::DISTRIBUTION, at);
        let told = told(State::default(), &plan);
        {
            let mut state = sim.state();
            (state.condemned, state.condemned_tags) = (told.condemned, told.condemned_tags);
        }
        block_on(Apply::new(&sim, &journal).settings(settings).run(&plan, at)).unwrap()
    };
    assert_eq!(run(0, settings.clone()).count(Fate::Quarantined), 4);
    let mut waits = run(59, settings.clone());
    assert_eq!(waits.count(Fate::Quarantined), 4);
    let remedy = format!("a plan of {}. Plan again after {} and apply that plan.", now(), now() + 60.minutes());
    assert!(waits.to_string().ends_with(&remedy), "{waits}");
    assert!(waits.items.iter().all(|item| item.why.as_ref().is_some_and(|why| why.ends_with(&remedy))), "{waits:#}");
    waits.items[0].why = Some("one\ntwo".to_owned());
    assert!(waits.items[0].to_string().ends_with(r": one\u{a}two"), "what a registry says begins no line");
    // Another tag that goes as well: the image has to be seen again with it.
    sim.state().push(&place.index, Some(&tag("old-2")));
    let outcome = run(61, settings.clone());
    assert_eq!(fate(&outcome, &place.index), Fate::Quarantined);
    assert_eq!(run(120, settings.clone()).count(Fate::Quarantined), 1);
    assert_eq!(run(121, settings).count(Fate::Quarantined), 0);
    assert_eq!(sim.state().violations, Vec::<String>::new());
    assert!(!sim.state().manifests.contains_key(place.index.digest()));
}

#[test]
fn the_same_plan_twice_is_one_plan_however_short_a_while_is_asked_for() {
    let place = Place::new();
    let mut settings = quick();
    (settings.single_pass, settings.quarantine) = (false, Duration::ZERO);
    let (plan, state) = made(&place);
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let run = |plan: &Report, minutes: i64| {
        let run = Apply::new(&sim, &journal).settings(settings.clone());
        block_on(run.run(plan, now() + minutes.minutes())).unwrap().count(Fate::Quarantined)
    };
    assert_eq!((run(&plan, 0), run(&plan, 1)), (4, 4));
    assert_eq!(sim.state().deletes, 0);
    let second = planned(&sim.state(), Caps::DISTRIBUTION, now() + 2.minutes());
    assert_eq!(run(&second, 2), 0);
}

#[test]
fn what_is_no_longer_condemned_begins_anew() {
    let place = Place::new();
    let mut settings = quick();
    (settings.single_pass, settings.quarantine) = (false, Duration::from_secs(3600));
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, place.state()), MemoryJournal::default());
    let run = |plan: &Report, minutes: i64| {
        let run = Apply::new(&sim, &journal).settings(settings.clone());
        block_on(run.run(plan, now() + minutes.minutes())).unwrap()
    };
    let plan = |minutes: i64| planned(&sim.state(), Caps::DISTRIBUTION, now() + minutes.minutes());
    run(&plan(0), 0);
    // A plan that condemns one thing less.
    let mut less = plan(30);
    let signature = place.signature.digest().as_str();
    less.actions.retain(|action| !serde_json::to_string(action).unwrap().contains(signature));
    less.delete.retain(|name| !name.contains(signature));
    less.plan = less.digest().to_string();
    run(&less, 30);
    let outcome = run(&plan(90), 90);
    assert_eq!(fate(&outcome, &place.signature), Fate::Quarantined);
}

#[test]
fn a_registry_that_compares_needs_no_second_plan() {
    let place = Place::new();
    let plan = planned(&place.state(), Caps::ECR, now());
    let sim = Sim::new(Caps::ECR, told(place.state(), &plan));
    let mut settings = quick();
    settings.single_pass = false;
    let outcome = block_on(Apply::new(&sim, &MemoryJournal::default()).settings(settings).run(&plan, now())).unwrap();
    assert!(outcome.is_complete(), "{outcome}");
}

#[test]
fn a_plan_that_shrank_is_executed_and_one_that_grew_is_not() {
    let place = Place::new();
    let approved = planned(&place.state(), Caps::DISTRIBUTION, now());
    let mut kept = place.state();
    kept.push(&place.index, Some(&tag("v1")));
    let less = planned(&kept, Caps::DISTRIBUTION, now());
    // The tag alone goes now, which the plan that was approved does not say.
    assert!(matches!(still(&approved, less), Err(ApplyError::Changed(_))));
    let mut gone = place.state();
    gone.manifests.remove(place.signature.digest());
    let less = planned(&gone, Caps::DISTRIBUTION, now());
    assert_ne!(less.plan, approved.plan);
    assert_eq!(still(&approved, less.clone()).unwrap(), less);
    let changed = still(&less, approved).unwrap_err();
    assert!(changed.to_string().contains(place.signature.digest().as_str()), "{changed}");
}

#[test]
fn what_the_registry_shows_a_while_longer_is_waited_for_and_reported_apart() {
    let place = Place::new();
    for (lag, expected) in [(2, Fate::Deleted), (100, Fate::Pending)] {
        let (plan, mut state) = made(&place);
        state.lag = lag;
        let outcome = run(&Sim::new(Caps::DISTRIBUTION, state), &plan);
        assert_eq!(fate(&outcome, &place.signature), expected, "{outcome}");
        if expected == Fate::Pending {
            assert_eq!(fate(&outcome, &place.index), Fate::HeldBack, "what it speaks about waits");
        }
    }
}

#[test]
fn a_rate_limit_is_waited_for() {
    let place = Place::new();
    let (plan, mut state) = made(&place);
    state.rate_limited = 3;
    assert!(run(&Sim::new(Caps::DISTRIBUTION, state), &plan).is_complete());
}

#[derive(Debug, Default)]
struct Told(Mutex<Vec<Entry>>, bool);

#[async_trait::async_trait]
impl Audit for Told {
    async fn record(&self, entry: &Entry) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.1 {
            return Err("the ledger is full".into());
        }
        self.0.lock().unwrap().push(entry.clone());
        Ok(())
    }
}

#[test]
fn every_delete_is_told_with_its_plan_its_rule_and_the_tags_before() {
    let place = Place::new();
    let (plan, state) = made(&place);
    let (sim, journal, told) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default(), Told::default());
    block_on(Apply::new(&sim, &journal).settings(quick()).audit(&told).run(&plan, now())).unwrap();
    let told = told.0.into_inner().unwrap();
    assert_eq!(told.iter().filter(|entry| entry.status == Status::Done).count(), 4);
    let index = told.iter().find(|entry| entry.digest == place.index.digest().as_str()).unwrap();
    assert_eq!((index.plan.as_str(), index.policy.as_str()), (plan.plan.as_str(), plan.policy.as_str()));
    assert_eq!(index.rule.as_deref(), Some("old"));
    assert_eq!(index.tags_before, BTreeSet::from(["old-1".to_owned()]));
}

#[test]
fn a_run_ends_where_it_cannot_be_told() {
    let place = Place::new();
    let (plan, state) = made(&place);
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let told = Told(Mutex::default(), true);
    let ended = block_on(Apply::new(&sim, &journal).settings(quick()).audit(&told).run(&plan, now()));
    assert!(matches!(ended, Err(ApplyError::Journal(_))), "{ended:?}");
    assert!(sim.state().deletes <= 1);
}

#[test]
fn a_tag_that_its_registry_does_not_let_go_is_reported_and_taken_by_a_later_run() {
    let mut state = State::default();
    state.push(&image(1, None), Some(&tag("keep-1")));
    for name in ["old-1", "old-2"] {
        state.push(&image(1, None), Some(&tag(name)));
    }
    let plan = planned(&state, Caps::DISTRIBUTION, now());
    assert_eq!(plan.untag.len(), 2);
    let mut state = told(state, &plan);
    state.locked.insert(tag("old-1"));
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    let run = || block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap();
    let outcome = run();
    assert_eq!((outcome.count(Fate::Refused), outcome.count(Fate::Deleted)), (1, 1), "{outcome}");
    assert!(!outcome.is_complete() && there(&sim, &tag("old-1")) && !there(&sim, &tag("old-2")));
    sim.state().locked.clear();
    assert_eq!(run().count(Fate::Deleted), 2);
    assert!(!there(&sim, &tag("old-1")) && there(&sim, &tag("keep-1")));
}
