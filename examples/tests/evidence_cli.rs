//! What documents say of evidence, leases and events, and what `lockage promote`, `drift`, `running`, `recheck`, `verify` and
//! `board` make of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "promote_cli/world.rs"]
#[allow(dead_code, reason = "it serves other tests too")]
mod world;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use world::World;

const SIGNED: &str = "[signers]
ada = { key = \"ada.pub\" }
bob = { key = \"bob.pub\" }
[evidence]
id = \"https://ci.example/promotions\"
valid-for = \"90d\"
vsa = [\"SLSA_BUILD_LEVEL_2\"]
signers = [\"ada\"]
";

async fn signed() -> World {
    let world = World::with("", SIGNED).await;
    ["ada", "bob", "eve"].iter().for_each(|name| world.key_of(name));
    world.build(1).await;
    world
}

const BY_ADA: [&str; 3] = ["--yes", "--key", "ada.key"];

#[tokio::test(flavor = "multi_thread")]
async fn promotions_leave_evidence_that_a_deployment_can_ask_for_with_a_public_key() {
    let world = signed().await;
    world.promote("pr:1", "stage", &["--yes"]).ends(2).says("lockage.toml:").says("nobody was given to sign it");
    for stranger in ["eve.key", "bob.key"] {
        world.promote("pr:1", "stage", &["--yes", "--key", stranger]).ends(2).says("would count for nothing");
    }
    assert_eq!(World::held(&world.stage, "stage").await, None);
    // Looking needs no key.
    world.promote("pr:1", "stage", &[]).ends(0);

    let done = world.promote("pr:1", "stage", &BY_ADA).ends(0);
    done.says("signed  https://in-toto.io/attestation/svr/v0.2").says("signed  https://slsa.dev/verification_summary");
    let json = world.promote("pr:1", "stage", &["--yes", "--key", "ada.key", "--json"]).ends(0).json();
    let statements = json["receipt"]["attached"]["statements"].as_array().unwrap();
    assert!(statements.len() > 1 && statements.iter().all(|one| one["written"] == false), "{json}");

    let image = format!("{}/app:stage", world.addresses[1]);
    let ask = |key: &str, env: &str| world.run(&["verify", &image, "--promoted-to", env, "--key", key, "--json"]);
    let told = ask("ada.pub", "stage").ends(0).json();
    let one = &told["promoted"][0];
    assert_eq!((one["result"].as_str(), one["by"].as_str()), (Some("promoted"), Some("ada.pub")));
    assert_eq!(one["plan"], world.ledger()[0]["entry"]["plan"]);
    assert_eq!(ask("ada.pub", "prod").ends(1).json()["promoted"][0]["result"], "missing");
    assert_eq!(ask("bob.pub", "stage").ends(1).json()["promoted"][0]["result"], "missing");
    let nowhere = format!("{}/app:none", world.addresses[1]);
    world.run(&["verify", &nowhere, "--promoted-to", "stage", "--key", "ada.pub"]).ends(3).says("unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_was_passed_by_is_in_the_evidence() {
    let world = World::with(
        "\"s390x\"",
        &format!("[gates.s390x]\nkind = \"platforms\"\nplatforms = [\"linux/s390x\"]\n{SIGNED}"),
    )
    .await;
    ["ada", "bob"].iter().for_each(|name| world.key_of(name));
    world.build(1).await;
    world.promote("pr:1", "stage", &BY_ADA).ends(0);
    let past = [&BY_ADA[..], &["--override", "s390x", "--reason", "night"]].concat();
    world.promote("env:stage", "prod", &past).ends(0);
    let image = format!("{}/app:prod", world.addresses[2]);
    let told = world.run(&["verify", &image, "--promoted-to", "prod", "--key", "ada.pub", "--json"]).ends(1).json();
    assert_eq!(told["promoted"][0]["result"], "overridden");
    assert_eq!(told["promoted"][0]["passed-by"], serde_json::json!(["s390x"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_missing_is_drift() {
    let world = signed().await;
    world.promote("pr:1", "stage", &BY_ADA).ends(0);
    world.run(&["drift", "stage"]).ends(0);
    world.run(&["running", "stage", "--verify"]).ends(0).says("evidence  stage  app  good");
    world.run(&["recheck", "stage"]).ends(0).says("good");
    // From here on only bob is believed.
    world.edit("signers = [\"ada\"]", "signers = [\"bob\"]");
    let json = world.run(&["drift", "stage", "--json"]).ends(1).json();
    assert_eq!(json["drift"][0]["images"][0]["deviations"][0]["drift"], "evidence-missing");
    let json = world.run(&["running", "stage", "--verify", "--json"]).ends(1).json();
    assert_eq!((&json["evidence"][0]["evidence"], &json["evidence"][0]["image"]), (&"missing".into(), &"app".into()));
    let json = world.run(&["recheck", "stage", "--json"]).ends(1).json();
    assert_eq!((&json["result"], &json["evidence"][0]["evidence"]), (&"refused".into(), &"missing".into()));
    // Promoting again leaves it.
    world.promote("pr:1", "stage", &["--yes", "--key", "bob.key"]).ends(0);
    world.run(&["drift", "stage"]).ends(0);
    // Without the table there is none to ask for.
    let plain = World::new().await;
    plain.run(&["running", "--verify"]).ends(2).says("Write [evidence]");
}

/// The next who asks, unless nobody does for long.
fn next(listener: &TcpListener) -> Option<TcpStream> {
    listener.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                return Some(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}"),
        }
    }
    None
}

/// Answers so many requests with this status, and gives what was asked.
fn hook(status: &'static str, requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let mut all = Vec::new();
        for _ in 0..requests {
            let Some(mut stream) = next(&listener) else { break };
            let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
            loop {
                let read = stream.read(&mut buffer).unwrap();
                text.extend_from_slice(&buffer[..read]);
                let so_far = String::from_utf8_lossy(&text).to_string();
                let whole = so_far.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                    let length = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                    length.is_none_or(|length| body.len() >= length.trim().parse().unwrap())
                });
                if whole || read == 0 {
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            all.push(String::from_utf8(text).unwrap());
        }
        all
    });
    (format!("http://{address}/hook"), heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_says_who_is_told_and_a_sink_that_fails_is_in_the_receipt() {
    let (good, heard) = hook("204 No Content", 2);
    let (bad, refused) = hook("500 Broken", 1);
    // CDEvents have a word for what has arrived, and none for what begins.
    let events = format!(
        "[[events]]\nkind = \"webhook\"\nname = \"chat\"\nurl = \"{good}\"\nsecret-env = \"HOOK_SECRET\"\n
         [[events]]\nkind = \"cloudevents\"\nname = \"bus\"\nurl = \"{bad}\"\nsource = \"https://ci.example\"\n"
    );
    let world = World::with("", &events).await;
    world.build(1).await;
    let promote = ["promote", "app", "--select", "pr:1", "--to", "stage", "--yes", "--json"];
    world.run(&promote).ends(2).says("HOOK_SECRET is not set");
    // Who only looks tells nobody, and needs no secret.
    world.promote("pr:1", "stage", &[]).ends(0);
    let json = world.run_in(&promote, &[("HOOK_SECRET", Path::new("s3cret"))]).ends(0).json();
    let troubles = json["receipt"]["troubles"].as_array().unwrap();
    assert!(!troubles.is_empty() && troubles.iter().all(|one| one["with"] == "bus"), "{troubles:?}");
    assert!(troubles[0]["why"].as_str().unwrap().contains("500"), "{troubles:?}");
    let heard = tokio::task::block_in_place(|| heard.join().unwrap());
    for (said, word) in heard.iter().zip(["started", "done"]) {
        let lower = said.to_lowercase();
        assert!(
            said.starts_with("POST /hook HTTP/1.1") && lower.contains(&format!("x-lockage-event: {word}")),
            "{said}"
        );
        assert!(lower.contains("x-lockage-signature-256: sha256=") && !said.contains("s3cret"), "{said}");
    }
    assert!(tokio::task::block_in_place(|| refused.join().unwrap())[0].to_lowercase().contains("ce-specversion: 1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_says_by_which_lease_one_promotion_goes_at_a_time() {
    let world = World::with("", "[lease]\nkind = \"file\"\nfolder = \"leases\"\n").await;
    world.build(1).await;
    world.promote("pr:1", "stage", &["--yes"]).ends(3).says("leases");
    std::fs::create_dir(world.path("leases")).unwrap();
    world.promote("pr:1", "stage", &["--yes"]).ends(0);
    assert_eq!(std::fs::read_dir(world.path("leases")).unwrap().count(), 1);
    // In a repository of a registry it is given back, too.
    let registry = format!("kind = \"registry\"\nrepository = \"{}/leases\"", world.addresses[1]);
    world.edit("kind = \"file\"\nfolder = \"leases\"", &registry);
    world.promote("env:stage", "prod", &["--yes"]).ends(0);
    assert_eq!(World::held(&world.prod, "prod").await, World::held(&world.stage, "stage").await);
    world.edit("kind = \"registry\"", "kind = \"kubernetes\"");
    world.promote("env:stage", "prod", &["--yes"]).ends(2).says("lockage.toml:").says("unknown field `repository`");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_what_runs_what_waits_and_escapes_what_others_wrote() {
    let world =
        World::with("\"freeze\"", "[gates.freeze]\nkind = \"soak\"\nenvironment = \"stage\"\nfor = \"7d\"\n").await;
    world.build(1).await;
    let hostile = "<script>alert('ada')</script>\"";
    world.promote("pr:1", "stage", &["--yes", "--actor", hostile]).ends(0);
    let page = world.run(&["board", "--title", "A & <B>"]).ends(0).out;
    for words in
        ["<title>A &amp; &lt;B&gt;</title>", "commit 0000001", "PR #1", "no drift", "<b>freeze</b> waits: ", "Next"]
    {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;ada&#39;)") && !page.contains("<script"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing is fetched");
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
    assert!(page.contains(World::held(&world.stage, "stage").await.unwrap().as_str()));

    let second = world.build(2).await;
    world.promote("pr:2", "stage", &["--yes"]).ends(0);
    let first = world.held_digest("sha-0000001").await;
    world.run(&["deny", "app", "#2", "--reason", "<b>leaks</b>"]).ends(0);
    assert_ne!(first, second);
    world.run(&["board", "--out", "board.html"]).ends(0);
    let page = std::fs::read_to_string(world.path("board.html")).unwrap();
    assert!(page.contains("<b>Denied</b> &lt;b&gt;leaks&lt;/b&gt;") && page.contains("refused"), "{page}");
    let page = world.run(&["board", "--ledger-only"]).ends(0).out;
    assert!(page.contains("By the ledger alone") && !page.contains("no drift"), "{page}");
}
