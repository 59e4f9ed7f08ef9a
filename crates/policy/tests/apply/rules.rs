//! What a run does where something has changed: one case each.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use jiff::ToSpan as _;
use lockage_policy::apply::{
    Apply, ApplyError, Audit, Caps, Entry, Fate, InUseNow, MemoryJournal, Outcome, Settings, Status, Subject, still,
};
use lockage_policy::jiff;
use lockage_policy::retain::{InUse, Refusal, Report, Running};
use lockage_registry::{RawManifest, Tag};

use crate::campaign::quick;
use crate::case::{image, index, now, planned, tag, told};
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

#[derive(Debug)]
struct Runs(Result<Vec<InUse>, &'static str>);

#[async_trait::async_trait]
impl InUseNow for Runs {
    async fn in_use(&self) -> Result<Vec<InUse>, Box<dyn Error + Send + Sync>> {
        self.0.clone().map_err(Into::into)
    }
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
        let runs = Runs(Ok(vec![InUse::new(running.clone(), "k8s")]));
        let apply = Apply::new(&sim, &journal).settings(quick()).in_use(&runs);
        let outcome = block_on(apply.run(&plan, now())).unwrap();
        assert!(matches!(fate(&outcome, &place.index), Fate::InUse | Fate::Needed), "{running:?}: {outcome}");
        assert_eq!(sim.state().deletes, 0, "{running:?}");
    }
    let (plan, state) = made(&place);
    let (sim, journal, runs) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default(), Runs(Err("no answer")));
    let failed = block_on(Apply::new(&sim, &journal).settings(quick()).in_use(&runs).run(&plan, now()));
    assert!(matches!(failed, Err(ApplyError::InUse(_))), "{failed:?}");
    assert_eq!(sim.state().deletes, 0);
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
    assert_eq!(run(59, settings.clone()).count(Fate::Quarantined), 4);
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
