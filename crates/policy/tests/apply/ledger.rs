//! What a ledger is told: every delete with its plan, policy and rule, and what came back.

use std::sync::Arc;

use futures::executor::block_on;
use lockage_policy::apply::{Apply, Caps, LedgerAudit, MemoryJournal, Undo};
use lockage_promote::ledger::{History as _, Kind, MemoryLedger, Recorded};

use crate::campaign::quick;
use crate::case::{image, now, planned, tag, told};
use crate::sim::{Fault, Sim, State};

fn made() -> State {
    let mut state = State::default();
    state.push(&image(1, None), Some(&tag("old-1")));
    state.push(&image(2, None), Some(&tag("keep-2")));
    state.tags.insert(tag("old-2"), image(2, None).digest().clone());
    state
}

#[test]
fn every_delete_is_entered_and_every_return() {
    let plan = planned(&made(), Caps::DISTRIBUTION, now());
    let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, told(made(), &plan)), MemoryJournal::default());
    let ledger = Arc::new(MemoryLedger::default());
    let audit = LedgerAudit::new(ledger.clone(), "the test");
    block_on(Apply::new(&sim, &journal).settings(quick()).audit(&audit).run(&plan, now())).unwrap();
    let entries = block_on(ledger.entries(None)).unwrap();
    assert_eq!(entries.len(), 2);
    for Recorded { entry, .. } in &entries {
        let Kind::Remove { repository, whole, archived: false, plan: of, policy, rule, tags } = &entry.kind else {
            panic!("{entry:?}")
        };
        assert_eq!((repository.as_str(), rule.as_deref()), ("registry.test/app", Some("old")));
        assert_eq!((of.as_str(), policy.as_str()), (plan.plan.as_str(), plan.policy.as_str()));
        assert_eq!((entry.image.as_str(), entry.actor.as_str()), ("app", "the test"));
        let (digest, name) = if *whole { (image(1, None), "old-1") } else { (image(2, None), "old-2") };
        assert_eq!((&entry.digest, tags.as_slice()), (digest.digest(), &[tag(name)][..]));
    }
    assert!(block_on(ledger.entries(Some(&"app".parse().unwrap()))).unwrap().len() == 2);
    let audit = audit.image("team/service".parse().unwrap());
    block_on(Undo::new(&sim, &journal).audit(&audit).run(&plan.plan, now())).unwrap();
    let back = block_on(ledger.entries(Some(&"team/service".parse().unwrap()))).unwrap();
    assert_eq!(back.len(), 2);
    assert!(back.iter().all(|it| matches!(&it.entry.kind, Kind::Restore { plan: of, .. } if of.as_str() == plan.plan)));
}

#[test]
fn no_delete_is_missing_wherever_the_run_was_killed() {
    let plan = planned(&made(), Caps::DISTRIBUTION, now());
    for call in 0..40 {
        let mut state = told(made(), &plan);
        state.fault = Some((call, Fault::Killed));
        let (sim, journal) = (Sim::new(Caps::DISTRIBUTION, state), MemoryJournal::default());
        let ledger = Arc::new(MemoryLedger::default());
        let audit = LedgerAudit::new(ledger.clone(), "the test");
        let run = || block_on(Apply::new(&sim, &journal).settings(quick()).audit(&audit).run(&plan, now()));
        drop(run());
        sim.state().fault = None;
        run().unwrap();
        let entries = block_on(ledger.entries(None)).unwrap();
        for digest in [image(1, None), image(2, None)] {
            assert!(entries.iter().any(|it| it.entry.digest == *digest.digest()), "{call}");
        }
    }
}

#[cfg(feature = "import-ecr")]
#[test]
fn what_is_archived_is_entered_as_archived_and_its_return_as_one() {
    let plan = crate::case::archiving(&made(), "transition", Caps::ECR, now());
    let (sim, journal) = (Sim::new(Caps::ECR, told(made(), &plan)), MemoryJournal::default());
    let ledger = Arc::new(MemoryLedger::default());
    let audit = LedgerAudit::new(ledger.clone(), "the test");
    block_on(Apply::new(&sim, &journal).settings(quick()).audit(&audit).run(&plan, now())).unwrap();
    let entries = block_on(ledger.entries(None)).unwrap();
    assert_eq!((entries.len(), plan.archive.len()), (2, 2));
    for Recorded { entry, .. } in &entries {
        let Kind::Remove { whole: true, archived: true, plan: of, rule, tags, .. } = &entry.kind else {
            panic!("{entry:?}")
        };
        assert_eq!((of.as_str(), rule.as_deref()), (plan.plan.as_str(), Some("rule 1")));
        let with = if entry.digest == *image(1, None).digest() {
            vec![tag("old-1")]
        } else {
            vec![tag("keep-2"), tag("old-2")]
        };
        assert_eq!(*tags, with);
        assert!(serde_json::to_string(&entry).unwrap().contains("\"archived\":true"));
    }
    block_on(Undo::new(&sim, &journal).audit(&audit).run(&plan.plan, now())).unwrap();
    let back = block_on(ledger.entries(None)).unwrap();
    assert_eq!(back.iter().filter(|it| matches!(it.entry.kind, Kind::Restore { .. })).count(), 2);
}
