//! Every reader, in whatever order it learns of entries, comes to the same history.

use std::collections::BTreeSet;

use lockage_promote::ledger::{Chronicle, ExportedLedger, History as _, Ledger as _, Recorded, RegistryLedger};
use lockage_promote::ledger::{Entry, Kind, Standing};
use lockage_registry::{Digest, Memory};
use proptest::prelude::*;

use crate::world::{at, digest, ledger, memory, name, trust};

fn kind(n: u8) -> Kind {
    let reason = "because".to_owned();
    match n % 5 {
        0 => Kind::Deny { reason },
        1 => Kind::Release { of: Standing::Denial, reason },
        2 => Kind::Hold { reason, until: None },
        _ => Kind::Observe { tags: Vec::new() },
    }
}

/// Who writes, what, of which image, and when: clocks differ.
fn history() -> impl Strategy<Value = Vec<(usize, u8, u64, u64)>> {
    prop::collection::vec((0..3_usize, any::<u8>(), 0..4_u64, 0..120_u64), 1..24)
}

fn answers(entries: Vec<Recorded>) -> Vec<String> {
    let told = Chronicle::of(entries);
    let (app, prod) = (name("app"), name("prod"));
    let mut answers: Vec<String> = told.entries().iter().map(|recorded| recorded.id.to_string()).collect();
    answers.push(format!("{:?}", told.current(&app, &prod).map(|recorded| &recorded.id)));
    answers.push(format!("{:?}", told.stays(&app, &prod)));
    answers.push(format!("{:?}", told.held(&app, &prod, at(500))));
    answers.extend((0..4).map(|n| format!("{:?}", told.denied(&app, &prod, &digest(n)))));
    answers
}

async fn write(memory: &Memory, history: &[(usize, u8, u64, u64)], every: usize) -> Vec<Digest> {
    // Three processes: what each knows of the others is as old as its last listing.
    let writers: Vec<RegistryLedger> = (0..3).map(|_| ledger(memory.clone()).checkpoint_every(every)).collect();
    let mut ids = Vec::new();
    for (n, (writer, what, image, time)) in history.iter().enumerate() {
        let entry = Entry::new(kind(*what), name("app"), digest(*image), format!("{n}"), at(*time));
        ids.push(writers[*writer].append(entry.in_environment(name("prod"))).await.unwrap());
    }
    ids
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_history_is_the_same_from_the_registry_the_export_and_in_any_order(
        history in history(), every in 2..9_usize, shuffle in any::<prop::sample::Index>(),
    ) {
        futures::executor::block_on(async {
            let memory = memory();
            write(&memory, &history, every).await;
            let reader = ledger(memory.clone());
            let entries = reader.entries(None).await.unwrap();
            let expected = answers(entries.clone());
            assert_eq!(expected.len(), history.len() + 7, "no entry is lost");

            let mut rotated = entries.clone();
            rotated.rotate_left(shuffle.index(entries.len()));
            assert_eq!(answers(rotated.clone()), expected);
            rotated.reverse();
            rotated.extend(entries.into_iter().take(3));
            assert_eq!(answers(rotated), expected, "an entry that is learned twice counts once");

            let mut export = Vec::new();
            reader.export(&mut export).await.unwrap();
            let mut lines: Vec<&[u8]> = export.split_inclusive(|byte| *byte == b'\n').collect();
            lines.reverse();
            let by = shuffle.index(lines.len());
            lines.rotate_left(by);
            let exported = ExportedLedger::read(&lines.concat()[..], &trust(&["ada"]), None).await.unwrap();
            assert_eq!(answers(exported.entries(None).await.unwrap()), expected);
            let report = reader.verify(&[]).await.unwrap();
            // Clocks that differ by more than is overlooked are told; nothing else is.
            assert!(report.is_sound(), "{}", report);
        });
    }
}

/// Who asks what runs where need not keep what a scan has found.
#[tokio::test]
async fn a_brief_reader_keeps_all_but_the_details() {
    let memory = memory();
    let promote = serde_json::json!({
        "kind": "promote", "phase": "done", "from": "dev", "edge": "dev-prod", "plan": digest(1), "tags": [],
        "evidence": [{ "gate": "scan", "evidence": { "summary": "clean", "details": { "findings": [1, 2] } } }],
    });
    let entry = || {
        let kind: Kind = serde_json::from_value(promote.clone()).unwrap();
        Entry::new(kind, name("app"), digest(2), "ada", at(1)).in_environment(name("prod"))
    };
    let id = ledger(memory.clone()).append(entry()).await.unwrap();
    let brief = ledger(memory.clone()).brief();
    let [recorded] = &brief.entries(None).await.unwrap()[..] else { panic!() };
    let text = serde_json::to_string(&recorded.entry).unwrap();
    assert!(recorded.id == id && text.contains("clean") && !text.contains("findings"), "{text}");
    assert_eq!(ledger(memory.clone()).brief().append(entry()).await.unwrap(), id, "it is found again");
    let mut export = Vec::new();
    brief.export(&mut export).await.unwrap();
    assert!(String::from_utf8(export).unwrap().contains("findings"), "what is exported is whole");
}

/// Whoever shows a few entries with all that they say has these whole, from checkpoints and beside them.
#[tokio::test]
async fn a_brief_reader_reads_a_few_entries_again_whole() {
    let memory = memory();
    let writer = ledger(memory.clone()).checkpoint_every(3);
    for number in 1..=8 {
        let promote = serde_json::json!({
            "kind": "promote", "phase": "done", "from": "dev", "edge": "dev-prod", "plan": digest(1), "tags": [],
            "evidence": [{ "gate": "scan", "evidence": { "summary": "clean", "details": { "findings": number } } }],
        });
        let kind: Kind = serde_json::from_value(promote).unwrap();
        let entry = Entry::new(kind, name("app"), digest(number), "ada", at(number));
        writer.append(entry.in_environment(name("prod"))).await.unwrap();
    }
    let brief = ledger(memory.clone()).brief();
    let all = brief.entries(None).await.unwrap();
    let asked = |number| all.iter().find(|recorded| recorded.entry.digest == digest(number)).unwrap().id.clone();
    for ids in [vec![asked(1)], vec![asked(2), asked(8)], (1..=8).map(asked).collect()] {
        let mut ids: BTreeSet<_> = ids.into_iter().collect();
        let whole = brief.whole(&ids).await.unwrap();
        let said: BTreeSet<_> = whole.iter().map(|recorded| recorded.id.clone()).collect();
        assert_eq!((&said, whole.len()), (&ids, ids.len()), "each once");
        for recorded in &whole {
            assert!(serde_json::to_string(&recorded.entry).unwrap().contains("findings"), "{recorded:?}");
        }
        let chronicle = Chronicle::of(all.clone()).with(whole);
        let told = chronicle
            .entries()
            .iter()
            .filter(|recorded| serde_json::to_string(&recorded.entry).unwrap().contains("findings"));
        assert_eq!(told.count(), ids.len());
        // What is not there is not given.
        ids.insert(digest(99));
        assert_eq!(brief.whole(&ids).await.unwrap().len(), ids.len() - 1);
    }
}
