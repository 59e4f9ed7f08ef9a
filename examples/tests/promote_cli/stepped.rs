//! Steps of a document: commands before and after, their evidence, and what becomes of those that fail.

use std::fs;
use std::time::{Duration, Instant};

use super::world::World;

/// `script` before and after the edge to stage; it knows which by LOCKAGE_MOMENT.
async fn world(script: &str, timeout: &str) -> World {
    let steps = format!(
        "[steps.migrate]\nkind = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"step\", \"{{reference}}\", \"{{tags}}\"]\n\
         timeout = \"{timeout}\"\n\
         [steps.deploy]\nkind = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"../step\", \"{{tag}}\", \"digest={{digest}}\"]\n\
         directory = \"deploy\"\n"
    );
    let world = World::with("", &steps).await;
    world.edit("to = \"stage\"\n", "to = \"stage\"\nbefore = [\"migrate\"]\nafter = [\"deploy\"]\n");
    fs::create_dir(world.path("deploy")).unwrap();
    fs::write(world.path("step"), script).unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_done_once_whatever_fails_in_between() {
    let script = r#"
case $LOCKAGE_MOMENT in
before) echo "before $# $1 $2 $3" >> log; echo 'schema 7 is there'; exit 0;;
after)
  echo "after $# $1 $2 $LOCKAGE_ENVIRONMENT $LOCKAGE_COMMIT" >> ../log
  if [ -e ../ready ]; then printf '\033[32mrolled out\033[0m\n'; else echo 'no cluster' >&2; exit 7; fi;;
esac
"#;
    let world = world(script, "30s").await;
    let digest = world.build(42).await;
    let tried = world.promote("pr:42", "stage", &[]).ends(0);
    assert!(!world.path("log").exists(), "what is tried runs nothing: {}", tried.out);
    let failed = world.promote("pr:42", "stage", &["--yes"]).ends(3);
    assert!(failed.err.contains("the step \"deploy\", after the promotion to stage, failed"), "{}", failed.err);
    assert!(failed.err.contains("exit status: 7") && failed.err.contains("said      no cluster"), "{}", failed.err);
    assert!(failed.err.contains("The tags have moved."), "{}", failed.err);
    assert_eq!(World::held(&world.stage, "stage").await, Some(digest.clone()));

    fs::write(world.path("ready"), "").unwrap();
    let done = world.promote("pr:42", "stage", &["--yes", "--json"]).ends(0).json();
    let steps = done["receipt"]["steps"].as_array().unwrap();
    let deploy = steps.iter().find(|step| step["gate"] == "deploy").unwrap();
    assert_eq!(deploy["evidence"]["details"]["output"], serde_json::json!(["rolled out"]), "{deploy}");
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    let repository = format!("{}/app", world.addresses[1]);
    let commit = format!("{:07x}{:033x}", 42, 42);
    let log = fs::read_to_string(world.path("log")).unwrap();
    assert_eq!(
        log.lines().collect::<Vec<_>>(),
        [
            format!("before 3 {repository}@{digest} sha-000002a stage"),
            format!("after 2 sha-000002a digest={digest} stage {commit}"),
            format!("after 2 sha-000002a digest={digest} stage {commit}"),
        ],
        "the migration once, the rollout until it was done"
    );
    let evidence: Vec<_> = world.ledger().iter().map(ToString::to_string).collect();
    assert!(evidence.iter().any(|entry| entry.contains("schema 7 is there")), "{evidence:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_or_hangs_before_moves_no_tag_and_leaves_nothing_behind() {
    let hangs = "echo begun; sleep 60 & echo $! > child; wait\n";
    let world = world(hangs, "1s").await;
    world.build(42).await;
    let begun = Instant::now();
    let failed = world.promote("pr:42", "stage", &["--yes"]).ends(3);
    assert!(begun.elapsed() < Duration::from_secs(20), "{}", failed.err);
    assert!(failed.err.contains("it took longer than 1 s: begun"), "{}", failed.err);
    assert!(failed.err.contains("No tag has moved."), "{}", failed.err);
    assert_eq!(World::held(&world.stage, "stage").await, None);
    let child = fs::read_to_string(world.path("child")).unwrap();
    let alive = || fs::read_to_string(format!("/proc/{}/stat", child.trim())).is_ok_and(|stat| !stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(5);
    while alive() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!alive(), "what it has started is killed with it");

    fs::write(world.path("step"), "seq 1000; exit 3\n").unwrap();
    let failed = world.promote("pr:42", "stage", &["--yes"]).ends(3);
    assert!(failed.err.contains("exit status: 3: 1000"), "{}", failed.err);
    assert_eq!(failed.err.matches("said  ").count(), 20, "the end of what it said: {}", failed.err);
    assert_eq!(World::held(&world.stage, "stage").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_makes_no_sense_is_told_with_its_line() {
    let world = world("", "1s").await;
    world.build(42).await;
    let good = fs::read_to_string(world.path("lockage.toml")).unwrap();
    for (from, to, said) in [
        ("{reference}", "{refrence}", "{refrence} is nothing that is filled in"),
        ("{tags}", "--tags={tags}", "{tags} is one argument for each tag"),
        ("timeout = \"1s\"", "timeout = \"long\"", "timeout: \"long\""),
        ("program = \"/bin/sh\"", "program = \"\"", "program: none is named"),
        ("program = \"/bin/sh\"", "shell = \"true\"", "unknown field `shell`"),
        ("kind = \"command\"", "kind = \"shell\"", "there is no kind \"shell\""),
        ("before = [\"migrate\"]", "before = [\"migrat\"]", "there is no step \"migrat\""),
    ] {
        fs::write(world.path("bad.toml"), good.replacen(from, to, 1)).unwrap();
        let told = world.promote("pr:42", "stage", &["--config", "bad.toml"]).ends(2).says(said);
        assert!(told.err.starts_with("error: bad.toml:"), "{}", told.err);
    }
}

/// A metric, or something that is none.
fn metric(body: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), [0; 4096]);
            let _ = stream.read(&mut buffer);
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_is_bad_is_rolled_back_and_one_that_cannot_be_seen_is_not() {
    for (body, code, is_back) in [(r#"{"errors": 0.2}"#, 1, true), ("no metric", 3, false)] {
        let canary = format!(
            "[steps.canary]\nkind = \"watch\"\nurl = \"{}\"\npath = \"errors\"\npointer = \"/errors\"\nat-most = 0.01\n\
             every = \"1s\"\nwithin = \"3s\"\n",
            metric(body)
        );
        let world = World::with("", &canary).await;
        let good = world.build(41).await;
        let bad = world.build(42).await;
        world.promote("pr:41", "stage", &["--yes"]).ends(0);
        world.edit("to = \"stage\"\n", "to = \"stage\"\nafter = [\"canary\"]\n");
        let done = world.promote("pr:42", "stage", &["--yes", "--auto-rollback"]).ends(code);
        assert_eq!(done.out.contains("denied everywhere"), is_back, "{}{}", done.out, done.err);
        let held = World::held(&world.stage, "stage").await;
        assert_eq!(held, Some(if is_back { good } else { bad }), "{}{}", done.out, done.err);
        assert_eq!(done.err.contains("It was rolled back to"), is_back, "{}", done.err);
        assert_eq!(done.err.contains("Promote again"), !is_back, "what is back is not promoted again: {}", done.err);
        let history = world.run(&["history"]).ends(0);
        assert_eq!(history.out.contains("canary failed"), is_back, "{}", history.out);
        // Nothing automatic brings it again.
        world.promote("pr:42", "stage", &["--yes"]).ends(if is_back { 1 } else { 3 });
    }
}

/// A step may take an hour, and somebody says no meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_while_a_step_runs_does_not_move_and_every_entry_has_its_own_time() {
    let world = world("exit 0", "30s").await;
    let (first, second) = (world.build(41).await, world.build(42).await);
    world.promote("pr:41", "stage", &["--yes"]).ends(0);
    let lockage = env!("CARGO_BIN_EXE_lockage");
    let denies = format!(
        "[ $LOCKAGE_MOMENT = before ] || exit 0\nsleep 1\n{lockage} deny app {second} --reason stop --actor ops\n\
         date -u +%Y-%m-%dT%H:%M:%S > over\n"
    );
    fs::write(world.path("step"), denies).unwrap();
    world.promote("pr:42", "stage", &["--yes"]).ends(1).says("is denied: stop (ops), since the gates were asked");
    assert_eq!(World::held(&world.stage, "stage").await, Some(first));
    world.run(&["drift", "stage"]).ends(0);
    let over = fs::read_to_string(world.path("over")).unwrap();
    let late: Vec<_> = world.ledger().iter().rev().take(2).map(|line| line["entry"].clone()).collect();
    assert_eq!((&late[0]["kind"], &late[1]["phase"]), (&"revert".into(), &"intent".into()), "{late:?}");
    assert!(late.iter().all(|entry| entry["at"].as_str().unwrap() >= over.trim()), "{over}: {late:?}");

    world.run(&["release", "app", second.as_str(), "--reason", "checked"]).ends(0);
    fs::write(world.path("step"), "exit 0").unwrap();
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    assert_eq!(World::held(&world.stage, "stage").await, Some(second));
    // Back once, and it says why it goes no further.
    let back = ["rollback", "app", "--env", "stage", "--to", "previous", "--reason", "slow", "--yes"];
    world.run(&back).ends(0);
    world.run(&back).ends(1).says("was rolled back to").says("name where to");
}
