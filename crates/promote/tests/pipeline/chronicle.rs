//! Chronicles: one order for every reader, and what follows from it.

use std::time::{Duration, SystemTime};

use futures::executor::block_on;
use lockage_promote::ledger::{
    Chronicle, Entry, History as _, Kind, Ledger as _, MemoryLedger, Phase, Recorded, Standing,
};
use lockage_promote::pipeline::{Name, memory};
use lockage_registry::{Algorithm, Digest, digest_of};
use proptest::prelude::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn digest(n: u8) -> Digest {
    digest_of(Algorithm::Sha256, &[n]).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn entry(kind: Kind, digest: Digest, environment: Option<&str>, seconds: u64) -> Entry {
    let entry = Entry::new(kind, name("app"), digest, "tester", at(seconds));
    environment.map_or(entry.clone(), |environment| entry.in_environment(name(environment)))
}

fn arrived(n: u8, environment: &str, seconds: u64) -> Entry {
    entry(Kind::Observe { tags: Vec::new() }, digest(n), Some(environment), seconds)
}

fn chronicle(entries: impl IntoIterator<Item = Entry>) -> Chronicle {
    let ledger = MemoryLedger::new();
    for entry in entries {
        block_on(ledger.append(entry)).unwrap();
    }
    Chronicle::of(block_on(ledger.entries(None)).unwrap())
}

#[test]
fn what_arrived_last_is_current_and_times_are_told() {
    let told = chronicle([
        arrived(1, "stage", 0),
        arrived(2, "stage", 100),
        arrived(2, "stage", 150),
        arrived(1, "stage", 300),
        arrived(9, "prod", 400),
    ]);
    let (app, stage) = (name("app"), name("stage"));
    assert_eq!(told.current(&app, &stage).unwrap().entry.digest, digest(1));
    assert!(told.current(&name("other"), &stage).is_none());
    assert_eq!(told.stays(&app, &stage).len(), 3, "the same image again has not left");
    let time = |n, total| told.time_in(&app, &stage, &digest(n), at(350), total).as_secs();
    assert_eq!((time(1, false), time(1, true)), (50, 150));
    assert_eq!((time(2, false), time(2, true)), (0, 200));
    assert!(told.was_in(&app, &stage, &digest(2)) && !told.was_in(&app, &stage, &digest(9)));
}

#[test]
fn a_denial_holds_until_it_is_released_where_it_was_made() {
    let deny = |environment, seconds| entry(Kind::Deny { reason: "bad".into() }, digest(1), environment, seconds);
    let release = |environment, seconds| {
        let kind = Kind::Release { of: Standing::Denial, reason: "good".into() };
        entry(kind, digest(1), environment, seconds)
    };
    let is_denied = |entries: Vec<Entry>, environment: &str| {
        chronicle(entries).denied(&name("app"), &name(environment), &digest(1)).is_some()
    };
    assert!(is_denied(vec![deny(None, 0)], "prod"));
    assert!(is_denied(vec![deny(Some("prod"), 0)], "prod"));
    assert!(!is_denied(vec![deny(Some("prod"), 0)], "stage"));
    assert!(!is_denied(vec![deny(Some("prod"), 0), release(Some("prod"), 1)], "prod"));
    assert!(is_denied(vec![deny(None, 0), release(Some("prod"), 1)], "prod"), "released there, denied everywhere");
    assert!(!is_denied(vec![deny(None, 0), deny(Some("prod"), 1), release(None, 2)], "prod"));
    assert!(is_denied(vec![deny(None, 0), release(None, 1), deny(None, 2)], "prod"));
    let hold = Kind::Release { of: Standing::Hold, reason: "go".into() };
    assert!(is_denied(vec![deny(None, 0), entry(hold, digest(1), None, 1)], "prod"), "a hold is no denial");
}

#[test]
fn a_hold_ends_by_release_or_by_itself() {
    let hold = |until, seconds| entry(Kind::Hold { reason: "wait".into(), until }, digest(1), Some("prod"), seconds);
    let release = entry(Kind::Release { of: Standing::Hold, reason: "go".into() }, digest(1), Some("prod"), 50);
    let held = |entries: Vec<Entry>, now| chronicle(entries).held(&name("app"), &name("prod"), at(now)).is_some();
    assert!(held(vec![hold(None, 0)], 1_000_000));
    assert!(held(vec![hold(Some(at(10)), 0)], 9) && !held(vec![hold(Some(at(10)), 0)], 10));
    assert!(!held(vec![hold(None, 0), release.clone()], 60));
    assert!(held(vec![hold(None, 0), release, hold(None, 70)], 80));
}

/// An entry about another image may be all that links two of one image, and the clock of who wrote the second may be behind.
#[test]
fn what_is_about_one_image_stays_in_order_though_entries_about_others_link_it() {
    for n in 0..20 {
        let observed = Kind::Observe { tags: Vec::new() };
        let other = Entry::new(observed, name("other"), digest(9), "tester", at(50)).in_environment(name("prod"));
        let all = chronicle([arrived(n, "prod", 100), other, arrived(n + 1, "prod", 10)]);
        let told = all.of_image(&name("app"));
        assert_eq!(told.entries().len(), 2);
        assert_eq!(told.current(&name("app"), &name("prod")).unwrap().entry.digest, digest(n + 1), "{n}");
    }
}

#[test]
fn an_entry_is_read_back_as_it_was_written() {
    let written = Recorded::new(arrived(1, "prod", 5)).unwrap();
    let text = serde_json::to_string(&written).unwrap();
    assert!(text.contains(r#""at":"2023-11-14T22:13:25Z""#), "{text}");
    let read: Recorded = serde_json::from_str(&text).unwrap();
    assert_eq!((read.entry.id().unwrap(), &read), (written.id.clone(), &written));
}

proptest! {
    /// Whatever the order in which a reader meets them, and however often.
    #[test]
    fn every_reader_agrees_on_the_order(
        forks in prop::collection::vec((0u8..4, 0u64..5, prop::collection::vec(any::<prop::sample::Index>(), 0..3)), 1..24),
        seed in any::<u64>(),
    ) {
        let mut all: Vec<Recorded> = Vec::new();
        for (n, (image, seconds, parents)) in forks.into_iter().enumerate() {
            let mut entry = arrived(image, "prod", seconds * 10 + n as u64 % 3);
            entry.parents = parents.iter().filter(|_| !all.is_empty()).map(|i| all[i.index(all.len())].id.clone()).collect();
            all.push(Recorded::new(entry).unwrap());
        }
        let ids = |entries: Vec<Recorded>| -> Vec<Digest> {
            Chronicle::of(entries).entries().iter().map(|recorded| recorded.id.clone()).collect()
        };
        let one = ids(all.clone());
        let mut other: Vec<_> = all.iter().chain(&all).cloned().collect();
        let (len, mut state) = (other.len(), seed);
        for i in 0..len {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            other.swap(i, (state >> 33) as usize % len);
        }
        prop_assert_eq!(&one, &ids(other));
        for recorded in &all {
            let place = |id: &Digest| one.iter().position(|other| other == id);
            for parent in &recorded.entry.parents {
                prop_assert!(place(parent) < place(&recorded.id), "a parent comes first");
            }
        }
    }
}

#[test]
fn what_is_taken_back_is_not_begun_and_what_another_has_begun_since_is() {
    let intent = |n, seconds| {
        let kind = Kind::Promote {
            phase: Phase::Intent,
            from: name("dev"),
            edge: name("dev-stage"),
            plan: digest(100 + n),
            tags: Vec::new(),
            evidence: Vec::new().into(),
            parent: None,
        };
        entry(kind, digest(n), Some("stage"), seconds)
    };
    let back = |n, seconds| {
        let kind = Kind::Revert { plan: digest(100 + n), reason: "denied".to_owned(), tags: Vec::new() };
        entry(kind, digest(n), Some("stage"), seconds)
    };
    let begun = |entries: Vec<Entry>| {
        let told = chronicle(entries);
        let ended: Vec<bool> = memory::history(&told, None, None).lines.iter().map(|line| line.ended).collect();
        (told.begun(&name("app"), &name("stage")).map(|one| one.entry.digest.clone()), ended)
    };
    assert_eq!(begun(vec![intent(1, 0), back(1, 1)]), (None, vec![true, true]));
    assert_eq!(begun(vec![intent(1, 0), intent(2, 1), back(1, 2)]), (Some(digest(2)), vec![true, false, true]));
    assert_eq!(begun(vec![intent(1, 0), back(1, 1), intent(1, 2)]), (Some(digest(1)), vec![true, true, false]));
}
