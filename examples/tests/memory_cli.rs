//! `lockage rollback`, `running`, `where-is`, `history`, `drift`, `deny`, `hold`, `release` and `recheck`, on three registries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "promote_cli/world.rs"]
#[allow(dead_code, reason = "it serves other tests too")]
mod world;

use std::path::Path;

use lockage_registry::Digest;
use world::World;

/// Two images, one after the other, from dev to prod.
async fn twice(world: &World) -> (Digest, Digest) {
    let (first, second) = (world.build(1).await, world.build(2).await);
    for pull_request in ["pr:1", "pr:2"] {
        world.promote(pull_request, "stage", &["--yes"]).ends(0);
        world.promote("env:stage", "prod", &["--yes", "--actor", "ada"]).ends(0);
    }
    (first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_and_where_an_image_is_are_told_by_the_ledger() {
    let world = World::new().await;
    let (first, second) = twice(&world).await;
    let json = world.run(&["running", "prod", "--json"]).ends(0).json();
    let app = &json["running"][0]["images"][0];
    assert_eq!((app["digest"].as_str(), app["by"].as_str()), (Some(second.as_str()), Some("ada")));
    assert!(
        app["since"].as_str().unwrap().ends_with('Z') && app["passed"]["plan"].as_str().unwrap().starts_with("sha256:")
    );
    assert_eq!(app["tags"], serde_json::json!(["prod", "sha-0000002"]));
    let told = world.run(&["running"]).ends(0);
    assert!(told.out.contains("stage\n") && told.out.contains("seconds) by ada"), "{}", told.out);

    let json = world.run(&["where-is", "0000001", "--json"]).ends(0).json();
    let places = json["images"][0]["places"].as_array().unwrap();
    let names: Vec<_> =
        places.iter().map(|place| (place["environment"].as_str().unwrap(), &place["current"])).collect();
    assert_eq!(names, [("dev", &false.into()), ("stage", &false.into()), ("prod", &false.into())]);
    assert!(places[2]["visits"][0]["until"].as_str().unwrap().ends_with('Z'));
    world.run(&["where-is", first.as_ref()]).ends(0).says("sha-0000001");
    world.run(&["where-is", "#2"]).ends(0).says("now, since");
    world.run(&["where-is", "9.9.9"]).ends(1).says("never been anywhere");
    world.run(&["where-is", "latest"]).ends(2).says("Write a commit");

    world.run(&["history", "app", "--env", "prod"]).ends(0).says("from stage (stage-prod)");
    let json = world.run(&["history", "--json"]).ends(0).json();
    assert_eq!(json["history"].as_array().unwrap().len(), 8);
    let json = world.run(&["diff", "prod", "stage", "--json"]).ends(0).json();
    assert_eq!((json["same"].as_u64(), json["images"].as_array().map(Vec::len)), (Some(1), Some(0)));
    world.build(3).await;
    world.promote("pr:3", "stage", &["--yes"]).ends(0);
    let told = world.run(&["diff", "prod", "stage"]).ends(0);
    for words in ["commit 0000002", "commit 0000003", "no bill of materials that can be read"] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    world.run(&["running", "moon"]).ends(2).says("There are: dev, stage, prod.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_one_command_and_nothing_undoes_it_until_it_is_released() {
    let world = World::new().await;
    let (first, second) = twice(&world).await;
    let back = |more: &[&str]| {
        let all = ["rollback", "app", "--env", "prod", "--to", "0000001", "--reason", "latency"];
        world.run(&[&all[..], more].concat())
    };
    let tried = back(&[]).ends(0);
    assert!(tried.out.contains("~ float  prod") && tried.out.contains("Nothing was written."), "{}", tried.out);
    assert!(tried.out.contains("pass  been-here"), "{}", tried.out);
    assert_eq!(World::held(&world.prod, "prod").await, Some(second.clone()));
    world.run(&["rollback", "app", "--env", "prod", "--to", "0000001"]).ends(2);
    world
        .run(&["rollback", "app", "--env", "prod", "--to", "9.9.9", "--reason", "x"])
        .ends(1)
        .says("has never been in prod");

    let json = back(&["--yes", "--json"]).ends(0).json();
    assert_eq!((json["result"].as_str(), json["receipt"]["bad"].as_str()), (Some("done"), Some(second.as_str())));
    assert_eq!(World::held(&world.prod, "prod").await, Some(first.clone()));
    back(&["--yes"]).ends(0).says("It was there already");
    world.run(&["running", "prod"]).ends(0).says("back      latency").says("held      rolled back in prod: latency");

    world.promote("env:stage", "prod", &["--yes"]).ends(1).says("is denied: rolled back in prod: latency");
    world.run(&["release", "app", "0000002", "--env", "prod", "--reason", "x"]).ends(1).says("denied everywhere");
    world.run(&["release", "app", "0000002", "--reason", "found it"]).ends(0).says("released everywhere");
    world.promote("env:stage", "prod", &["--yes"]).ends(4).says("held");
    world.run(&["release", "app", "--env", "prod", "--reason", "found it"]).ends(0);
    world.promote("env:stage", "prod", &["--yes"]).ends(0);
    assert_eq!(World::held(&world.prod, "prod").await, Some(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_or_held_is_listed_with_its_reason() {
    let world = World::new().await;
    let (first, _) = twice(&world).await;
    let json = world.run(&["deny", "app", "#1", "--reason", "leaks", "--json"]).ends(0).json();
    assert_eq!((json["kind"].as_str(), json["digest"].as_str()), (Some("deny"), Some(first.as_str())));
    world.run(&["deny", "app", "#1", "--reason", "leaks"]).ends(0).says("says so already");
    world.run(&["deny", "app", "#1", "--reason", " "]).ends(2);
    let hold = ["hold", "app", "--env", "stage", "--reason", "party", "--until", "2199-01-01T00:00:00Z"];
    world.run(&hold).ends(0).says("held in stage");
    world.run(&["history"]).ends(0).says("everywhere: leaks").says("until 2199-01-01T00:00:00Z");
    world.run(&["hold", "other", "--env", "stage", "--reason", "party"]).ends(1).says("nothing is in stage");
    let back = ["rollback", "app", "--env", "prod", "--to", "previous", "--reason", "x"];
    world.run(&back).ends(1).says("but for what is denied");
    world.run(&["release", "app", "--env", "prod", "--reason", "x"]).ends(1).says("no hold to release in prod");
}

/// Whoever mistypes the image, or the ledger, has denied nothing that anybody would look at.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_denied_or_promoted_by_a_name_that_is_mistyped() {
    let world = World::new().await;
    let (first, _) = twice(&world).await;
    let deny = |more: &[&str]| world.run(&[&["deny"], more, &["--reason", "leaks"]].concat());
    let before = world.ledger().len();
    let refused = deny(&["ap", first.as_ref(), "--json"]).ends(1).says("ap: the ledger says nothing of it");
    assert_eq!(refused.json()["result"], "refused");
    refused.says("The ledger knows: app.").says("--new");
    let elsewhere = ["--ledger", "legder.jsonl"];
    for order in [
        &["deny", "app", first.as_ref()][..],
        &["hold", "app", "--env", "prod"],
        &["release", "app", "--env", "prod"],
        &["rollback", "app", "--env", "prod", "--to", "previous", "--yes"],
    ] {
        let order = [order, &["--reason", "x"], &elsewhere].concat();
        world.run(&order).ends(2).says("legder.jsonl: there is no such ledger");
    }
    assert!(!world.path("legder.jsonl").exists());
    // A source image has to be there, whatever it is called.
    world.run(&["promote", "ap", "--select", "pr:1", "--to", "stage", "--yes"]).ends(3).says("there is no such image");
    world.run(&["promote", "ap", "--select", "env:stage", "--to", "prod", "--yes"]).ends(3).says("is in stage");
    assert_eq!(world.ledger().len(), before);
    // What is yet to be built, and a ledger that is yet to begin, are meant so in so many words.
    deny(&["next", first.as_ref(), "--new"]).ends(0).says("denied everywhere: next");
    deny(&[&["app", first.as_ref(), "--new"], &elsewhere[..]].concat()).ends(0);
    deny(&[&["app", "#1"], &elsewhere[..]].concat()).ends(1).says("has never been anywhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_found_and_healed() {
    let world = World::new().await;
    let (first, second) = twice(&world).await;
    world.run(&["drift"]).ends(0).says("as the ledger says");
    world.move_tag("prod", &first).await;
    let json = world.run(&["drift", "prod", "--json"]).ends(1).json();
    let moved = &json["drift"][0]["images"][0]["deviations"][0];
    assert_eq!((moved["drift"].as_str(), moved["found"].as_str()), (Some("tag-moved"), Some(first.as_str())));
    world.run(&["drift", "prod"]).ends(1).says("outside the pipeline");
    world.run(&["drift", "--heal"]).ends(0).says("prod put back");
    assert_eq!(World::held(&world.prod, "prod").await, Some(second));
    world.run(&["drift", "prod"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_asked_again_by_todays_gates() {
    let platforms = "[gates.platforms]\nkind = \"platforms\"\nplatforms = [\"linux/s390x\"]\n";
    let world = World::with("", platforms).await;
    let (_, second) = twice(&world).await;
    world.run(&["recheck", "prod"]).ends(0).says("ready");
    // A gate is new.
    let config = world.path("lockage.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("gates = []", "gates = [\"platforms\"]")).unwrap();
    let json = world.run(&["recheck", "prod", "--json"]).ends(1).json();
    assert_eq!(
        (json["result"].as_str(), json["recheck"]["images"][0]["digest"].as_str()),
        (Some("refused"), Some(second.as_str()))
    );
    world.run(&["recheck", "prod", "--revoke", "--reason", "s390x"]).ends(1).says("denied everywhere");
    world.run(&["history"]).ends(0).says("everywhere: s390x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nobody_has_set_keeps_nobody_from_looking_or_going_back() {
    let gates = "[gates.checks]\nkind = \"checks-green\"\ngithub = \"acme/{image}\"\ntoken-env = \"FORGE_TOKEN\"\n\
                 [[events]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\nsecret-env = \"HOOK_SECRET\"\n";
    let world = World::with("\"checks\"", gates).await;
    let secrets = [("FORGE_TOKEN", Path::new("x")), ("HOOK_SECRET", Path::new("y"))];
    for n in [1, 2] {
        world.build(n).await;
        let select = format!("pr:{n}");
        let promote = ["promote", "app", "--select", &select, "--to", "stage", "--yes"];
        world.run(&promote).ends(2).says("is not set");
        world.run_in(&promote, &secrets).ends(0).says("trouble");
    }
    for look in [&["running"][..], &["where-is", "#1"], &["history"], &["drift"], &["board"]] {
        world.run(look).ends(0);
    }
    // A gate that is asked, and has no token, cannot decide.
    world.run(&["recheck", "stage"]).ends(0);
    let first = World::held(&world.stage, "sha-0000001").await;
    let back = ["rollback", "app", "--env", "stage", "--to", "previous", "--reason", "latency", "--yes"];
    world.run(&back).ends(0).says("nobody will be told").says("HOOK_SECRET is not set");
    assert_eq!(World::held(&world.stage, "stage").await, first);
    world.run(&["release", "app", "--env", "stage", "--reason", "fixed"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_told_on_lines_of_ours_and_moves_no_cursor() {
    let world = World::new().await;
    let (first, _) = twice(&world).await;
    let reason = "bad\n::error::forged\r\u{1b}[2K\u{9b}\u{202e}";
    let deny = ["deny", "app", "#1", "--reason", reason];
    let looks = [
        &deny[..],
        &["history"],
        &["where-is", "#1"],
        &["why-not", "app", "--select", "pr:1", "--to", "stage"],
        &["promote", "app", "--select", "pr:1", "--to", "stage", "--yes"],
        &["rollback", "app", "--env", "prod", "--to", first.as_ref(), "--reason", "x"],
    ];
    for look in looks {
        let done = world.run(look);
        let said = format!("{}{}", done.out, done.err);
        assert!(said.contains(r"\u{1b}[2K\u{9b}\u{202e}"), "{look:?}: {said:?}");
        assert!(!said.contains(['\r', '\u{1b}', '\u{9b}', '\u{202e}']), "{look:?}: {said:?}");
        assert!(said.lines().all(|line| !line.trim_start().starts_with("::")), "{look:?}: {said:?}");
    }
    let json = world.run(&["history", "--json"]).ends(0).json();
    assert_eq!(json["in-force"]["denials"][0]["reason"], reason, "a document has it as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_answers_for_is_done_in_somebodys_name() {
    let world = World::new().await;
    twice(&world).await;
    let nobody = [("USER", Path::new(" "))];
    for order in [
        &["deny", "app", "#1"][..],
        &["hold", "app", "--env", "stage"],
        &["release", "app", "#1"],
        &["promote", "app", "--select", "env:stage", "--to", "prod", "--override", "platforms"],
        &["rollback", "app", "--env", "prod", "--to", "previous", "--override", "been-here"],
    ] {
        let order = [order, &["--reason", "x"]].concat();
        world.run_in(&order, &nobody).ends(2).says("Name who with --actor NAME.");
        for actor in ["", " ", "\t", "ev\u{1b}]0;x\u{7}"] {
            world.run(&[&order[..], &["--actor", actor]].concat()).ends(2).says("it is recorded");
        }
    }
    world.run_in(&["deny", "app", "#1", "--reason", "x", "--actor", "ada"], &nobody).ends(0);
    world.run(&["history"]).ends(0).says(": x  (ada)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_document_and_a_cell_of_the_board() {
    let world = World::new().await;
    let (first, _) = twice(&world).await;
    for refused in [
        &["release", "app", "#1", "--reason", "x", "--json"][..],
        &["rollback", "app", "--env", "prod", "--to", "9.9.9", "--reason", "x", "--json"],
        &["promote", "--resume", "--json"],
    ] {
        let json = world.run(refused).ends(1).json();
        assert_eq!(json["result"], "refused", "{refused:?}");
        assert!(!json["error"].as_str().unwrap().is_empty(), "{refused:?}");
    }
    // The tag that the next image would have once is another's.
    world.build(3).await;
    world.promote("pr:3", "stage", &["--yes"]).ends(0);
    world.move_tag("sha-0000003", &first).await;
    world.run(&["board", "--out", "board.html"]).ends(0);
    let page = std::fs::read_to_string(world.path("board.html")).unwrap();
    assert!(page.contains("refused") && page.contains("created once and holds another image"), "{page}");
    assert!(!page.contains("Not everything could be looked at"), "{page}");
    // What could not be looked at is said beside the page, too.
    world.edit(&format!("{}/", world.addresses[2]), "127.0.0.1:1/");
    world.run(&["board", "--out", "board.html"]).ends(3).says("could not be looked at: app in prod");
}
