//! A dry run: looks as a run does, and leaves everything as it is.

use futures::executor::block_on;
use lockage_policy::apply::{Apply, Caps, Fate, Journal as _, MemoryJournal};

use crate::campaign::quick;
use crate::case::{Random, digests, image, now, planned, registry, tag, told};
use crate::sim::Sim;

#[test]
fn a_dry_run_says_what_a_run_would_do_and_does_nothing() {
    let mut due = 0;
    for caps in Caps::ALL {
        for seed in 0..15 {
            let made = || registry(&mut Random::new(seed));
            let plan = planned(&made(), caps, now());
            let sim = Sim::new(caps, told(made(), &plan));
            let (was, journal) = (digests(&sim.state()), MemoryJournal::default());
            let mut settings = quick();
            settings.dry_run = true;
            let would = block_on(Apply::new(&sim, &journal).settings(settings).run(&plan, now())).unwrap();
            assert_eq!(sim.state().deletes, 0);
            assert_eq!(digests(&sim.state()), was);
            assert_eq!(journal.entries().unwrap(), []);
            let done = block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap();
            if done.count(Fate::Refused) == 0 {
                assert_eq!(would.count(Fate::Due), done.count(Fate::Deleted), "{} {seed}: {would}\n{done}", caps.name);
            }
            due += would.count(Fate::Due);
        }
    }
    assert!(due > 100, "{due}");
}

#[test]
fn a_dry_run_sees_what_has_moved_and_marks_nothing() {
    let mut state = crate::sim::State::default();
    state.push(&image(1, None), Some(&tag("old-1")));
    state.push(&image(2, None), Some(&tag("keep-2")));
    let plan = planned(&state, Caps::DISTRIBUTION, now());
    let mut state = told(state, &plan);
    state.tags.insert(tag("v1"), image(1, None).digest().clone());
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
    for (single_pass, expected) in [(true, Fate::Retagged), (false, Fate::Quarantined)] {
        let mut settings = quick();
        (settings.dry_run, settings.single_pass) = (true, single_pass);
        let outcome = block_on(Apply::new(&sim, &journal).settings(settings).run(&plan, now())).unwrap();
        assert_eq!(outcome.items[0].fate, expected);
        assert_eq!(journal.entries().unwrap(), []);
    }
}
