//! Ten thousand entries: what runs where is told in a second from a cold start, in 32 megabytes, by the program as it is
//! shipped: its code, its libraries and what it has read are all counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use real::{Serving, isolated, peak_of, run};

const ENTRIES: usize = 10_000;
/// Seconds, on a quiet machine and on any; and kilobytes, all that is resident.
const MOST: f64 = 1.0;
const MOST_ANYWHERE: f64 = 3.0 * MOST;
const MEMORY: u64 = 32 * 1024;

/// Promotions as a pipeline of three gates writes them: about a kilobyte each.
fn lines() -> String {
    let mut text = String::new();
    for n in 0..ENTRIES {
        let gates: Vec<String> = ["upstream", "soak", "scan"]
            .iter()
            .map(|gate| {
                format!(
                    "{{\"gate\":\"{gate}\",\"evidence\":{{\"summary\":\"{gate} passed on every platform\",\
                     \"details\":{{\"checked\":[\"linux/amd64\",\"linux/arm64\"],\"at\":{n}}}}}}}"
                )
            })
            .collect();
        let (phase, image) = (["intent", "done"][n % 2], n / 2 % 100);
        let environment = if n / 2 % 3 == 0 { "prod" } else { "stage" };
        let at = format!("2026-{:02}-{:02}T{:02}:00:00Z", 1 + n / 1000, 1 + n / 40 % 28, n / 2 % 24);
        writeln!(
            text,
            "{{\"kind\":\"promote\",\"phase\":\"{phase}\",\"image\":\"team/service-{image}\",\
             \"environment\":\"{environment}\",\"digest\":\"sha256:{:064x}\",\"from\":\"dev\",\"edge\":\"dev-stage\",\
             \"plan\":\"sha256:{:064x}\",\"tags\":[{{\"tag\":\"{environment}\",\"floats\":true,\
             \"former\":\"sha256:{:064x}\"}}],\"evidence\":[{}],\"facts\":{{\"commit\":\"{:040x}\"}},\
             \"actor\":\"ada@acme.example\",\"at\":\"{at}\"}}",
            n / 2,
            n / 2 + 7,
            n / 2 + 3,
            gates.join(","),
            n / 2
        )
        .unwrap();
    }
    text
}

#[test]
#[ignore = "needs a real registry, and a release build"]
fn what_runs_where_among_ten_thousand_entries_is_told_in_a_second_and_32_megabytes() {
    let program = PathBuf::from(std::env::var_os("LOCKAGE").expect("LOCKAGE names no release build of lockage"));
    let (registry, folder) = (Serving::start(None), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let command = || {
        let mut command = isolated(&program);
        command.current_dir(folder).env("COSIGN_PASSWORD", "for the test");
        command
    };
    run(command().args(["keygen", "--out", "k"]));
    let host = registry.host();
    let document = |name: &str| {
        format!(
            "ledger = {{ repository = \"{host}/acme/{name}\" }}\n[signers]\nrelease = {{ key = \"k.pub\" }}\n\
             [[environments]]\nname = \"dev\"\nrepository = \"{host}/dev/{{image}}\"\n\
             [[environments]]\nname = \"stage\"\nrepository = \"{host}/stage/{{image}}\"\nfloats = [\"stage\"]\n\
             [[environments]]\nname = \"prod\"\nrepository = \"{host}/prod/{{image}}\"\nfloats = [\"prod\"]\n\
             [[edges]]\nfrom = \"dev\"\nto = \"stage\"\n[[edges]]\nfrom = \"stage\"\nto = \"prod\"\n"
        )
    };
    fs::write(folder.join("lockage.toml"), document("ledger")).unwrap();
    fs::write(folder.join("small.toml"), document("small")).unwrap();
    let lines = lines();
    fs::write(folder.join("entries.jsonl"), &lines).unwrap();
    fs::write(folder.join("entry.jsonl"), lines.lines().next().unwrap()).unwrap();
    let started = Instant::now();
    run(command().args(["ledger", "append", "--key", "k.key", "entries.jsonl"]));
    println!("{ENTRIES} entries appended by one process in {:.1} s", started.elapsed().as_secs_f64());

    run(command().args(["ledger", "append", "--config", "small.toml", "--key", "k.key", "entry.jsonl"]));
    // What cargo makes without --release has several times the code, and is never shipped: what the entries need is all
    // that is asked of it.
    let is_shipped = !program.components().any(|part| part.as_os_str() == "debug");
    let (_, alone) = measured(&program, &["running", "--config", "small.toml"], folder);
    println!("one entry: {:.1} MB at most", alone as f64 / 1024.0);

    let ends = run(command().args(["where-is", &format!("{:040x}", ENTRIES / 2 - 1)]));
    assert!(ends.contains("team/service-99"), "{ends}");
    let commit = format!("{:040x}", 4711);
    for arguments in [&["running"][..], &["running", "prod"], &["where-is", &commit], &["running", "--json"]] {
        let (seconds, peak) = measured(&program, arguments, folder);
        println!("{arguments:?}: {seconds:.2} s, {:.1} MB at most", peak as f64 / 1024.0);
        let own = peak.saturating_sub(if is_shipped { 0 } else { alone });
        assert!(own < MEMORY, "{arguments:?}: {peak} kB, {alone} with one entry, and {MEMORY} are allowed");
        assert!(seconds < MOST_ANYWHERE, "{arguments:?}: {seconds} s, where {MOST} are enough on a quiet machine");
    }
}

/// The median of five cold starts, and the most memory of all.
fn measured(program: &Path, arguments: &[&str], folder: &Path) -> (f64, u64) {
    let mut times = Vec::new();
    let mut peak = 0;
    for _ in 0..5 {
        let started = Instant::now();
        peak = peak.max(peak_of(program, arguments, folder));
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    (times[2], peak)
}
