//! Appending: many at once lose nothing, an answer that is lost is found again, and few requests are needed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future;
use lockage_promote::ledger::{
    Chronicle, Entry, ExportedLedger, FileLedger, History as _, Kind, Ledger, LedgerError, MemoryLedger, Recorded,
    RegistryLedger,
};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, Intercept, RequestHead, Server};
use lockage_registry::{Memory, RetryPolicy};

use crate::notary::pen;
use crate::world::{arrival, at, digest, ledger, memory, name, repository, tags, trust};

async fn serve(memory: &Memory, intercept: Option<Intercept>) -> Server {
    let mut builder = Server::builder(Arc::new(memory.clone()), "registry.test".parse().unwrap()).record();
    if let Some(intercept) = intercept {
        builder = builder.intercept(intercept);
    }
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Each with what a process has of its own: a client, a ledger, and no memory of the others.
fn process(server: &Server) -> RegistryLedger {
    let at = format!("{}/acme/ledger", server.address()).parse().unwrap();
    let retry = RetryPolicy::default();
    let client = Client::builder().retry(retry).build().unwrap();
    RegistryLedger::new(client, at, trust(&["ada", "bob"])).named("acme").signed_by(pen("ada")).checkpoint_every(16)
}

async fn eight_at_once(server: &Server) {
    let ledgers: Vec<_> = (0..8).map(|_| process(server)).collect();
    future::join_all(ledgers.iter().zip(0_u64..).map(|(ledger, writer)| async move {
        for n in 0..25 {
            ledger.append(arrival(writer * 25 + n)).await.unwrap();
        }
        assert!(ledger.checkpoint_trouble().is_none());
    }))
    .await;
    let reader = process(server);
    let all = reader.entries(None).await.unwrap();
    assert_eq!(all.len(), 200);
    let actors: BTreeSet<_> = all.iter().map(|recorded| recorded.entry.actor.clone()).collect();
    assert_eq!(actors.len(), 200);
    let report = reader.verify(&[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.entries, report.signed["ada"]), (200, 200));
    assert!(report.checkpoints > 0, "{report}");
    // Whoever wrote first stands first, among the entries of one writer.
    let order = Chronicle::of(all);
    for writer in 0_u64..8 {
        let of_it: Vec<u64> = order
            .entries()
            .iter()
            .map(|recorded| recorded.entry.actor["actor ".len()..].parse().unwrap())
            .filter(|n| n / 25 == writer)
            .collect();
        assert_eq!(of_it, (writer * 25..writer * 25 + 25).collect::<Vec<u64>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_at_once_lose_nothing() {
    eight_at_once(&serve(&memory(), None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_where_requests_are_refused_for_their_number_and_nothing_can_be_deleted() {
    let busy: Intercept = Arc::new(|head: &RequestHead| match head.method.as_str() {
        "DELETE" => Fault::Answer { status: 405, code: "UNSUPPORTED".to_owned(), retry_after: None },
        // Two of five, and of many in a row now and then all.
        _ if (head.index.wrapping_mul(0x9e37_79b1) >> 16) % 5 < 2 => {
            Fault::Answer { status: 429, code: "TOOMANYREQUESTS".to_owned(), retry_after: Some(Duration::ZERO) }
        }
        _ => Fault::None,
    });
    eight_at_once(&serve(&memory(), Some(busy)).await).await;
}

#[tokio::test]
async fn an_append_costs_six_requests_and_a_listing_every_five_seconds() {
    let server = serve(&memory(), None).await;
    let ledger = process(&server);
    for n in 0..3 {
        ledger.append(arrival(n)).await.unwrap();
    }
    let asked: Vec<_> = server.requests().into_iter().map(|seen| (seen.method.clone(), seen.path.clone())).collect();
    let of = |method: &str, part: &str| asked.iter().filter(|(m, path)| m == method && path.contains(part)).count();
    // The first request to a host finds out whether it asks for a login.
    assert!(of("GET", "tags/list") <= 2, "{asked:#?}");
    assert_eq!(
        (of("POST", "blobs"), of("PUT", "blobs"), of("PUT", "manifests"), of("HEAD", "manifests")),
        (6, 6, 3, 3)
    );
    assert_eq!(of("GET", "manifests") + of("GET", "blobs"), 0, "nothing is read again: {asked:#?}");
}

#[tokio::test]
async fn every_request_may_fail_and_the_entry_is_there_once_or_not_at_all() {
    for broken in 0..12 {
        for after in [false, true] {
            let memory = memory();
            let count = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&count);
            let fault: Intercept = Arc::new(move |_: &RequestHead| match seen.fetch_add(1, Ordering::SeqCst) {
                // From here on the network is away.
                n if n == broken && after => Fault::CutAfter,
                n if n >= broken => Fault::Cut,
                _ => Fault::None,
            });
            let server = serve(&memory, Some(fault)).await;
            let at = format!("{}/acme/ledger", server.address()).parse().unwrap();
            let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
            let first = RegistryLedger::new(client, at, trust(&["ada"])).named("acme").signed_by(pen("ada"));
            let told = first.append(arrival(1)).await;
            drop(server);
            // Somebody writes in between, and then the first tries again.
            let again = || ledger(memory.clone()).named("acme");
            again().append(arrival(2)).await.unwrap();
            let id = again().append(arrival(1)).await.unwrap();
            assert!(told.is_err() || told.is_ok_and(|told| told == id));
            let all = again().entries(None).await.unwrap();
            assert_eq!(all.iter().filter(|one| one.entry.digest == digest(1)).count(), 1, "request {broken}, {after}");
            assert_eq!(all.len(), 2);
            assert!(again().verify(&[]).await.unwrap().is_sound());
        }
    }
}

#[tokio::test]
async fn what_a_process_says_twice_is_said_twice() {
    let ledger = ledger(memory());
    let first = ledger.append(arrival(1)).await.unwrap();
    let second = ledger.append(arrival(1)).await.unwrap();
    assert_ne!(first, second, "a denial, its release and the same denial again are three entries");
    assert_eq!(ledger.entries(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_entry_stands_behind_those_that_were_there() {
    let memory = memory();
    let (one, other) = (ledger(memory.clone()), ledger(memory.clone()));
    let first = one.append(arrival(1)).await.unwrap();
    let second = other.append(arrival(2)).await.unwrap();
    let all = one.entries(Some(&name("even"))).await.unwrap();
    assert_eq!((&all[0].id, &all[0].entry.parents[..]), (&second, &[first][..]));
    // Neither has seen what the other writes now, and the next stands behind both.
    let ids = future::try_join(one.append(arrival(3)), other.append(arrival(4))).await.unwrap();
    let last = ledger(memory.clone()).append(arrival(5)).await.unwrap();
    let all = one.entries(None).await.unwrap();
    let last = all.iter().find(|recorded| recorded.id == last).unwrap();
    assert_eq!(BTreeSet::from_iter(&last.entry.parents), BTreeSet::from([&ids.0, &ids.1]));
    assert_eq!(tags(&memory, "e.").await.len(), 5);
}

#[tokio::test]
async fn what_readers_would_not_take_is_not_written_and_the_largest_entry_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, file) = (memory(), folder.path().join("ledger.jsonl"));
    let ledgers: [Arc<dyn Ledger>; 3] =
        [Arc::new(ledger(memory.clone())), Arc::new(FileLedger::new(&file)), Arc::new(MemoryLedger::new())];
    let saying = |reason: usize| {
        let kind = Kind::Deny { reason: "x".repeat(reason) };
        Entry::new(kind, name("app"), digest(1), "ada", at(1))
    };
    let most = usize::try_from(Entry::MAX_BYTES).unwrap();
    let rest = serde_json::to_vec(&saying(0)).unwrap().len() - "[]".len();
    for ledger in ledgers {
        let refused = ledger.append(saying(most - rest + 1)).await.unwrap_err();
        assert!(matches!(&refused, LedgerError::TooLarge { bytes, most } if *bytes == most + 1), "{refused}");
        assert!(refused.remedy().is_some() && ledger.entries(None).await.unwrap().is_empty());
        // What stands before it is not counted.
        ledger.append(arrival(1)).await.unwrap();
        ledger.append(saying(most - rest)).await.unwrap();
        assert_eq!(ledger.entries(None).await.unwrap().len(), 2);
    }
    // Whoever begins reads it, too, with its seal, and in an export.
    let reader = ledger(memory);
    assert!(reader.verify_content(&[]).await.unwrap().is_sound());
    assert_eq!(reader.entries(None).await.unwrap().len(), 2);
    let mut export = Vec::new();
    reader.export(&mut export).await.unwrap();
    assert_eq!(ExportedLedger::read(&export[..], &trust(&["ada"]), None).await.unwrap().report().entries, 2);
    assert_eq!(FileLedger::new(&file).entries(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_asks_a_ledger_that_has_not_begun_is_told() {
    let memory = memory();
    let asked = || RegistryLedger::new(memory.clone(), repository(), trust(&["ada"])).begun();
    let error = asked().entries(None).await.unwrap_err();
    assert!(matches!(&error, LedgerError::NotBegun { .. }) && error.remedy().is_some(), "{error}");
    ledger(memory.clone()).append(arrival(1)).await.unwrap();
    assert_eq!(asked().entries(None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_writes_without_a_key_unless_the_ledger_takes_it() {
    let memory = memory();
    let without = RegistryLedger::new(memory.clone(), repository(), trust(&["ada"]));
    let refused = without.append(arrival(1)).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::NoSigner { .. }) && refused.remedy().is_some(), "{refused}");
    let open = RegistryLedger::new(memory.clone(), repository(), trust(&["ada"]).or_unsigned());
    open.append(arrival(1)).await.unwrap();
    let report = open.verify(&[]).await.unwrap();
    assert!(report.is_sound());
    assert_eq!((report.entries, report.unsigned), (1, 1), "and verify says so");
    let strict = ledger(memory);
    let error = strict.entries(None).await.unwrap_err();
    assert!(error.to_string().contains("nobody has signed it"), "{error}");
}

/// One entry that counts for nobody would stop everybody who reads the ledger.
#[tokio::test]
async fn nobody_signs_what_would_count_for_nobody_and_nothing_is_added_to_an_export() {
    let memory = memory();
    let mallory = RegistryLedger::new(memory.clone(), repository(), trust(&["ada"])).signed_by(pen("mallory"));
    let refused = mallory.append(arrival(1)).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::NotTaken { .. }) && refused.remedy().is_some(), "{refused}");
    let reader = RegistryLedger::new(memory.clone(), repository(), trust(&["ada"])).begun();
    assert!(matches!(reader.entries(None).await, Err(LedgerError::NotBegun { .. })), "nothing was written");
    let ledger = ledger(memory.clone());
    ledger.append(arrival(1)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, mut export) = (folder.path().join("export.jsonl"), Vec::new());
    ledger.export(&mut export).await.unwrap();
    std::fs::write(&file, &export).unwrap();
    let refused = FileLedger::new(&file).append(arrival(2)).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::Exported { .. }) && refused.remedy().is_some(), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), export);
}

/// Whoever is to be asked has a name; what was written before anybody looked at that is read all the same.
#[tokio::test]
async fn an_entry_that_names_nobody_is_refused_and_one_that_stands_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let memory = memory();
    let all: [Box<dyn Ledger>; 3] =
        [Box::new(MemoryLedger::new()), Box::new(FileLedger::new(&file)), Box::new(ledger(memory.clone()))];
    let by = |actor: &str| {
        let mut entry = arrival(1);
        actor.clone_into(&mut entry.actor);
        entry
    };
    for ledger in all {
        for actor in ["", " \t", "\n", "ada\u{1b}[2K", "ada\nbob", "\u{85}ada"] {
            let refused = ledger.append(by(actor)).await.unwrap_err();
            assert!(matches!(refused, LedgerError::Nobody { .. }), "{ledger:?} {actor:?}: {refused}");
            assert_eq!(refused.remedy().as_deref(), Some("Nothing was written. Name who did it."));
        }
        assert!(ledger.entries(None).await.unwrap().is_empty(), "{ledger:?}");
        ledger.append(by("Ada Lovelace, née Byron")).await.unwrap();
    }
    let old = Recorded::new(by("")).unwrap();
    std::fs::write(&file, serde_json::to_string(&old).unwrap() + "\n").unwrap();
    let old_ledger = FileLedger::new(&file);
    assert_eq!(old_ledger.entries(None).await.unwrap(), [old]);
    old_ledger.append(by("ada")).await.unwrap();
}
