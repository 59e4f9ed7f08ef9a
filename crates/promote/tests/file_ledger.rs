//! A ledger in a file: many writers lose nothing, and what was changed or torn is no history.
#![cfg(feature = "ledger")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures::executor::block_on;
use lockage_promote::ledger::{Chronicle, Entry, FileLedger, History as _, Kind, Ledger as _, LedgerError};
use lockage_registry::{Algorithm, digest_of};

fn entry(actor: &str, n: u64) -> Entry {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + n);
    let digest = digest_of(Algorithm::Sha256, actor.as_bytes()).unwrap();
    let image = if n.is_multiple_of(2) { "even" } else { "odd" };
    Entry::new(Kind::Observe { tags: Vec::new() }, image.parse().unwrap(), digest, actor, at)
        .in_environment("prod".parse().unwrap())
}

fn append(ledger: &FileLedger, actor: &str, n: u64) {
    block_on(ledger.append(entry(actor, n))).unwrap();
}

fn actors(ledger: &FileLedger) -> Result<Vec<String>, LedgerError> {
    let entries = block_on(ledger.entries(None))?;
    Ok(Chronicle::of(entries).entries().iter().map(|recorded| recorded.entry.actor.clone()).collect())
}

fn three(file: &Path) -> String {
    let ledger = FileLedger::new(file);
    (0..3).for_each(|n| append(&ledger, &format!("actor {n}"), n));
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn entries_are_there_for_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    assert!(actors(&FileLedger::new(&file)).unwrap().is_empty(), "a ledger that has not begun");
    let text = three(&file);
    assert_eq!(text.lines().count(), 3);
    let ledger = FileLedger::new(&file);
    assert_eq!(actors(&ledger).unwrap(), ["actor 0", "actor 1", "actor 2"]);
    let even = block_on(ledger.entries(Some(&"even".parse().unwrap()))).unwrap();
    assert_eq!(even.len(), 2);
    let recorded = block_on(ledger.entries(None)).unwrap();
    assert_eq!(recorded[2].entry.parents, [recorded[1].id.clone()]);
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["id"], recorded[0].id.to_string());
    assert!(FileLedger::new(folder.path().join("no/such/ledger")).mend().is_err());
    assert!(actors(&FileLedger::new(folder.path().join("no/such/ledger"))).is_err(), "a mistake, and no empty ledger");
}

/// Each writer has a ledger of its own, as processes do.
#[test]
fn eight_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let file = &file;
            scope.spawn(move || {
                let ledger = FileLedger::new(file);
                (0..25).for_each(|n| append(&ledger, &format!("{writer}/{n}"), n));
            });
        }
    });
    let all = actors(&FileLedger::new(&file)).unwrap();
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 200);
    for writer in 0..8 {
        let own: Vec<_> = all.iter().filter(|actor| actor.starts_with(&format!("{writer}/"))).collect();
        assert_eq!(own, (0..25).map(|n| format!("{writer}/{n}")).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_torn_last_line_is_told_wherever_it_ends_and_mended_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let text = three(&file);
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    for end in last + 1..text.len() {
        std::fs::write(&file, &text[..end]).unwrap();
        let ledger = FileLedger::new(&file);
        let said = actors(&ledger).unwrap_err().to_string();
        assert!(said.contains("ledger.jsonl:3") && said.contains("ends in the middle"), "{said}");
        assert!(block_on(ledger.append(entry("late", 9))).is_err(), "nothing is written behind it");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text[..end]);
    }
    let ledger = FileLedger::new(&file);
    let torn = ledger.mend().unwrap().unwrap();
    assert_eq!(torn, text[last..text.len() - 1]);
    assert_eq!(ledger.mend().unwrap(), None);
    append(&ledger, "late", 9);
    assert_eq!(actors(&FileLedger::new(&file)).unwrap(), ["actor 0", "actor 1", "late"]);
}

#[test]
fn what_was_changed_left_out_or_moved_is_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let text = three(&file);
    let lines: Vec<&str> = text.lines().collect();
    for (changed, said) in [
        (text.replace("actor 1", "actor 7"), ":2 of the ledger: it was changed"),
        (format!("{}\n{}\n", lines[0], lines[2]), ":2 of the ledger: it does not follow"),
        (format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]), ":2 of the ledger: it does not follow"),
        (format!("{}\n{}\n", lines[1], lines[2]), ":1 of the ledger: it does not follow"),
        (format!("{}\nnonsense\n", lines[0]), ":2 of the ledger: it is no entry"),
        (format!("{}\n\n{}\n", lines[0], lines[1]), ":2 of the ledger: it is no entry"),
    ] {
        std::fs::write(&file, &changed).unwrap();
        let error = actors(&FileLedger::new(&file)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}\n{said}");
        assert!(block_on(FileLedger::new(&file).append(entry("late", 9))).is_err());
        assert!(FileLedger::new(&file).mend().is_err(), "only a torn line can be cut off");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), changed);
    }
}

/// A newer program may say more in an entry than this one understands. It is covered by the digest, read past, and kept.
#[test]
fn what_a_newer_program_has_said_is_read_past_and_covered_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let text = three(&file);
    let lines: Vec<&str> = text.lines().collect();
    let (id, entry) = lines[2].split_once(",\"entry\":").unwrap();
    let entry = entry.strip_suffix('}').unwrap();
    let newer = entry.replacen('{', "{\"mood\":{\"of\":\"the day\"},", 1);
    let digest = digest_of(Algorithm::Sha256, newer.as_bytes()).unwrap();
    assert!(id.starts_with("{\"id\":"));
    let line = format!("{{\"id\":\"{digest}\",\"entry\":{newer}}}");
    std::fs::write(&file, format!("{}\n{}\n{line}\n", lines[0], lines[1])).unwrap();
    let ledger = FileLedger::new(&file);
    assert_eq!(actors(&ledger).unwrap(), ["actor 0", "actor 1", "actor 2"]);
    append(&ledger, "late", 9);
    assert_eq!(actors(&FileLedger::new(&file)).unwrap().len(), 4);
    let mut exported = Vec::new();
    assert_eq!(ledger.export(&mut exported).unwrap(), 4);
    assert_eq!(exported, std::fs::read(&file).unwrap(), "byte for byte");
    assert!(String::from_utf8(exported).unwrap().contains("the day"));

    let changed = std::fs::read_to_string(&file).unwrap().replace("the day", "the night");
    std::fs::write(&file, changed).unwrap();
    assert!(actors(&FileLedger::new(&file)).unwrap_err().to_string().contains("it was changed"));
    assert!(FileLedger::new(&file).export(&mut Vec::new()).is_err(), "what is not sound is not exported");
}

#[test]
fn a_ledger_that_shrinks_or_is_gone_while_it_is_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let text = three(&file);
    let ledger = FileLedger::new(&file);
    assert_eq!(actors(&ledger).unwrap().len(), 3);
    std::fs::write(&file, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    assert!(actors(&ledger).unwrap_err().to_string().contains("shorter than it was"));
    std::fs::remove_file(&file).unwrap();
    assert!(actors(&ledger).is_err());
    assert!(block_on(ledger.append(entry("late", 9))).is_err());
}

/// One ledger, shared by promotions that run at once: each waits for its own entry, and readers never see half of one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_at_once_is_written_together_and_each_is_told_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = FileLedger::new(folder.path().join("ledger.jsonl"));
    let tasks = (0..200u64).map(|n| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let id = ledger.append(entry(&format!("actor {n}"), n)).await.unwrap();
            let entries = ledger.entries(None).await.unwrap();
            let own = entries.iter().find(|recorded| recorded.id == id).unwrap();
            assert_eq!(own.entry.actor, format!("actor {n}"), "what was acknowledged is there");
        })
    });
    futures::future::join_all(tasks).await.into_iter().for_each(|task| task.unwrap());
    assert_eq!(actors(&FileLedger::new(ledger.file())).unwrap().len(), 200, "the next process reads them all");

    std::fs::remove_file(ledger.file()).unwrap();
    let failed = futures::future::join_all((0..20).map(|n| ledger.append(entry("late", n)))).await;
    assert!(failed.iter().all(|answer| matches!(answer, Err(LedgerError::Entry { .. }))), "{failed:?}");
}
