//! `lockage retain` with a ledger and a cluster: what they know stays, and who does not answer stops the plan.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};

const POLICY: &str = "version: 1\nhold:\n  - { name: seven-years, for: 7y, from: promoted, to: prod }\ndelete:\n  \
                      - { name: promoted, promoted: { to: 'prod.example/app', after: 3d } }\n  \
                      - { name: old, older_than: 30d }\nguards: { min_survivors: 0 }\n";

const CONFIG: &str = "ledger = \"ledger.jsonl\"\n\
    [[environments]]\nname = \"dev\"\nrepository = \"dev.example/{image}\"\n\
    [[environments]]\nname = \"staging\"\nrepository = \"staging.example/{image}\"\nfloats = [\"staging\"]\n\
    [[environments]]\nname = \"prod\"\nrepository = \"prod.example/{image}\"\nfloats = [\"prod\"]\n\
    [[edges]]\nfrom = \"dev\"\nto = \"staging\"\n[[edges]]\nfrom = \"staging\"\nto = \"prod\"\n";

fn digest(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

fn lockage(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockage")).current_dir(folder.path()).args(arguments).output().unwrap()
}

/// Four images in staging: the first was in prod seven years ago, the second is in prod, the third came to staging after it, the
/// fourth is known to nobody.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let rows: Vec<Value> = (1..=4)
        .map(|n| json!({"digest": digest(n), "tags": [format!("sha-{n}")], "pushed_at": "2019-01-01T00:00:00Z"}))
        .collect();
    write("snapshot.json", &json!({"repositories": [{"name": "staging.example/app", "manifests": rows}]}).to_string());
    write("policy.yaml", POLICY);
    write("lockage.toml", CONFIG);
    let promoted = |number: u8, from: &str, to: &str, at: &str| {
        json!({"kind": "promote", "phase": "done", "image": "app", "environment": to, "digest": digest(number), "from": from,
            "edge": format!("{from}-{to}"), "plan": digest(9), "tags": [], "evidence": [], "actor": "ada", "at": at})
        .to_string()
    };
    let entries = [
        promoted(1, "dev", "staging", "2019-05-01T00:00:00Z"),
        promoted(1, "staging", "prod", "2019-06-01T00:00:00Z"),
        promoted(2, "dev", "staging", "2026-01-01T00:00:00Z"),
        promoted(2, "staging", "prod", "2026-01-02T00:00:00Z"),
        promoted(3, "dev", "staging", "2026-01-03T00:00:00Z"),
    ];
    write("entries.jsonl", &entries.join("\n"));
    let appended = lockage(&folder, &["ledger", "append", "entries.jsonl", "--ledger", "ledger.jsonl"]);
    assert_eq!(appended.status.code(), Some(0), "{appended:?}");
    folder
}

const PLAN: [&str; 8] =
    ["retain", "plan", "--policy", "policy.yaml", "--snapshot", "snapshot.json", "--json", "--config"];

fn gone(output: &Output) -> Vec<String> {
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let tags = plan["delete_tags"].as_array().unwrap().iter();
    tags.map(|tag| tag.as_str().unwrap().rsplit_once(':').unwrap().1.to_owned()).collect()
}

#[test]
fn a_hold_for_an_environment_that_there_is_not_is_a_mistake() {
    let folder = place();
    for (to, code) in [("prdo", 2), ("prod-*", 2), ("pro*", 0), ("prod.example/app", 0)] {
        let policy = POLICY.replace("from: promoted, to: prod", &format!("from: promoted, to: '{to}'"));
        fs::write(folder.path().join("policy.yaml"), policy).unwrap();
        let plan = lockage(&folder, &[&PLAN[..], &["lockage.toml"]].concat());
        assert_eq!(plan.status.code(), Some(code), "{to}: {plan:?}");
        let said = String::from_utf8(plan.stderr).unwrap();
        assert!(
            code == 0 || said.starts_with(&format!("error: hold.seven-years: it holds what was promoted to {to}")),
            "{said}"
        );
    }
}

#[test]
fn what_a_ledger_knows_stays_and_is_said() {
    let folder = place();
    let plan = |now: &str| {
        let output = lockage(&folder, &[&PLAN[..], &["lockage.toml", "--now", now]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output
    };
    // Seven years are not over for the first; prod has the second, and may still get the third.
    let output = plan("2026-05-31T23:59:59Z");
    assert_eq!(gone(&output), ["sha-4"]);
    let plan_document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let words = |n: u8| plan_document["reasons"][format!("staging.example/app:sha-{n}")]["words"].as_str().unwrap();
    assert!(words(1).contains("7y"), "{}", words(1));
    assert!(words(2).contains("current in prod (ledger)"), "{}", words(2));
    assert!(words(3).contains("current in staging (ledger)"), "{}", words(3));
    assert_eq!(gone(&plan("2026-06-01T00:00:01Z")), ["sha-1", "sha-4"]);
    // Without the ledger all of them are just old.
    let output = lockage(&folder, &[&PLAN[..7], &["--now", "2026-06-01T00:00:01Z"]].concat());
    assert_eq!(gone(&output), ["sha-1", "sha-2", "sha-3", "sha-4"]);
}

#[test]
fn a_ledger_that_is_not_there_is_no_empty_one() {
    let folder = place();
    let output = lockage(&folder, &[&PLAN[..], &["lockage.toml", "--ledger", "other.jsonl"]].concat());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("other.jsonl"));
}

/// The API of a cluster, which gives the same answer to all.
fn cluster(status: u16, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _some = stream.read(&mut request).unwrap();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    base
}

#[test]
fn what_a_cluster_runs_stays_and_who_may_not_ask_plans_nothing() {
    let folder = place();
    fs::write(
        folder.path().join("policy.yaml"),
        format!("{POLICY}hold: [{{ name: k, in_use: [k8s] }}]\n").replacen(
            "hold:\n  - { name: seven-years, for: 7y, from: promoted, to: prod }\n",
            "",
            1,
        ),
    )
    .unwrap();
    let plan = |api: &str| {
        let arguments = ["--kubernetes", api, "--now", "2026-06-01T00:00:00Z"];
        lockage(&folder, &[&PLAN[..7], &arguments].concat())
    };
    let spec = json!({"containers": [{"image": format!("staging.example/app@{}", digest(4))}]});
    // Something that is a pod, a workload and a cron job at once.
    let object = json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"containers": spec["containers"],
        "template": {"spec": spec}, "jobTemplate": {"spec": {"template": {"spec": spec}}}}});
    let output = plan(&cluster(200, json!({"items": [object]}).to_string()));
    assert_eq!(gone(&output), ["sha-1", "sha-2", "sha-3"], "{output:?}");
    let refused = plan(&cluster(403, "{}".to_owned()));
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(refused.stdout.is_empty());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("403"));
    // Nobody was asked, and the rule wants somebody to be: everything stays.
    assert_eq!(gone(&lockage(&folder, &[&PLAN[..7], &["--now", "2026-06-01T00:00:00Z"]].concat())), [""; 0]);
}

#[test]
fn another_policy_says_what_this_one_does_that_it_does_not() {
    let folder = place();
    fs::write(folder.path().join("before.yaml"), "version: 1\ndelete: [{ name: old, older_than: 9y }]\n").unwrap();
    let arguments = ["--against", "before.yaml", "--now", "2026-06-01T00:00:00Z"];
    let output = lockage(&folder, &[&PLAN[..6], &arguments].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("4 manifests and 4 tags more go, 0 manifests and 0 tags more stay"), "{said}");
    let output = lockage(&folder, &[&PLAN[..7], &arguments].concat());
    let difference: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(difference["delete_tags"].as_array().unwrap().len(), 4);
}

/// Whoever plans by an export, and names nobody whose signatures count, is told that it is no proof.
#[test]
fn the_seals_of_an_export_are_checked_or_it_is_said_that_they_are_not() {
    let folder = place();
    let text = fs::read_to_string(folder.path().join("ledger.jsonl")).unwrap();
    // Each line as it stands, and behind it a seal that nobody looks at.
    let seal = r#","seal":{"media-type":"text/plain","bytes":"e30="}}"#;
    let sealed: Vec<String> = text.lines().map(|line| line[..line.len() - 1].to_owned() + seal).collect();
    fs::write(folder.path().join("export.jsonl"), sealed.join("\n") + "\n").unwrap();
    let plan = |ledger: &str| {
        let arguments = ["--ledger", ledger, "--now", "2026-05-31T23:59:59Z"];
        let output = lockage(&folder, &[&PLAN[..7], &arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        (gone(&output), String::from_utf8(output.stderr).unwrap())
    };
    let (gone, said) = plan("export.jsonl");
    assert!(said.contains("export.jsonl: signatures were not checked") && said.contains("--config FILE"), "{said}");
    assert_eq!((gone, String::new()), plan("ledger.jsonl"), "of a ledger in a file there are none");
}
