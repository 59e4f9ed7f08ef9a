//! `--select merge:SHA`: the pull request of a merge, by the event, the checkout and the forge.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::world::World;

const MERGE: &str = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

/// A workflow that was set off by a push of the merge to main.
fn push<'a>(world: &World, event: &'a Path, message: &str) -> Vec<(&'a str, &'a Path)> {
    let commit = json!({"id": MERGE, "message": message, "timestamp": "2026-11-20T10:00:00Z"});
    fs::write(event, json!({"ref": "refs/heads/main", "head_commit": commit, "commits": [commit]}).to_string())
        .unwrap();
    assert!(world.path("lockage.toml").exists());
    vec![
        ("GITHUB_ACTIONS", Path::new("true")),
        ("GITHUB_EVENT_NAME", Path::new("push")),
        ("GITHUB_REF", Path::new("refs/heads/main")),
        ("GITHUB_SHA", Path::new(MERGE)),
        ("GITHUB_REPOSITORY", Path::new("acme/app")),
        ("GITHUB_EVENT_PATH", event),
    ]
}

/// A forge that gives this answer to everybody.
fn forge(answer: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {}
            let known = line.starts_with(&format!("GET /repos/acme/app/commits/{MERGE}/pulls"));
            let (status, body) = if known { (200, answer.to_string()) } else { (404, String::new()) };
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    format!("http://{address}")
}

fn pull(number: u64) -> Value {
    json!([{"number": number, "user": {"login": "ada"}, "head": {"sha": "00", "ref": "fix"},
        "base": {"sha": "11", "ref": "main"}, "merged_at": "2026-11-20T10:00:00Z", "merge_commit_sha": MERGE}])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_promoted_as_the_pull_request_that_all_who_know_it_name() {
    let world = World::new().await;
    let digest = world.build(42).await;
    let event = world.path("event.json");
    let squashed = push(&world, &event, "Faster answers (#42)\n\nFixes #7");
    let merge = format!("merge:{MERGE}");
    let run = |variables: &[(&str, &Path)], more: &[&str]| {
        let arguments = ["promote", "app", "--select", &merge, "--to", "stage", "--json"];
        world.run_in(&[&arguments[..], more].concat(), variables)
    };
    let told = run(&squashed, &[]).ends(0).json();
    assert_eq!(told["report"]["facts"]["pull-request"], 42);
    assert_eq!(told["report"]["notes"], json!([format!("commit {MERGE} merged pull request 42")]));

    // The forge says so too, or does not.
    let (same, other) = (forge(pull(42)), forge(pull(43)));
    let asks = |api: &'static str| ["--forge", "github:acme/app", "--forge-api", api];
    let (same, other): (&'static str, &'static str) = (same.leak(), other.leak());
    run(&squashed, &asks(same)).ends(0);
    run(&squashed, &asks(other)).ends(1).says("#42 by the message, #43 by the forge");
    let in_workflow =
        [&squashed[..], &[("GITHUB_API_URL", Path::new(other)), ("GITHUB_TOKEN", Path::new("t"))]].concat();
    run(&in_workflow, &[]).ends(1).says("#43 by the forge");
    // One that does not answer has not agreed.
    run(&squashed, &asks("http://127.0.0.1:1")).ends(3).says("it is not known which pull request it merged");

    // Nobody names one; the event is of another commit; only the forge knows.
    let plain = push(&world, &event, "Release notes");
    run(&plain, &[]).ends(3).says("nobody says which pull request it merged").says("--select pr:NUMBER");
    let elsewhere = push(&world, &event, "Faster answers (#42)");
    let of_another: Vec<_> = elsewhere
        .iter()
        .map(|(name, value)| (*name, if *name == "GITHUB_SHA" { Path::new("2b2e927") } else { value }))
        .collect();
    run(&of_another, &[]).ends(3).says("nobody says");
    run(&[], &asks(same)).ends(0);
    run(&[], &["--forge", "bitbucket:acme/app"]).ends(2).says("github:OWNER/REPOSITORY");
    world.promote("merge:main", "stage", &[]).ends(2).says("7 to 64 hexadecimal digits");
    world.promote("merge:91c0d1e", "stage", &asks(same)).ends(2).says("Write all of its digits");

    let done = run(&squashed, &["--yes"]).ends(0).json();
    assert_eq!(done["receipt"]["digest"], digest.to_string());
    world.run_in(&["why-not", "app", "--select", &merge, "--to", "stage"], &[]).ends(3).says("nobody says");
    let why_not = push(&world, &event, "Merge pull request #42 from acme/fix");
    world.run_in(&["why-not", "app", "--select", &merge, "--to", "stage"], &why_not).ends(0).says("pull request 42");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkout_knows_the_message_of_a_merge() {
    let world = World::new().await;
    world.build(42).await;
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(world.path("")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q", "."]);
    let named = ["-c", "user.name=a", "-c", "user.email=a@example", "-c", "commit.gpgsign=false"];
    let commit = |message: &str| {
        git(&[&named[..], &["commit", "-q", "--allow-empty", "-m", message]].concat());
        git(&["rev-parse", "HEAD"])
    };
    let (merge, plain) = (commit("Faster answers (#42)"), commit("no number"));
    let path = std::env::var_os("PATH").unwrap();
    let run = |commit: &str| {
        let select = format!("merge:{commit}");
        world.run_in(&["promote", "app", "--select", &select, "--to", "stage"], &[("PATH", Path::new(&path))])
    };
    run(&merge).ends(0).says(&format!("commit {merge} merged pull request 42"));
    run(&merge[..9]).ends(0).says(&format!("commit {merge} merged pull request 42"));
    run(&plain).ends(3).says("nobody says");
    run(MERGE).ends(3).says("nobody says");
}
