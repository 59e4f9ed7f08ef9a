//! The journal: what a crash leaves of it, and who may write it.

use std::error::Error;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use lockage_policy::apply::{Apply, ApplyError, Caps, Entry, FileJournal, Journal, MemoryJournal};

use crate::campaign::quick;
use crate::case::{Random, digests, now, planned, registry, told};
use crate::sim::{Sim, State};

#[test]
fn a_line_that_a_crash_has_cut_is_dropped_and_one_that_was_changed_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let seed =
        (0..).find(|seed| !planned(&registry(&mut Random::new(*seed)), Caps::DISTRIBUTION, now()).actions.is_empty());
    let made = || registry(&mut Random::new(seed.unwrap()));
    let plan = planned(&made(), Caps::DISTRIBUTION, now());
    let sim = Sim::new(Caps::DISTRIBUTION, told(made(), &plan));
    let journal = FileJournal::open(&path).unwrap();
    block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())).unwrap();
    let whole = journal.entries().unwrap();
    assert!(whole.len() >= 2 * plan.actions.len());
    let taken = FileJournal::open(&path).unwrap_err();
    assert_eq!(taken.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::WouldBlock, "another run has it");
    drop(journal);
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 5]).unwrap();
    let journal = FileJournal::open(&path).unwrap();
    assert_eq!(journal.entries().unwrap(), whole[..whole.len() - 1]);
    journal.append(&whole[0]).unwrap();
    assert_eq!(journal.entries().unwrap().len(), whole.len());
    drop(journal);
    fs::write(&path, "{\"plan\": 1}\n").unwrap();
    let journal = FileJournal::open(&path).unwrap();
    let error = journal.entries().unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: line 1: ", path.display())), "{error}");
    let sim = Sim::new(Caps::DISTRIBUTION, State::default());
    let stopped = block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now()));
    assert!(matches!(stopped, Err(ApplyError::Unread(_))), "{stopped:?}");
    assert_eq!(sim.state().calls, 0);
}

/// A disk that is full after so many lines.
#[derive(Debug)]
struct Full(MemoryJournal, AtomicUsize);

impl Journal for Full {
    fn entries(&self) -> Result<Vec<Entry>, Box<dyn Error + Send + Sync>> {
        self.0.entries()
    }

    fn append(&self, entry: &Entry) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
            return Err("no space left".into());
        }
        self.0.append(entry)
    }
}

#[test]
fn a_run_that_cannot_write_its_journal_ends_and_goes_on_later() {
    for seed in 0..10 {
        let made = || registry(&mut Random::new(seed));
        let plan = planned(&made(), Caps::DISTRIBUTION, now());
        for lines in 0..3 * plan.actions.len() {
            let state = told(made(), &plan);
            let was = digests(&state);
            let sim = Sim::new(Caps::DISTRIBUTION, state);
            let journal = Full(MemoryJournal::default(), AtomicUsize::new(lines));
            match block_on(Apply::new(&sim, &journal).settings(quick()).run(&plan, now())) {
                Ok(outcome) => assert!(outcome.is_complete()),
                Err(error) => assert!(matches!(error, ApplyError::Journal(_)), "{error}"),
            }
            assert!(sim.state().deletes <= lines, "what is deleted was written down before");
            assert_eq!(sim.state().whole(&was), Vec::<String>::new());
            let again = block_on(Apply::new(&sim, &journal.0).settings(quick()).run(&plan, now())).unwrap();
            assert!(again.is_complete(), "{seed} {lines}: {again}");
        }
    }
}
