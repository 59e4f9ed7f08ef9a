//! What is archived: a fault at every call, somebody who pushes between any two, and what keeps an image out of the archive.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::executor::block_on;
use jiff::ToSpan as _;
use lockage_policy::apply::{
    Apply, ApplyError, Caps, Fate, Journal as _, MemoryJournal, Outcome, Settings, Status, Subject, Way, still, undo,
};
use lockage_policy::jiff;
use lockage_policy::retain::{Glob, Report, Running};
use lockage_registry::{Digest, ErrorKind, RawManifest};

use crate::campaign::quick;
use crate::case::{Random, archiving, digests, image, index, now, pusher, registry, tag, told};
use crate::runs::Runs;
use crate::sim::{Fault, Sim, State};

/// An old index of two images with a signature, one image that is old alone, and one that stays.
struct Place {
    children: [RawManifest; 2],
    index: RawManifest,
    signature: RawManifest,
    alone: RawManifest,
    kept: RawManifest,
}

impl Place {
    fn new() -> Self {
        let children = [image(1, None), image(2, None)];
        let index = index(3, &[&children[0], &children[1]]);
        let signature = image(4, Some(&index));
        Self { children, signature, alone: image(5, None), kept: image(6, None), index }
    }

    fn state(&self) -> State {
        let mut state = State::default();
        for manifest in &self.children {
            state.push(manifest, None);
        }
        state.push(&self.index, Some(&tag("old-1")));
        state.push(&self.signature, None);
        state.push(&self.alone, Some(&tag("old-2")));
        state.push(&self.alone, Some(&tag("pinned")));
        state.push(&self.kept, Some(&tag("keep-1")));
        state
    }

    fn made(&self) -> (Report, State) {
        let plan = archiving(&self.state(), "transition", Caps::ECR, now());
        assert_eq!((plan.archive.len(), plan.delete.len()), (5, 0), "{plan:?}");
        let state = told(self.state(), &plan);
        (plan, state)
    }
}

fn run(sim: &Sim, journal: &MemoryJournal, plan: &Report) -> Result<Outcome, ApplyError> {
    block_on(Apply::new(sim, journal).settings(quick()).run(plan, now()))
}

fn once(sim: &Sim, plan: &Report) -> Outcome {
    run(sim, &MemoryJournal::default(), plan).unwrap()
}

#[track_caller]
fn fate(outcome: &Outcome, of: &RawManifest) -> Fate {
    let is = |subject: &Subject| matches!(subject, Subject::Manifest(digest) if digest == of.digest());
    outcome.items.iter().find(|item| is(&item.subject)).unwrap().fate
}

fn archived(sim: &Sim) -> usize {
    sim.state().shelf.archived.len()
}

/// What is there, and what of it can be pulled.
fn left(sim: &Sim) -> (BTreeSet<Digest>, BTreeSet<Digest>, Vec<String>) {
    let state = sim.state();
    let tags = state.tags.iter().map(|(tag, digest)| format!("{tag}@{digest}")).collect();
    (digests(&state), digests(&state).into_iter().filter(|digest| state.is_active(digest)).collect(), tags)
}

fn case(seed: u64) -> Option<(Report, impl Fn() -> State)> {
    let made = move || {
        let mut state = registry(&mut Random::new(seed));
        state.shelf.lenient = seed.is_multiple_of(3);
        state
    };
    let untagged = if seed.is_multiple_of(2) { "expire" } else { "transition" };
    let plan = archiving(&made(), untagged, Caps::ECR, now());
    if plan.archive.is_empty() {
        return None;
    }
    let told_plan = plan.clone();
    Some((plan, move || told(made(), &told_plan)))
}

#[test]
fn an_index_goes_before_its_children_and_an_image_before_its_signature_each_with_its_tags() {
    let place = Place::new();
    for lenient in [false, true] {
        let (plan, mut state) = place.made();
        state.shelf.lenient = lenient;
        let tags = state.tags.clone();
        let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
        let outcome = run(&sim, &journal, &plan).unwrap();
        assert!(outcome.is_complete() && outcome.count(Fate::Archived) == 5, "{outcome}");
        assert!(outcome.items.iter().all(|item| item.way == Way::Archive && !item.fate.is_gone()));
        assert!(outcome.to_string().ends_with("5 archived"), "{outcome}");
        assert_eq!(sim.state().violations, Vec::<String>::new());
        assert_eq!(sim.state().tags, tags);
        assert_eq!(archived(&sim), 5);
        assert!(sim.state().is_active(place.kept.digest()));
        // Written down before and after, and in that order.
        let lines: Vec<(Status, String)> =
            journal.entries().unwrap().into_iter().map(|line| (line.status, line.digest)).collect();
        let at = |status: Status, of: &RawManifest| {
            lines.iter().position(|line| *line == (status, of.digest().to_string())).unwrap()
        };
        for later in place.children.iter().chain([&place.signature]) {
            assert!(at(Status::Archived, &place.index) < at(Status::Archiving, later));
        }
        assert_eq!(lines.len(), 10);
        let entries = journal.entries().unwrap();
        let alone = entries.iter().rfind(|line| line.digest == place.alone.digest().as_str()).unwrap();
        assert_eq!(alone.tags_before.iter().collect::<Vec<_>>(), ["old-2", "pinned"]);
        assert_eq!(alone.rule.as_deref(), Some("rule 1"));
        // The same once more does nothing.
        let again = run(&sim, &journal, &plan).unwrap();
        assert!(again.items.iter().all(|item| item.fate == Fate::Archived), "{again}");
        assert_eq!((sim.state().shelf.archives, journal.entries().unwrap().len()), (5, 10));
    }
}

#[test]
fn a_plan_that_nothing_disturbs_is_executed_whole() {
    let (mut put_away, mut deleted) = (0, 0);
    for seed in 0..120 {
        let Some((plan, made)) = case(seed) else { continue };
        let sim = Sim::new(Caps::ECR, made());
        let outcome = once(&sim, &plan);
        assert_eq!(sim.state().violations, Vec::<String>::new(), "{seed}");
        assert!(outcome.is_complete(), "{seed}: {outcome:#}");
        assert_eq!(outcome.count(Fate::Archived), plan.archive.len(), "{seed}");
        put_away += archived(&sim);
        deleted += outcome.count(Fate::Deleted);
    }
    assert!(put_away > 100 && deleted > 20, "{put_away} {deleted}");
}

#[test]
fn whatever_fails_at_whatever_call_nothing_is_broken_and_a_second_run_completes() {
    let mut crashes = 0;
    for seed in 0..12 {
        let Some((plan, made)) = case(seed) else { continue };
        let sim = Sim::new(Caps::ECR, made());
        once(&sim, &plan);
        let (expected, calls) = (left(&sim), sim.state().calls);
        for call in 0..calls {
            for fault in [Fault::OnceBefore, Fault::OnceAfter, Fault::Killed, Fault::KilledBefore] {
                let mut state = made();
                let was = digests(&state);
                state.fault = Some((call, fault));
                let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
                let first = run(&sim, &journal, &plan);
                let about = format!("{seed}, {fault:?} at {call}");
                assert_eq!(sim.state().whole(&was), Vec::<String>::new(), "{about}");
                match (fault, first) {
                    (Fault::OnceBefore | Fault::OnceAfter, first) => drop(first.expect(&about)),
                    (_, Err(ApplyError::Stopped(_))) => crashes += 1,
                    (_, other) => panic!("{about}: {other:?}"),
                }
                sim.state().fault = None;
                let second = run(&sim, &journal, &plan).expect(&about);
                assert!(second.is_complete(), "{about}: {second:#}");
                assert_eq!(sim.state().violations, Vec::<String>::new(), "{about}");
                assert_eq!(left(&sim), expected, "{about}");
                // Every one is in the journal, so that all of it comes back.
                let entries = journal.entries().unwrap();
                let done: BTreeSet<&str> = entries
                    .iter()
                    .filter(|line| line.status == Status::Archived)
                    .map(|line| line.digest.as_str())
                    .collect();
                assert_eq!(done.len(), plan.archive.len(), "{about}");
            }
        }
    }
    assert!(crashes > 200, "{crashes}");
}

#[test]
fn whatever_is_pushed_between_two_calls_nothing_that_somebody_wants_is_archived() {
    let (mut put_away, mut stayed, mut unlucky) = (0, 0, 0);
    for seed in 0..120 {
        let Some((plan, made)) = case(seed) else { continue };
        for percent in [10, 50] {
            let state = made();
            let was = digests(&state);
            let sim = Sim::new(Caps::ECR, state).pusher(pusher(seed ^ 0xabcd, percent));
            let outcome = once(&sim, &plan);
            let state = sim.state();
            assert_eq!(state.violations, Vec::<String>::new(), "{seed} {percent}: {outcome:#}");
            if state.unlucky == 0 {
                assert_eq!(state.whole(&was), Vec::<String>::new(), "{seed} {percent}");
            }
            put_away += state.shelf.archived.len();
            stayed += plan.archive.len().saturating_sub(state.shelf.archived.len());
            unlucky += state.unlucky;
        }
    }
    assert!(put_away > 50 && stayed > 50, "{put_away} {stayed}");
    eprintln!("{put_away} archived, {stayed} stayed, {unlucky} in the last moment");
}

#[test]
fn faults_and_pushes_together_break_nothing_either() {
    for seed in 0..120 {
        let Some((plan, made)) = case(seed) else { continue };
        let mut state = made();
        let mut random = Random::new(seed ^ 0x77);
        let fault = [Fault::OnceBefore, Fault::OnceAfter, Fault::Killed][random.below(3)];
        state.fault = Some((random.below(60), fault));
        let was = digests(&state);
        let (sim, journal) = (Sim::new(Caps::ECR, state).pusher(pusher(seed, 30)), MemoryJournal::default());
        let first = run(&sim, &journal, &plan);
        assert!(matches!(first, Ok(_) | Err(ApplyError::Stopped(_))), "{first:?}");
        sim.state().fault = None;
        run(&sim, &journal, &plan).unwrap();
        let state = sim.state();
        assert_eq!(state.violations, Vec::<String>::new(), "{seed}");
        if state.unlucky == 0 {
            assert_eq!(state.whole(&was), Vec::<String>::new(), "{seed}");
        }
    }
}

#[test]
fn what_a_killed_run_archived_comes_back_wherever_it_was_killed() {
    let mut back = 0;
    for seed in (1..40).step_by(2) {
        let Some((plan, made)) = case(seed) else { continue };
        let whole = Sim::new(Caps::ECR, made());
        once(&whole, &plan);
        let calls = whole.state().calls;
        for call in (0..calls).step_by(2) {
            for fault in [Fault::Killed, Fault::KilledBefore] {
                let mut state = made();
                state.fault = Some((call, fault));
                let was = (digests(&state), state.tags.clone());
                let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
                run(&sim, &journal, &plan).unwrap_err();
                sim.state().fault = None;
                let lost = archived(&sim);
                let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
                assert_eq!((undone.left.len(), undone.activating.len()), (0, lost), "{seed} {call} {fault:?}");
                let mut state = sim.state();
                state.shelf.activate();
                assert_eq!((digests(&state), state.tags.clone()), was, "{seed} {call} {fault:?}");
                assert!(was.0.iter().all(|digest| state.is_active(digest)), "{seed} {call} {fault:?}");
                back += lost;
            }
        }
    }
    assert!(back > 100, "{back}");
}

#[test]
fn what_is_taken_out_is_on_its_way_and_stays_out() {
    let place = Place::new();
    let (plan, state) = place.made();
    let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
    run(&sim, &journal, &plan).unwrap();
    // Somebody has taken one out in the meantime, and deleted another one.
    sim.state().push(&place.kept, Some(&tag("pinned")));
    sim.state().shelf.archived.remove(place.signature.digest());
    sim.state().shelf.archived.remove(place.children[1].digest());
    sim.state().manifests.remove(place.children[1].digest());
    let undone = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    let name = |of: &RawManifest| format!("registry.test/app@{}", of.digest());
    assert_eq!(undone.restored, [name(&place.signature)]);
    assert_eq!(undone.left.len(), 1);
    assert_eq!(undone.left[0].0, name(&place.children[1]));
    // What was archived last comes first: an index after what it names.
    assert_eq!(undone.activating.len(), 3);
    let at = |of: &RawManifest| undone.activating.iter().position(|held| *held == name(of)).unwrap();
    assert!(at(&place.children[0]) < at(&place.index), "{:?}", undone.activating);
    let last = journal.entries().unwrap().pop().unwrap();
    assert_eq!(last.status, Status::Restored);
    assert!(last.why.is_some_and(|why| why.contains("cannot be pulled yet")));
    assert_eq!(sim.state().tags[&tag("pinned")], *place.kept.digest(), "a tag that was moved stays where it is");
    // While it is on its way nothing archives it again, and a second undo has nothing to do.
    let requests = sim.state().shelf.archives;
    let again = run(&sim, &journal, &plan).unwrap();
    assert_eq!(fate(&again, &place.index), Fate::Returned, "{again}");
    assert_eq!(sim.state().shelf.archives, requests);
    let twice = block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert_eq!((twice.restored.len(), twice.activating.len()), (0, 0));
    assert_eq!(sim.state().shelf.taken_out, 3);
}

#[test]
fn that_a_later_plan_no_longer_marks_it_does_not_hide_what_was_begun() {
    let place = Place::new();
    let mut settings = quick();
    settings.single_pass = false;
    let plan_at = |hours: i64| archiving(&place.state(), "transition", Caps::ECR, now() + hours.hours());
    let second = plan_at(25);
    let (sim, journal) = (Sim::new(Caps::ECR, told(place.state(), &second)), MemoryJournal::default());
    let apply = |plan: &Report, hours: i64| {
        let run = Apply::new(&sim, &journal).settings(settings.clone());
        block_on(run.run(plan, now() + hours.hours()))
    };
    apply(&plan_at(0), 0).unwrap();
    // Killed in the moment in which the registry has taken the first.
    let mut later = 0;
    while archived(&sim) == 0 {
        let calls = sim.state().calls;
        sim.state().fault = Some((calls + later, Fault::Killed));
        drop(apply(&second, 25));
        later += 1;
    }
    sim.state().fault = None;
    let mut none = plan_at(50);
    (none.actions, none.archive) = (Vec::new(), Vec::new());
    none.plan = none.digest().to_string();
    apply(&none, 50).unwrap();
    let lines = journal.entries().unwrap();
    assert_eq!(lines.last().unwrap().status, Status::Released);
    let undone = block_on(undo(&sim, &journal, &second.plan, now() + 51.hours())).unwrap();
    assert_eq!((undone.activating.len(), archived(&sim)), (1, 0), "{undone:?}");
}

#[test]
fn a_dry_run_says_what_would_be_archived_and_does_nothing() {
    let mut due = 0;
    for seed in 0..40 {
        let Some((plan, made)) = case(seed) else { continue };
        let (sim, journal) = (Sim::new(Caps::ECR, made()), MemoryJournal::default());
        let mut settings = quick();
        settings.dry_run = true;
        let would = block_on(Apply::new(&sim, &journal).settings(settings).run(&plan, now())).unwrap();
        assert_eq!(sim.state().shelf.archives, 0);
        assert_eq!(sim.state().deletes, 0);
        assert_eq!(journal.entries().unwrap(), []);
        let words = format!("{} to be archived", plan.archive.len());
        assert!(would.to_string().contains(&words), "{would}");
        let done = run(&sim, &journal, &plan).unwrap();
        assert_eq!(would.count(Fate::Due), done.count(Fate::Archived) + done.count(Fate::Deleted), "{would}\n{done}");
        due += plan.archive.len();
    }
    assert!(due > 30, "{due}");
}

#[test]
fn a_tag_that_the_plan_does_not_know_keeps_an_image_with_what_it_needs_and_what_is_attached() {
    let place = Place::new();
    let (plan, mut state) = place.made();
    state.push(&place.index, Some(&tag("v1")));
    let sim = Sim::new(Caps::ECR, state);
    let outcome = once(&sim, &plan);
    assert_eq!(fate(&outcome, &place.index), Fate::Retagged);
    for other in place.children.iter().chain([&place.signature]) {
        assert_eq!(fate(&outcome, other), Fate::Needed, "{outcome}");
    }
    assert_eq!(fate(&outcome, &place.alone), Fate::Archived);
    // A new index needs one of them.
    let (plan, mut state) = place.made();
    state.push(&index(9, &[&place.children[0]]), Some(&tag("v2")));
    let outcome = once(&Sim::new(Caps::ECR, state), &plan);
    assert_eq!(fate(&outcome, &place.children[0]), Fate::Needed);
    assert_eq!(fate(&outcome, &place.children[1]), Fate::Archived);
}

#[test]
fn a_tag_that_moves_before_or_while_the_run_is_under_way_keeps_what_it_moves_to() {
    let place = Place::new();
    for at in 0..8 {
        let (plan, state) = place.made();
        let (index, mut calls) = (place.index.clone(), 0);
        let sim = Sim::new(Caps::ECR, state).pusher(Box::new(move |state| {
            // The plan knows the tag, and that it stays: elsewhere.
            if calls == at {
                state.push(&index, Some(&tag("keep-1")));
            }
            calls += 1;
        }));
        let outcome = once(&sim, &plan);
        assert_eq!(fate(&outcome, &place.index), Fate::Retagged, "{at}: {outcome}");
        assert_eq!(sim.state().violations, Vec::<String>::new());
    }
}

#[test]
fn a_plan_that_names_no_tags_is_read_and_archives_nothing_that_has_one() {
    let place = Place::new();
    let (plan, state) = place.made();
    let mut written = serde_json::to_value(&plan).unwrap();
    let named = |action: &mut serde_json::Value| action.as_object_mut().unwrap().remove("expect_tags").is_some();
    let actions = written["actions"].as_array_mut().unwrap();
    assert_eq!(actions.iter_mut().map(named).filter(|named| *named).count(), 2, "{plan:?}");
    let mut former: Report = serde_json::from_value(written.clone()).unwrap();
    former.plan = former.digest().to_string();
    written["plan"] = former.plan.as_str().into();
    assert_eq!(serde_json::to_value(&former).unwrap(), written, "its id is what it was");
    let outcome = once(&Sim::new(Caps::ECR, state), &former);
    for tagged in [&place.index, &place.alone] {
        assert_eq!(fate(&outcome, tagged), Fate::Retagged, "{outcome}");
    }
    assert_eq!(outcome.count(Fate::Archived), 0, "what they need stays with them");
}

#[test]
fn what_is_in_use_by_now_is_not_archived() {
    let place = Place::new();
    for running in [
        Running::Digest(place.children[0].digest().clone()),
        Running::Alone(place.index.digest().clone()),
        Running::Tag("registry.test/app:old-1".to_owned()),
    ] {
        let (plan, state) = place.made();
        let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
        let runs = Runs::one(running.clone());
        let apply = Apply::new(&sim, &journal).settings(quick()).in_use(&runs);
        let outcome = block_on(apply.run(&plan, now())).unwrap();
        assert!(matches!(fate(&outcome, &place.index), Fate::InUse), "{running:?}: {outcome}");
        for stays in [&place.index, &place.signature] {
            assert!(sim.state().is_active(stays.digest()));
        }
        assert_eq!(fate(&outcome, &place.alone), Fate::Archived);
    }
}

#[test]
fn a_registry_without_an_archive_is_named_and_nothing_goes_there() {
    let place = Place::new();
    for caps in Caps::ALL {
        let (plan, state) = place.made();
        let sim = Sim::new(caps, state);
        let outcome = once(&sim, &plan);
        if caps.archives {
            assert_eq!((caps.name, outcome.is_complete()), ("Amazon ECR", true));
            continue;
        }
        assert_eq!(outcome.count(Fate::Blocked), 5, "{}: {outcome}", caps.name);
        assert!(!outcome.is_complete());
        for item in &outcome.items {
            let why = item.why.as_deref().unwrap();
            assert!(why.contains(caps.name) && why.contains("let a rule delete it or keep it"), "{why}");
        }
        assert_eq!(sim.state().calls, 0, "{}", caps.name);
    }
}

#[test]
fn a_second_plan_has_to_say_the_same_when_the_tags_are_still_the_same() {
    let place = Place::new();
    let mut settings = quick();
    (settings.single_pass, settings.quarantine) = (false, Duration::from_secs(3600));
    let (sim, journal) = (Sim::new(Caps::ECR, place.state()), MemoryJournal::default());
    let plan_at = |minutes: i64| archiving(&sim.state(), "transition", Caps::ECR, now() + minutes.minutes());
    let apply = |plan: &Report, minutes: i64| {
        sim.state().shelf.condemned = told(State::default(), plan).shelf.condemned;
        let run = Apply::new(&sim, &journal).settings(settings.clone());
        block_on(run.run(plan, now() + minutes.minutes())).unwrap()
    };
    let first = plan_at(0);
    assert_eq!(apply(&first, 0).count(Fate::Quarantined), 5);
    assert_eq!(apply(&first, 90).count(Fate::Quarantined), 5, "the same plan twice is one");
    // Somebody goes back to the old index: the tag is one that every plan knows.
    let was = plan_at(91);
    sim.state().push(&place.index, Some(&tag("keep-1")));
    let outcome = apply(&was, 92);
    assert_eq!(fate(&outcome, &place.index), Fate::Retagged, "{outcome}");
    assert_eq!(fate(&outcome, &place.alone), Fate::Archived, "{outcome}");
    // With another tag it is condemned for the first time.
    assert_eq!(fate(&apply(&plan_at(93), 93), &place.index), Fate::Quarantined);
    assert_eq!(fate(&apply(&plan_at(152), 152), &place.index), Fate::Quarantined);
    assert!(sim.state().is_active(place.index.digest()));
    assert_eq!(fate(&apply(&plan_at(154), 154), &place.index), Fate::Archived);
    assert_eq!(sim.state().violations, Vec::<String>::new());
}

#[test]
fn limits_count_what_is_archived_with_what_is_deleted_and_protected_tags_stop_it() {
    let place = Place::new();
    let (plan, _) = place.made();
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = quick();
        change(&mut settings);
        let sim = Sim::new(Caps::ECR, place.made().1);
        let ended = block_on(Apply::new(&sim, &MemoryJournal::default()).settings(settings).run(&plan, now()));
        let requests = sim.state().shelf.archives;
        (ended, requests)
    };
    let (most, _) = with(&|it| it.max_delete = Some(4));
    let most = most.unwrap_err();
    assert!(most.to_string().contains("of 6 manifests it would delete 0 and archive 5, and may take 4"), "{most}");
    let (ratio, requests) = with(&|it| it.max_delete_ratio = Some(0.5));
    assert!(matches!(ratio, Err(ApplyError::TooMany { archives: 5, .. })) && requests == 0, "{ratio:?}");
    assert_eq!(with(&|it| (it.max_delete, it.max_delete_ratio) = (Some(5), Some(0.84))).1, 5);
    // The plan takes no tag: the image goes with it.
    let (protected, requests) = with(&|it| it.protected = vec![Glob::new("pin*").unwrap()]);
    assert!(matches!(&protected, Err(ApplyError::Protected(tag)) if tag.ends_with(":pinned")), "{protected:?}");
    assert_eq!(requests, 0);
    let mut both = plan.clone();
    both.keep.push(both.archive[0].clone());
    let sim = Sim::new(Caps::ECR, place.made().1);
    assert!(matches!(run(&sim, &MemoryJournal::default(), &both), Err(ApplyError::Invalid(_))));
}

#[test]
fn a_plan_that_archives_more_than_the_approved_one_is_another_one() {
    let place = Place::new();
    let (approved, _) = place.made();
    let mut less = place.state();
    less.tags.remove(&tag("old-2"));
    less.manifests.remove(place.alone.digest());
    less.tags.remove(&tag("pinned"));
    let less = archiving(&less, "transition", Caps::ECR, now());
    assert_eq!(still(&approved, less.clone()).unwrap(), less);
    let changed = still(&less, approved).unwrap_err().to_string();
    assert!(changed.contains("it would also archive") && changed.contains(place.alone.digest().as_str()), "{changed}");
    let mut tagged = place.state();
    tagged.push(&place.alone, Some(&tag("old-3")));
    let tagged = archiving(&tagged, "transition", Caps::ECR, now());
    assert_eq!(still(&tagged, less.clone()).unwrap(), less);
    let changed = still(&place.made().0, tagged).unwrap_err().to_string();
    assert!(changed.contains("it would also archive") && changed.contains(place.alone.digest().as_str()), "{changed}");
}

#[test]
fn what_is_in_the_archive_already_is_left_there_by_undo() {
    let place = Place::new();
    let (plan, mut state) = place.made();
    state.shelf.archived.insert(place.alone.digest().clone());
    let (sim, journal) = (Sim::new(Caps::ECR, state), MemoryJournal::default());
    let outcome = run(&sim, &journal, &plan).unwrap();
    assert!(outcome.is_complete(), "{outcome}");
    block_on(undo(&sim, &journal, &plan.plan, now())).unwrap();
    assert_eq!(sim.state().shelf.archived.iter().collect::<Vec<_>>(), [place.alone.digest()]);
}

#[test]
fn one_that_the_registry_does_not_take_is_refused_and_holds_back_what_goes_after_it() {
    let place = Place::new();
    let (plan, mut state) = place.made();
    // An index that nothing leads to, and the plan does not know: only the registry sees it.
    state.push(&index(8, &[&place.index]), None);
    let sim = Sim::new(Caps::ECR, state);
    let outcome = once(&sim, &plan);
    assert_eq!(fate(&outcome, &place.index), Fate::Refused, "{outcome}");
    for other in place.children.iter().chain([&place.signature]) {
        assert_eq!(fate(&outcome, other), Fate::HeldBack, "{outcome}");
    }
    assert!(outcome.to_string().contains("which it is attached to, is not gone"), "{outcome}");
    assert_eq!(fate(&outcome, &place.alone), Fate::Archived);
}

#[test]
fn nothing_is_archived_over_the_distribution_api() {
    use lockage_policy::apply::{Plain, Remover as _};
    use lockage_registry::Memory;
    use lockage_registry::inventory::Walk;
    let memory = Memory::new("registry.test".parse().unwrap());
    let plain = Plain::new(&memory, Walk::new(&memory), Caps::ECR);
    assert!(!plain.caps().archives);
    let digest = image(1, None).digest().clone();
    let refused = block_on(plain.archive(&"registry.test/app".parse().unwrap(), &digest)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.to_string().contains("nothing is archived at Amazon ECR this way"), "{refused}");
}
