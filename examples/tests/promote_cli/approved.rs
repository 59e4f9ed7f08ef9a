//! `lockage approve`, and `promote` and `why-not` that find what was approved, each a process of its own.

use std::fs;

use super::world::{Done, World};

const TWO: &str = "[signers]
ada = { key = \"ada.pub\" }
bob = { key = \"bob.pub\" }
[gates.two]
kind = \"approval\"
quorum = 2
not-actor = true
";

async fn world() -> World {
    let world = World::with("\"two\"", TWO).await;
    ["ada", "bob", "eve"].iter().for_each(|name| world.key_of(name));
    world.build(1).await;
    world.build(2).await;
    world
}

fn plan_of(done: &Done) -> String {
    done.json()["report"]["plan"].as_str().unwrap().to_owned()
}

fn approve(world: &World, arguments: &[&str], by: &str) -> Done {
    world.run(&[&["approve"], arguments, &["--key", &format!("{by}.key")]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approve_and_a_third_process_promotes() {
    let world = world().await;
    let again = ["app", "--select", "env:stage", "--to", "prod"];
    world.promote("pr:1", "stage", &["--yes"]).ends(0);
    let waits = world.promote("env:stage", "prod", &["--yes", "--json", "--actor", "ci", "--plan", "p"]);
    assert_eq!(waits.code, 2, "a plan is kept or applied");
    let waits = world.promote("env:stage", "prod", &["--json", "--actor", "ci", "--plan", "plan.json"]).ends(4);
    let plan = plan_of(&waits);
    assert!(waits.out.contains(&format!("approve with: lockage approve {plan}")), "{}", waits.out);

    // By its digest, which is found again; and by its file.
    let approved = approve(&world, &[&[plan.as_str()], &again[..]].concat(), "ada").ends(0).says("float  prod");
    assert!(approved.out.contains(&format!("Approved plan {plan}, as ")), "{}", approved.out);
    let half = world.promote("env:stage", "prod", &["--yes", "--actor", "ci"]).ends(4);
    half.says("1 of 2 approvals (ada)");
    approve(&world, &["plan.json", "--reason", "looks good", "--expires", "7d", "--json"], "bob").ends(0);
    // Nobody approves what they promote themselves.
    world.promote("env:stage", "prod", &["--yes", "--actor", "ada"]).ends(4).says("who promotes does not count");
    let asked = world.run(&["why-not", "app", "--select", "env:stage", "--to", "prod", "--actor", "ci"]).ends(0);
    asked.says("approved by ada, bob");
    let done = world.run(&["promote", "--apply", "plan.json", "--json", "--actor", "ci"]).ends(0).json();
    assert_eq!(done["result"], "done");
    let evidence = done["receipt"]["evidence"].as_array().unwrap();
    let two = evidence.iter().find(|one| one["gate"] == "two").unwrap();
    assert_eq!(two["evidence"]["details"]["approvals"][1]["reason"], "looks good");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_for_its_plan_and_for_no_other() {
    let world = world().await;
    for select in ["pr:1", "pr:2"] {
        world.promote(select, "stage", &["--yes"]).ends(0);
    }
    let first = world.held_digest("sha-0000001").await;
    let select = format!("digest:{first}");
    world.promote(&select, "prod", &["--plan", "plan.json"]).ends(4);
    let plan = plan_of(&world.promote(&select, "prod", &["--json"]).ends(4));
    world.promote(&select, "prod", &["--actor", "unknown"]).ends(3).says("nobody says who promotes");
    ["ada", "bob"].iter().for_each(|by| drop(approve(&world, &["plan.json"], by).ends(0)));
    world.promote(&select, "prod", &[]).ends(0);
    // Another image has none.
    world.promote("pr:2", "prod", &["--edge", "hotfix", "--yes"]).ends(0);
    // The same image has two, for the plan that began where prod was empty.
    let replayed = world.promote(&select, "prod", &["--yes"]).ends(4);
    replayed.says("0 of 2 approvals; not counted: ada: it is for another plan");
    let moved = approve(&world, &[&plan, "app", "--select", &select, "--to", "prod"], "ada").ends(1);
    moved.says("was to be approved");
    assert_eq!(World::held(&world.prod, "sha-0000001").await, None);

    // A stranger's, and what has expired, count for nothing.
    world.promote(&select, "prod", &["--plan", "plan.json"]).ends(4);
    approve(&world, &["plan.json"], "eve").ends(0);
    world.promote(&select, "prod", &[]).ends(4).says("nobody who is known has signed it");
    approve(&world, &["plan.json", "--expires", "2020-01-01"], "ada").ends(2).says("the approval would count never");
    approve(&world, &["plan.json", "--expires", "soon"], "ada").ends(2).says("write 7d");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_that_no_edge_of_this_graph_makes() {
    let world = world().await;
    world.promote("pr:1", "stage", &["--yes"]).ends(0);
    world.promote("env:stage", "prod", &["--plan", "plan.json"]).ends(4);
    let text = fs::read_to_string(world.path("plan.json")).unwrap();
    fs::write(world.path("edited.json"), text.replace("\"tag\": \"prod\"", "\"tag\": \"latest\"")).unwrap();
    approve(&world, &["edited.json"], "ada").ends(1).says("the plan has the tags latest, and the image is given prod");
    world.run(&["promote", "--apply", "edited.json"]).ends(1).says("the plan has the tags latest");
    approve(&world, &["none.json"], "ada").ends(2).says("none.json: no plan");
    let digest = format!("sha256:{}", "0".repeat(64));
    approve(&world, &[&digest], "ada").ends(2).says("a digest alone does not say which plan it is");
    approve(&world, &[&digest, "app", "--select", "env:stage", "--to", "prod"], "ada").ends(1);
    world.run(&["approve", "plan.json"]).ends(2).says("--key");
    approve(&world, &["plan.json"], "nobody").ends(2).says("nobody.key");
    world.promote("env:stage", "prod", &[]).ends(4).says("0 of 2 approvals");
}
