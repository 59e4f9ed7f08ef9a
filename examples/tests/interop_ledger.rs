//! Eight processes append at once, each with its own decrypted key: nothing is lost, on docker-registry, on a registry that
//! can delete no tag and answers 429, and on `lockage serve`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockage_registry::Memory;
use lockage_registry::server::{Fault, Intercept, RequestHead, Server};
use real::{DockerRegistry, Serving, isolated, lockage, run};
use serde_json::Value;

const PROCESSES: usize = 8;
const EACH: usize = 25;
/// Seconds, on a quiet machine and on any.
const MOST: f64 = 5.0;
const MOST_ANYWHERE: f64 = 3.0 * MOST;

/// The program as it is shipped, where there is one.
fn program() -> PathBuf {
    std::env::var_os("LOCKAGE").map_or_else(lockage, PathBuf::from)
}

fn command(folder: &Path) -> std::process::Command {
    let mut command = isolated(program());
    command.current_dir(folder).env("COSIGN_PASSWORD", "for the test");
    command
}

fn lines(process: usize) -> String {
    let digest = "a".repeat(64);
    let line = |n: usize| {
        format!(
            "{{\"kind\":\"observe\",\"image\":\"app-{process}\",\"environment\":\"prod\",\"digest\":\"sha256:{digest}\",\
             \"tags\":[],\"actor\":\"process {process}, entry {n}\"}}\n"
        )
    };
    (0..EACH).map(line).collect()
}

/// Keeps 200 of 200, and gives back how long it took.
fn appended(folder: &Path, ledger: &str) -> f64 {
    let started = Instant::now();
    let running: Vec<_> = (0..PROCESSES)
        .map(|process| {
            let input = folder.join(format!("entries-{process}.jsonl"));
            fs::write(&input, lines(process)).unwrap();
            let mut append = command(folder);
            append.args(["ledger", "append", "--ledger", ledger, "--key", "k.key", "--public-key", "k.pub"]);
            append.stdin(File::open(input).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for process in running {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), EACH);
    }
    let seconds = started.elapsed().as_secs_f64();
    let out = run(command(folder).args(["ledger", "verify", "--json", "--ledger", ledger, "--public-key", "k.pub"]));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["entries"], &report["signed"]["k.pub"]), (&200.into(), &200.into()), "{report}");
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    let export = run(command(folder).args(["ledger", "export", "--ledger", ledger, "--public-key", "k.pub"]));
    for process in 0..PROCESSES {
        let of_it = export.lines().filter(|line| line.contains(&format!("process {process}, "))).count();
        assert_eq!(of_it, EACH);
    }
    seconds
}

fn keyed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(command(folder.path()).args(["keygen", "--out", "k"]));
    folder
}

#[test]
#[ignore = "needs real registries and clients"]
fn two_hundred_of_two_hundred_are_kept_in_five_seconds() {
    let folder = keyed();
    let (docker, serving) = (DockerRegistry::start(), Serving::start(None));
    for (name, host) in [("docker-registry", docker.host()), ("lockage serve", serving.host())] {
        let times: Vec<f64> = (0..3).map(|n| appended(folder.path(), &format!("{host}/acme/ledger-{n}"))).collect();
        println!("{PROCESSES} processes x {EACH} appends on {name}: {times:.2?} s");
        assert!(times.iter().all(|seconds| *seconds < MOST_ANYWHERE), "where {MOST} s are enough on a quiet machine");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts nine processes"]
async fn nothing_is_lost_on_a_busy_registry_that_deletes_nothing() {
    let busy: Intercept = Arc::new(|head: &RequestHead| match head.method.as_str() {
        "DELETE" => Fault::Answer { status: 405, code: "UNSUPPORTED".to_owned(), retry_after: None },
        // A third, and of many in a row now and then all.
        _ if (head.index.wrapping_mul(0x9e37_79b1) >> 16).is_multiple_of(3) => {
            Fault::Answer { status: 429, code: "TOOMANYREQUESTS".to_owned(), retry_after: Some(Duration::ZERO) }
        }
        _ => Fault::None,
    });
    let memory = Memory::new("localhost".parse().unwrap());
    let server = Server::builder(Arc::new(memory), "localhost".parse().unwrap()).intercept(busy);
    let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (folder, at) = (keyed(), format!("{}/acme/ledger", server.address()));
    let seconds = tokio::task::block_in_place(|| appended(folder.path(), &at));
    println!("{PROCESSES} processes x {EACH} appends among answers 429: {seconds:.2} s");
}
