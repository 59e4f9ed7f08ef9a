//! `promote --on-event`: the CI system says what happened, and the document which edges are for that.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::world::{Done, World};

const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

/// With what each of the two edges is for.
async fn world(to_stage: &str, to_prod: &str, gates: &str) -> World {
    let asked = if gates.is_empty() { "" } else { "\"soak\"" };
    let world = World::with(asked, gates).await;
    world.edit("to = \"stage\"\n", &format!("to = \"stage\"\non = [{to_stage}]\n"));
    world.edit("gates = [", &format!("on = [{to_prod}]\ngates = ["));
    world
}

fn github(world: &World, event: &str, full_ref: &str, select: &str, more: &[&str]) -> Done {
    let variables =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_REF", full_ref), ("GITHUB_SHA", COMMIT)];
    on_event(world, &variables, select, more)
}

fn on_event(world: &World, variables: &[(&str, &str)], select: &str, more: &[&str]) -> Done {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, Path::new(*value))).collect();
    world.run_in(&[&["promote", "app", "--select", select, "--on-event"][..], more].concat(), &variables)
}

#[tokio::test(flavor = "multi_thread")]
async fn git_flow_leads_each_branch_event_along_its_edge_and_a_feature_branch_nowhere() {
    let world = world("{ push = \"develop\" }", "{ tag = \"v*\" }", "").await;
    let digest = world.build(42).await;
    let nothing = github(&world, "push", "refs/heads/feature/x", "pr:42", &["--yes"]).ends(0);
    assert_eq!(nothing.out, "no edge is for a push to feature/x\n");
    let nothing = github(&world, "pull_request", "refs/pull/42/merge", "pr:42", &["--yes", "--json"]).ends(0).json();
    assert_eq!(nothing, json!({ "result": "nothing", "event": "pull request 42", "edges": [] }));
    assert!(!world.path("ledger.jsonl").exists());

    let tried = github(&world, "push", "refs/heads/develop", "pr:42", &[]).ends(0);
    assert!(tried.out.starts_with("For a push to develop: dev-stage.\n"), "{}", tried.out);
    assert_eq!(World::held(&world.stage, "stage").await, None, "without --yes nothing is written");
    github(&world, "push", "refs/heads/develop", "pr:42", &["--yes"]).ends(0);
    assert_eq!(World::held(&world.stage, "stage").await, Some(digest.clone()));
    assert_eq!(World::held(&world.prod, "prod").await, None);

    let done = github(&world, "push", "refs/tags/v1.2.0", "env:stage", &["--yes", "--json"]).ends(0).json();
    assert_eq!((&done["result"], &done["event"]), (&json!("done"), &json!("the tag v1.2.0")));
    assert_eq!(done["edges"].as_array().unwrap().len(), 1);
    assert_eq!(done["edges"][0]["receipt"]["digest"], digest.to_string());
    assert_eq!(World::held(&world.prod, "prod").await, Some(digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn trunk_based_one_push_leads_along_edge_after_edge() {
    let world = world("{ push = \"main\" }", "{ push = \"main\" }", "").await;
    let digest = world.build(42).await;
    let tried = github(&world, "push", "refs/heads/main", "pr:42", &["--json"]).ends(0).json();
    let results: Vec<_> = tried["edges"].as_array().unwrap().iter().map(|edge| edge["result"].clone()).collect();
    assert_eq!(results, ["ready", "planned"], "what is not in stage yet cannot be judged for prod");
    github(&world, "push", "refs/heads/main", "pr:42", &[]).ends(0).says("stage-prod was not asked: it begins where");
    github(&world, "push", "refs/heads/main", "pr:42", &["--yes"]).ends(0).says("dev-stage, stage-prod");
    assert_eq!(World::held(&world.prod, "prod").await, Some(digest));
    let ledger: Vec<_> = world.ledger().iter().map(|line| line["entry"]["edge"].clone()).collect();
    assert_eq!(ledger, ["dev-stage", "dev-stage", "stage-prod", "stage-prod"], "each is a promotion of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_edge_that_is_not_done_is_the_last() {
    let soak = "[gates.soak]\nkind = \"soak\"\nenvironment = \"stage\"\nfor = \"1d\"\n";
    let waits = world("{ push = \"main\" }", "{ push = \"main\" }", soak).await;
    waits.build(42).await;
    let told = github(&waits, "push", "refs/heads/main", "pr:42", &["--yes", "--json"]).ends(4).json();
    let results: Vec<_> = told["edges"].as_array().unwrap().iter().map(|edge| edge["result"].clone()).collect();
    assert_eq!((&told["result"], results), (&json!("waiting"), vec![json!("done"), json!("waiting")]));

    // Nothing is there to begin with, and the second is not even looked at.
    let lost = world("{ push = \"main\" }", "{ push = \"main\" }", "").await;
    let told = github(&lost, "push", "refs/heads/main", "pr:42", &["--yes", "--json"]).ends(3);
    let told = told.says("there is no such image").json();
    let results: Vec<_> = told["edges"].as_array().unwrap().iter().map(|edge| edge["result"].clone()).collect();
    assert_eq!((&told["result"], results), (&json!("failed"), vec![json!("failed"), json!("planned")]));
    assert!(told["edges"][0]["error"].as_str().unwrap().contains("there is no such image"));

    // A pin that another image has is a refusal, in the document as by the exit code.
    let held = world("{ push = \"main\" }", "{ push = \"main\" }", "").await;
    let digest = held.build(42).await;
    held.promote("pr:42", "stage", &["--yes"]).ends(0);
    held.promote("env:stage", "prod", &["--yes"]).ends(0);
    held.build(43).await;
    held.edit("pins = [\"sha-{sha}\"]", "pins = [\"only\"]");
    held.promote("pr:42", "stage", &["--yes"]).ends(0);
    assert_eq!(World::held(&held.stage, "only").await, Some(digest));
    let told = github(&held, "push", "refs/heads/main", "pr:43", &["--yes", "--json"]).ends(1).json();
    assert_eq!((&told["result"], &told["edges"][0]["result"]), (&json!("refused"), &json!("refused")));
    assert!(told["edges"][0]["error"].as_str().unwrap().contains("created once"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_ci_system_does_not_say_is_asked_for_and_not_guessed() {
    let world = world("{ push = \"main\" }", "{ branch = \"release/*\" }", "").await;
    let digest = world.build(42).await;
    let circle = |branch: &str, select: &str| {
        let variables = [("CIRCLECI", "true"), ("CIRCLE_BRANCH", branch), ("CIRCLE_SHA1", COMMIT)];
        on_event(&world, &variables, select, &["--yes"])
    };
    circle("main", "pr:42").ends(2).says("nobody says whether a build of main is that").says("Name the edge");
    circle("feature/x", "pr:42").ends(0).says("no edge is for a build of feature/x");
    on_event(&world, &[], "pr:42", &["--yes"]).ends(2).says("no CI system runs this").says("with --to");
    github(&world, "push", "refs/heads/main", "pr:42", &["--to", "stage"]).ends(2).says("cannot be used with");
    assert!(!world.path("ledger.jsonl").exists());
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    circle("release/v1.2.0", "env:stage").ends(0);
    assert_eq!(World::held(&world.prod, "prod").await, Some(digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_told_by_the_event_document() {
    let world = world("{ merged = \"develop\" }", "{ tag = \"v*\" }", "").await;
    let digest = world.build(42).await;
    let event = json!({ "action": "closed", "pull_request": { "number": 42, "merged": true } });
    fs::write(world.path("event.json"), event.to_string()).unwrap();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", "event.json"),
        ("GITHUB_REF", "refs/heads/develop"),
        ("GITHUB_BASE_REF", "develop"),
        ("GITHUB_SHA", COMMIT),
    ];
    let told = on_event(&world, &variables, "pr:42", &["--yes"]).ends(0);
    assert!(told.out.starts_with("For pull request 42 merged into develop: dev-stage.\n"), "{}", told.out);
    assert_eq!(World::held(&world.stage, "stage").await, Some(digest));
    github(&world, "push", "refs/heads/develop", "pr:42", &["--yes"]).ends(0).says("no edge is for a push to develop");
}
