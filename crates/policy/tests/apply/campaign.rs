//! I17 and I18: a fault at every call, and a concurrent pusher between any two, for every preset.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::executor::block_on;
use lockage_policy::apply::{Apply, ApplyError, Caps, Fate, MemoryJournal, Settings};
use lockage_policy::retain::Report;
use lockage_registry::{Digest, Repository, Tag};

use crate::case::{Random, digests, now, planned, pusher, registry, told};
use crate::sim::{Fault, Sim, State};

pub(crate) fn quick() -> Settings {
    let mut settings = Settings::default();
    (settings.single_pass, settings.longest_pause, settings.pace) = (true, Duration::ZERO, false);
    settings
}

/// So many cases, times what `scripts/retain-apply` says.
fn cases(usual: u64) -> u64 {
    usual * factor()
}

fn factor() -> u64 {
    std::env::var("RETAIN_APPLY_FACTOR").map_or(1, |factor| factor.parse().unwrap())
}

fn run(sim: &Sim, journal: &MemoryJournal, plan: &Report) -> Result<lockage_policy::apply::Outcome, ApplyError> {
    block_on(Apply::new(sim, journal).settings(quick()).run(plan, now()))
}

fn left(sim: &Sim) -> (Vec<Digest>, BTreeMap<Tag, Digest>) {
    let state = sim.state();
    (state.manifests.keys().cloned().collect(), state.tags.clone())
}

fn case(seed: u64, caps: Caps) -> Option<(Report, impl Fn() -> State)> {
    let made = move || registry(&mut Random::new(seed));
    let plan = planned(&made(), caps, now());
    if plan.actions.is_empty() {
        return None;
    }
    let told_plan = plan.clone();
    Some((plan, move || told(made(), &told_plan)))
}

#[test]
fn a_plan_that_nothing_disturbs_is_executed_whole() {
    let mut deleted = 0;
    for caps in Caps::ALL {
        for seed in 0..cases(40) {
            let Some((plan, made)) = case(seed, caps) else { continue };
            let sim = Sim::new(caps, made());
            let outcome = run(&sim, &MemoryJournal::default(), &plan).unwrap();
            let state = sim.state();
            assert_eq!(state.violations, Vec::<String>::new(), "{} {seed}", caps.name);
            for item in &outcome.items {
                // One registry keeps what something is attached to that stays.
                let refused = caps.needs_referrers_first && matches!(item.fate, Fate::Refused | Fate::HeldBack);
                assert!(refused || item.fate.is_gone(), "{} {seed}: {item}", caps.name);
            }
            if outcome.count(Fate::Refused) > 0 {
                continue;
            }
            assert!(state.condemned.iter().all(|digest| !state.manifests.contains_key(digest)), "{} {seed}", caps.name);
            deleted += state.condemned.len();
        }
    }
    assert!(deleted as u64 > cases(300), "{deleted}");
}

#[test]
fn whatever_fails_at_whatever_call_nothing_is_broken_and_a_second_run_completes() {
    let mut crashes = 0;
    for caps in Caps::ALL {
        for seed in 0..cases(2) {
            let Some((plan, made)) = case(seed, caps) else { continue };
            let sim = Sim::new(caps, made());
            run(&sim, &MemoryJournal::default(), &plan).unwrap();
            let (expected, calls) = (left(&sim), sim.state().calls);
            for call in 0..calls {
                for fault in [Fault::OnceBefore, Fault::OnceAfter, Fault::Killed, Fault::KilledBefore] {
                    let mut state = made();
                    let was = digests(&state);
                    state.fault = Some((call, fault));
                    let (sim, journal) = (Sim::new(caps, state), MemoryJournal::default());
                    let first = run(&sim, &journal, &plan);
                    let about = format!("{} {seed}, {fault:?} at {call}", caps.name);
                    assert_eq!(sim.state().whole(&was), Vec::<String>::new(), "{about}");
                    match (fault, first) {
                        (Fault::OnceBefore | Fault::OnceAfter, first) => drop(first.expect(&about)),
                        (_, Err(ApplyError::Stopped(_))) => crashes += 1,
                        // The last calls may fail after everything was done.
                        (_, other) => panic!("{about}: {other:?}"),
                    }
                    sim.state().fault = None;
                    run(&sim, &journal, &plan).expect(&about);
                    assert_eq!(sim.state().violations, Vec::<String>::new(), "{about}");
                    assert_eq!(left(&sim), expected, "{about}");
                }
            }
        }
    }
    assert!(crashes > cases(200), "{crashes}");
    eprintln!("{crashes} runs were killed");
}

#[test]
fn whatever_is_pushed_between_two_calls_nothing_that_moved_is_deleted() {
    let (mut pushed, mut deleted, mut unlucky) = (0, 0, 0);
    for caps in Caps::ALL {
        for seed in 0..cases(20) {
            let Some((plan, made)) = case(seed, caps) else { continue };
            for percent in [10, 50] {
                let state = made();
                let was = digests(&state);
                let before = state.tags.len();
                let sim = Sim::new(caps, state).pusher(pusher(seed ^ 0xabcd, percent));
                run(&sim, &MemoryJournal::default(), &plan).unwrap();
                let state = sim.state();
                assert_eq!(state.violations, Vec::<String>::new(), "{} {seed} {percent}", caps.name);
                if state.unlucky == 0 {
                    assert_eq!(state.whole(&was), Vec::<String>::new(), "{} {seed} {percent}", caps.name);
                }
                pushed += state.tags.len().saturating_sub(before);
                deleted += state.condemned.iter().filter(|digest| !state.manifests.contains_key(*digest)).count();
                unlucky += state.unlucky;
                if caps.compare_and_delete {
                    // What compares loses no tag, whenever it moves: only a manifest without tags goes by its digest.
                    assert_eq!(lost_tags(&state), Vec::<&Tag>::new(), "{seed}");
                }
            }
        }
    }
    assert!(pushed as u64 > cases(300) && deleted as u64 > cases(100), "{pushed} {deleted}");
    // The last look and the delete are two requests; what comes in between cannot be seen.
    eprintln!("{pushed} pushed, {deleted} deleted, {unlucky} in the last moment");
}

/// Tags that lead to nothing.
fn lost_tags(state: &State) -> Vec<&Tag> {
    state.tags.iter().filter(|(_, digest)| !state.manifests.contains_key(*digest)).map(|(tag, _)| tag).collect()
}

#[test]
fn faults_and_pushes_together_break_nothing_either() {
    for caps in Caps::ALL {
        for seed in 0..cases(20) {
            let Some((plan, made)) = case(seed, caps) else { continue };
            let mut state = made();
            let mut random = Random::new(seed ^ 0x77);
            let fault = [Fault::OnceBefore, Fault::OnceAfter, Fault::Killed][random.below(3)];
            state.fault = Some((random.below(60), fault));
            let was = digests(&state);
            let (sim, journal) = (Sim::new(caps, state).pusher(pusher(seed, 30)), MemoryJournal::default());
            let first = run(&sim, &journal, &plan);
            assert!(matches!(first, Ok(_) | Err(ApplyError::Stopped(_))), "{first:?}");
            sim.state().fault = None;
            run(&sim, &journal, &plan).unwrap();
            let state = sim.state();
            assert_eq!(state.violations, Vec::<String>::new(), "{} {seed}", caps.name);
            if state.unlucky == 0 {
                assert_eq!(state.whole(&was), Vec::<String>::new(), "{} {seed}", caps.name);
            }
        }
    }
}

#[test]
fn the_repository_of_the_cases_is_one() {
    assert!(crate::case::REPOSITORY.parse::<Repository>().is_ok());
}
