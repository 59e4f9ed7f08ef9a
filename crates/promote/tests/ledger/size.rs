//! How long it takes to read a large ledger from a cold start over HTTP, and in how much memory. Run with
//! `--release -- --ignored --nocapture size`.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use lockage_promote::Clearance;
use lockage_promote::ledger::{Chronicle, Entry, History as _, Kind, Ledger as _, RegistryLedger, TagRecord};
use lockage_registry::client::Client;
use lockage_registry::server::Server;

use crate::world::{at, digest, ledger, memory, name, repository, trust};

const ENTRIES: u64 = 10_000;
/// Seconds and kilobytes.
const MOST: f64 = 1.0;
const MEMORY: u64 = 32 * 1024;
const ADDRESS: &str = "LOCKAGE_TEST_LEDGER";

/// A promotion as a pipeline of three gates writes it: a kilobyte.
fn entry(n: u64) -> Entry {
    let tag = |text: &str| TagRecord::float(text.parse().unwrap(), Some(digest(n)));
    let gate = |gate: &str| -> Clearance {
        let details = serde_json::json!({ "checked": ["linux/amd64", "linux/arm64"], "at": n });
        let summary = format!("{gate} passed on every platform");
        serde_json::from_value(
            serde_json::json!({ "gate": gate, "evidence": { "summary": summary, "details": details } }),
        )
        .unwrap()
    };
    let gates: Vec<Clearance> = ["upstream", "soak", "scan"].into_iter().map(gate).collect();
    let kind = serde_json::json!({
        "kind": "promote", "phase": if n.is_multiple_of(2) { "intent" } else { "done" },
        "from": "stage", "edge": "stage-prod", "plan": digest(n),
        "tags": [tag("prod"), tag("1.4.0")],
        "evidence": gates,
    });
    let kind: Kind = serde_json::from_value(kind).unwrap();
    Entry::new(kind, name(&format!("team/service-{}", n / 2 % 100)), digest(n / 2), "ada@acme.example", at(n))
        .in_environment(name(if n.is_multiple_of(3) { "prod" } else { "stage" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ten_thousand_entries_are_read_in_a_second_and_32_megabytes() {
    let memory = memory();
    let writer = ledger(memory.clone()).named("acme");
    for n in 0..ENTRIES {
        writer.append(entry(n)).await.unwrap();
    }
    assert!(writer.checkpoint_trouble().is_none());
    let one = serde_json::to_vec(&entry(1)).unwrap().len();
    let server = Server::builder(Arc::new(memory), "registry.test".parse().unwrap());
    let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    // The reader is a process of its own: its memory is measured.
    let mut reader = Command::new(std::env::current_exe().unwrap());
    reader.args(["--ignored", "--exact", "--nocapture", "size::a_reader_of_its_own"]);
    let run = reader.env(ADDRESS, server.address().to_string());
    let output = tokio::task::block_in_place(|| run.output().unwrap());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let figures = text.lines().find_map(|line| line.split_once("figures ")).unwrap().1.to_owned();
    let [seconds, kilobytes] = figures.split(' ').collect::<Vec<_>>()[..] else { panic!("{figures}") };
    println!("{ENTRIES} entries of about {one} bytes: read in {seconds} s, {kilobytes} kB resident at most");
    if cfg!(debug_assertions) {
        return;
    }
    assert!(seconds.parse::<f64>().unwrap() < 3.0 * MOST, "{MOST} s are enough on a quiet machine");
    assert!(kilobytes.parse::<u64>().unwrap() < MEMORY);
}

#[tokio::test]
#[ignore = "a part of the measurement"]
async fn a_reader_of_its_own() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let started = Instant::now();
    let place = format!("{address}/{}", repository().path()).parse().unwrap();
    let client = Client::builder().build().unwrap();
    let reader = RegistryLedger::new(client, place, trust(&["ada", "bob"])).named("acme").brief();
    let chronicle = Chronicle::of(reader.entries(None).await.unwrap());
    assert_eq!(chronicle.entries().len() as u64, ENTRIES);
    let seconds = started.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB").to_owned();
    println!("figures {seconds:.3} {peak}");
}
