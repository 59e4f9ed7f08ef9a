//! `promote --set`, `--resume`, `--revert` and `--fleet`: several images as one, and each by itself.

use std::fs;

use boon::{Compiler, Schemas};
use lockage_registry::testing::fixtures;
use lockage_registry::{Digest, Memory, Source as _, TagOrDigest, Target as _};
use serde_json::{Value, json};

use super::world::World;

const BOTH: [&str; 2] = ["app", "web"];

async fn world(asked: &str, gates: &str) -> World {
    let world = World::with(asked, gates).await;
    for image in BOTH {
        world.build_of(image, 1).await;
        world.build_of(image, 2).await;
    }
    world
}

async fn held(registry: &Memory, image: &str, tag: &str) -> Option<Digest> {
    let tag = TagOrDigest::Tag(tag.parse().unwrap());
    registry.resolve(&format!("localhost/{image}").parse().unwrap(), &tag).await.ok().map(|held| held.digest)
}

async fn stages(world: &World) -> [Option<Digest>; 2] {
    [held(&world.stage, "app", "stage").await, held(&world.stage, "web", "stage").await]
}

fn set(world: &World, more: &[&str]) -> super::world::Done {
    world.run(&[&["promote", "--set", "app,web", "--to", "stage"][..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn images_arrive_together_or_not_at_all() {
    let world = world("", "").await;
    let tried = set(&world, &["--select", "pr:1"]).ends(0).says("Nothing was written.");
    assert!(tried.out.contains("app  sha256:") && tried.out.contains("web  sha256:"), "{}", tried.out);
    assert_eq!(stages(&world).await, [None, None]);
    let done = set(&world, &["--select", "pr:1", "--yes", "--json"]).ends(0).json();
    assert_eq!((&done["result"], done["receipt"]["members"].as_array().unwrap().len()), (&json!("done"), 2));
    let kinds: Vec<_> = world.ledger().iter().map(|line| line["entry"]["phase"].clone()).collect();
    assert_eq!(kinds, ["intent", "intent", "done", "done"], "all are about to, before any has");
    let before = stages(&world).await;
    assert!(before.iter().all(Option::is_some));

    // One of them may not move, so none does; what stands against it is told.
    world.run(&["deny", "web", "#2", "--reason", "leaks"]).ends(1).says("has never been anywhere");
    let bad = world.build_of("web", 2).await;
    world.run(&["deny", "web", bad.as_str(), "--reason", "leaks"]).ends(0);
    let refused = set(&world, &["--select", "pr:2", "--yes"]).ends(1).says("is denied: leaks");
    assert!(
        refused.out.contains("web: Refused by denied.") && refused.out.contains("pass  upstream"),
        "{}",
        refused.out
    );
    // The other has the very same bytes, which move under no name until the one that was denied is released.
    refused.says("app: Refused by denied.").says("it was denied as web, and is released as web");
    world.run(&["release", "app", bad.as_str(), "--reason", "x"]).ends(1).says("Release it as web");
    assert_eq!(stages(&world).await, before);
    set(&world, &["--select", "pr:2", "--override", "denied", "--reason", "now"]).ends(2).says("is not passed by");
    set(&world, &["--select", "pr:2", "--override", "scan", "--reason", "now"]).ends(2).says("is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_is_passed_by_a_gate_by_its_name_and_the_ledger_says_so_of_each() {
    let freeze = "[gates.freeze]\nkind = \"kill-switch\"\nrepository = \"PROD/freeze\"\ntag = \"freeze\"\n";
    let world = world(r#""freeze""#, freeze).await;
    set(&world, &["--select", "pr:1", "--yes"]).ends(0);
    fixtures::push(&world.prod, &"localhost/freeze".parse().unwrap(), &fixtures::image(9), &"freeze".parse().unwrap())
        .await
        .unwrap();
    let prod = ["promote", "--set", "app,web", "--to", "prod", "--select", "env:stage"];
    world.run(&[&prod[..], &["--yes"]].concat()).ends(4).says("is waiting");
    let done = world.run(&[&prod[..], &["--yes", "--override", "freeze", "--reason", "outage 7"]].concat()).ends(0);
    assert!(done.out.contains("OVER  freeze") && done.out.contains("outage 7"), "{}", done.out);
    let said: Vec<_> = world.ledger().into_iter().filter(|line| line["entry"]["kind"] == "override").collect();
    let images: Vec<_> = said.iter().map(|line| line["entry"]["image"].as_str().unwrap()).collect();
    assert_eq!(images, BOTH);
    assert_eq!(said[0]["entry"]["plan"], said[1]["entry"]["plan"], "of the set");
}

/// As a run leaves it that is killed when the first of two tags has moved.
async fn killed(world: &World) -> (String, [Option<Digest>; 2]) {
    set(world, &["--select", "pr:1", "--yes"]).ends(0);
    let before = stages(world).await;
    set(world, &["--select", "pr:2", "--yes"]).ends(0);
    let after = stages(world).await;
    let lines = fs::read_to_string(world.path("ledger.jsonl")).unwrap();
    let kept: Vec<_> = lines.lines().take(6).collect();
    fs::write(world.path("ledger.jsonl"), kept.join("\n") + "\n").unwrap();
    put(&world.stage, "web", "stage", before[1].as_ref().unwrap()).await;
    assert_ne!(before, after);
    let id = world.ledger()[5]["entry"]["set"]["id"].as_str().unwrap().to_owned();
    (id, before)
}

async fn put(registry: &Memory, image: &str, tag: &str, digest: &Digest) {
    let repo = format!("localhost/{image}").parse().unwrap();
    let raw = registry.manifest(&repo, &TagOrDigest::Digest(digest.clone())).await.unwrap();
    registry.put_manifest(&repo, &raw, &TagOrDigest::Tag(tag.parse().unwrap())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_killed_is_gone_on_with_from_the_ledger() {
    let world = world("", "").await;
    let (id, before) = killed(&world).await;
    world.promote("pr:2", "stage", &["--yes"]).ends(1).says("in the set");
    let tried = world.run(&["promote", "--resume"]).ends(0).says("Nothing was written.");
    assert!(tried.out.contains(&id), "{}", tried.out);
    assert_eq!(stages(&world).await[1], before[1]);
    world.run(&["promote", "--resume", "--set", "app", "--yes"]).ends(1).says("no such set");
    let done = world.run(&["promote", "--resume", "--set", "web,app", "--yes", "--json"]).ends(0).json();
    assert_eq!((&done["result"], done["set"].as_str().unwrap()), (&json!("done"), id.as_str()));
    let expected = [world.build_of("app", 2).await, world.build_of("web", 2).await].map(Some);
    assert_eq!(stages(&world).await, expected);
    world.run(&["promote", "--resume"]).ends(1).says("no such set is on its way");
    world.run(&["promote", "--revert", "--set", &id, "--reason", "x", "--yes"]).ends(1).says("has arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_killed_is_taken_back_but_not_to_what_is_denied() {
    let world = world("", "").await;
    let (id, before) = killed(&world).await;
    world.run(&["promote", "--revert", "--yes"]).ends(2).says("--reason");
    world.run(&["promote", "--revert", "--reason", "late"]).ends(0).says("would be taken back");
    let old = before[0].as_ref().unwrap().to_string();
    world.run(&["deny", "app", &old, "--reason", "leaks"]).ends(0);
    let now = stages(&world).await;
    world.run(&["promote", "--revert", "--reason", "late", "--yes"]).ends(1).says("is denied: leaks");
    assert_eq!(stages(&world).await, now, "a denied image comes back by no command");
    world.run(&["release", "app", &old, "--reason", "checked"]).ends(0);
    let done = world.run(&["promote", "--revert", "--set", &id, "--reason", "late", "--yes"]).ends(0);
    assert!(done.out.contains("was taken back"), "{}", done.out);
    assert_eq!(stages(&world).await, before);
    set(&world, &["--select", "pr:2", "--yes"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_is_kept_approved_and_applied_as_one() {
    let two = "[signers]\nada = { key = \"ada.pub\" }\n[gates.one]\nkind = \"approval\"\nquorum = 1\n";
    let world = world("\"one\"", two).await;
    world.key_of("ada");
    set(&world, &["--select", "pr:1", "--yes"]).ends(0);
    let prod = ["promote", "--set", "app,web", "--to", "prod", "--select", "env:stage", "--plan", "set.json"];
    let waits = world.run(&prod).ends(4).says("is waiting");
    assert!(waits.out.contains("approve with: lockage approve"), "{}", waits.out);
    world.run(&["approve", "set.json", "--key", "ada.key", "--expires", "7d"]).ends(0).says("Approved set sha256:");
    world.run(&["promote", "--apply", "set.json", "--to", "prod"]).ends(2).says("Leave out what the plan says");
    world.promote("env:stage", "prod", &[]).ends(4).says("another plan");
    world.run(&["promote", "--apply", "set.json"]).ends(0).says("All 2 images are there");
    assert!(held(&world.prod, "web", "prod").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_of_each_what_is_not_said_of_all() {
    let world = world("", "").await;
    fs::write(world.path("two.toml"), "to = \"stage\"\n[[images]]\nimage = \"app\"\nselect = \"pr:1\"\n[[images]]\nimage = \"web\"\nselect = \"pr:2\"\n").unwrap();
    world.run(&["promote", "--set", "two.toml", "--to", "prod"]).ends(2).says("the list says to stage");
    world.run(&["promote", "--set", "two.toml", "--yes"]).ends(0);
    let expected = [world.build_of("app", 1).await, world.build_of("web", 2).await].map(Some);
    assert_eq!(stages(&world).await, expected);
    for (text, said) in [
        ("[[images]]\nimage = \"app\"\n", "nobody said which of it"),
        ("images = []\n", "no image is listed"),
        ("to = \"stage\"\nimages = [{ image = \"app\", selct = \"pr:1\" }]\n", "selct"),
        ("to = \"stage\"\nselect = \"pr:1\"\nimages = [{ image = \"app\" }, { image = \"app\" }]\n", "two of the set"),
    ] {
        fs::write(world.path("bad.toml"), text).unwrap();
        world.run(&["promote", "--set", "bad.toml"]).ends(2).says(said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_promoted_each_by_itself_and_shared_out() {
    let world = world("", "").await;
    let fleet = |more: &[&str]| {
        world.run(&[&["promote", "--fleet", "app,lost,web", "--select", "pr:1", "--to", "stage"][..], more].concat())
    };
    let tried = fleet(&[]).ends(3).says("2 ready, 0 waiting, 0 refused, 1 failed");
    assert!(tried.out.contains("Nothing was written."), "{}", tried.out);
    assert_eq!(stages(&world).await, [None, None]);
    let shares: Vec<Value> = ["0/2", "1/2"]
        .iter()
        .flat_map(|shard| {
            let done = world.run(&[
                "promote", "--fleet", "app,web", "--select", "pr:1", "--to", "stage", "--yes", "--json", "--shard",
                shard,
            ]);
            done.ends(0).json()["outcomes"].as_array().unwrap().clone()
        })
        .collect();
    assert_eq!(shares.len(), 2, "each image has one share");
    assert!(shares.iter().all(|outcome| outcome["result"] == "done"));
    assert!(stages(&world).await.iter().all(Option::is_some));
    fleet(&["--yes"]).ends(3).says("present  app").says("failed   lost");
    fleet(&["--shard", "2/2"]).ends(2).says("is no share");
}

#[test]
fn the_example_of_a_list_is_what_its_schema_describes() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(format!("{root}/schemas/image-list.json")).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("https://lockage.example/image-list.json", schema).unwrap();
    let index = compiler.compile("https://lockage.example/image-list.json", &mut schemas).unwrap();
    let text = fs::read_to_string(format!("{root}/examples/documents/images.toml")).unwrap();
    let example = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    schemas.validate(&example, index).unwrap();
    for wrong in [
        json!({ "images": [] }),
        json!({ "images": [{ "select": "pr:1" }] }),
        json!({ "images": [{ "image": "app", "selct": "pr:1" }] }),
        json!({ "image": [{ "image": "app" }] }),
    ] {
        assert!(schemas.validate(&wrong, index).is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_a_list_is_read() {
    let world = world("", "").await;
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/documents/images.toml"), world.path("images.toml")).unwrap();
    // Nothing of it was built here; every line was understood.
    let told = world.run(&["promote", "--fleet", "images.toml"]).ends(3);
    for line in ["payment-svc  stage-prod", "ledger-svc  stage-prod", "team/checkout  hotfix", "3 failed"] {
        assert!(told.out.contains(line), "{}", told.out);
    }
}
