//! `lockage promote`, `why-not`, `lint` and `simulate`, on three registries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod approved;
mod beside;
mod merged;
mod occasions;
mod passed_by;
mod rights;
#[cfg(unix)]
mod stepped;
mod together;
mod world;

use std::fs;

use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_goes_from_dev_to_stage_to_prod_in_three_runs() {
    let world = World::new().await;
    let digest = world.build(42).await;
    let tried = world.promote("pr:42", "stage", &[]).ends(0);
    assert!(
        tried.out.contains("+ pin    sha-000002a  create") && tried.out.contains("pass  upstream"),
        "{}",
        tried.out
    );
    assert!(tried.out.contains("Nothing was written."), "{}", tried.out);
    assert_eq!(World::held(&world.stage, "stage").await, None, "without --yes nothing is written");
    assert!(!world.path("ledger.jsonl").exists());

    let done = world.promote("pr:42", "stage", &["--yes"]).ends(0);
    let [_, stage, prod] = &world.addresses;
    assert!(done.out.contains(&format!("{stage}/app:stage@{digest}")), "{}", done.out);
    assert_eq!(World::held(&world.stage, "stage").await, Some(digest.clone()));

    let json = world.promote("env:stage", "prod", &["--yes", "--json", "--actor", "ada"]).ends(0).json();
    assert_eq!(json["result"], "done");
    assert_eq!(json["receipt"]["digest"], digest.to_string());
    let references: Vec<_> =
        json["report"]["references"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
    assert_eq!(references, [format!("{prod}/app:sha-000002a@{digest}"), format!("{prod}/app:prod@{digest}")]);
    let ledger = fs::read_to_string(world.path("ledger.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 4, "an intent and its end, twice");
    assert!(ledger.lines().last().unwrap().contains(r#""actor":"ada""#));

    let again = world.promote("env:stage", "prod", &["--yes", "--json"]).ends(0).json();
    assert_eq!(again["receipt"]["floats"][0]["written"], false);
    assert_eq!(fs::read_to_string(world.path("ledger.jsonl")).unwrap(), ledger, "what is there is not said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_end_it_with_a_code_of_their_own_and_every_reason() {
    let freeze = "[gates.freeze]\nkind = \"kill-switch\"\nrepository = \"PROD/freeze\"\ntag = \"freeze\"\n";
    let nowhere = "[gates.nowhere]\nkind = \"kill-switch\"\nrepository = \"127.0.0.1:1/freeze\"\ntag = \"freeze\"\n";
    let soak = "[gates.soak]\nkind = \"soak\"\nenvironment = \"stage\"\nfor = \"1d\"\n";
    let platforms = "[gates.platforms]\nkind = \"platforms\"\nplatforms = [\"linux/s390x\"]\n";
    let all = [freeze, nowhere, soak, platforms].concat();
    for (asked, code, result, words) in [
        (r#""freeze""#, 0, "ready", &["freeze is not there"][..]),
        (r#""soak""#, 4, "waiting", &["soak"]),
        (r#""soak", "nowhere""#, 3, "undecided", &["soak", "nowhere"]),
        (r#""soak", "nowhere", "platforms""#, 1, "refused", &["soak", "nowhere", "linux/s390x"]),
    ] {
        let world = World::with(asked, &all).await;
        world.build(42).await;
        world.promote("pr:42", "stage", &["--yes"]).ends(0);
        for yes in [&[][..], &["--yes"]] {
            let yes = if code == 0 { &[] } else { yes };
            let done = world.promote("env:stage", "prod", yes).ends(code);
            words.iter().for_each(|word| assert!(done.out.contains(word), "{word}: {}", done.out));
            let json = world.promote("env:stage", "prod", &[yes, &["--json"]].concat()).ends(code).json();
            assert_eq!(json["result"], result);
        }
        let asked = world.run(&["why-not", "app", "--select", "env:stage", "--to", "prod"]).ends(code);
        words.iter().for_each(|word| assert!(asked.out.contains(word), "{word}: {}", asked.out));
        assert_eq!(World::held(&world.prod, "prod").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prod_takes_what_has_been_in_stage_and_a_hotfix_by_its_name() {
    let world = World::new().await;
    let digest = world.build(42).await;
    // It is in the registry of stage, and nobody has promoted it there.
    world.promote("pr:42", "stage", &["--yes", "--ledger", "other.jsonl"]).ends(0);
    let select = format!("digest:{digest}");
    world.promote(&select, "prod", &["--yes"]).ends(1).says("has never been in stage");
    world.run(&["why-not", "app", "--select", &select, "--to", "prod"]).ends(1).says("has never been in stage");
    world.promote("pr:42", "prod", &["--edge", "hotfix", "--yes"]).ends(0);
    assert_eq!(World::held(&world.prod, "prod").await, Some(digest));
    world.promote("pr:42", "prod", &["--edge", "dev-stage"]).ends(2).says("the edge dev-stage leads to stage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_applied_later_unless_the_world_has_moved() {
    let world = World::new().await;
    let first = world.build(1).await;
    world.build(2).await;
    for pull_request in ["pr:1", "pr:2"] {
        world.promote(pull_request, "stage", &["--yes"]).ends(0);
    }
    world.promote("pr:1", "prod", &["--edge", "hotfix", "--yes"]).ends(0);
    world.promote("env:stage", "prod", &["--plan", "plan.json"]).ends(0).says("Nothing was written");
    assert_eq!(World::held(&world.prod, "prod").await, Some(first.clone()));
    world.run(&["promote", "app", "--select", "env:stage", "--to", "stage", "--apply", "plan.json"]).ends(2);
    world.run(&["promote", "--apply", "plan.json"]).ends(0);
    assert_ne!(World::held(&world.prod, "prod").await, Some(first.clone()));

    world.build(3).await;
    world.promote("pr:3", "stage", &["--yes"]).ends(0);
    world.promote("env:stage", "prod", &["--plan", "plan.json"]).ends(0);
    world.move_tag("prod", &first).await;
    let refused = world.run(&["promote", "--apply", "plan.json"]).ends(1).says("does not hold what was expected");
    assert!(refused.err.contains(&format!("holds     {first}")), "{}", refused.err);
    assert_eq!(World::held(&world.prod, "prod").await, Some(first));

    fs::write(world.path("broken.json"), "{}").unwrap();
    world.run(&["promote", "--apply", "broken.json"]).ends(2).says("broken.json: no plan");
    let plan = fs::read_to_string(world.path("plan.json")).unwrap();
    fs::write(world.path("other.json"), plan.replace("\"prod\"", "\"prod2\"")).unwrap();
    let other = world.run(&["promote", "--apply", "other.json"]);
    assert!([1, 2].contains(&other.code), "a plan that somebody changed: {}{}", other.out, other.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_holds_another_image_is_refused_with_both() {
    let world = World::new().await;
    let (first, second) = (world.build(1).await, world.build(2).await);
    world.promote("pr:1", "prod", &["--edge", "hotfix", "--yes"]).ends(0);
    world.move_tag("sha-0000002", &first).await;
    let refused = world.promote("pr:2", "prod", &["--edge", "hotfix", "--yes"]).ends(1);
    assert!(refused.err.contains(&format!("holds     {first}\n  wanted    {second}")), "{}", refused.err);
    assert!(refused.err.starts_with("error: ") && refused.err.contains("Nothing was written."), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn later_steps_and_comments_are_told() {
    let world = World::new().await;
    let digest = world.build(42).await;
    let output = world.path("output");
    fs::write(&output, "earlier=1\n").unwrap();
    let arguments = ["promote", "app", "--select", "pr:42", "--to", "stage", "--github-output", "--markdown", "c.md"];
    world.run_in(&[&arguments[..], &["--yes"]].concat(), &[("GITHUB_OUTPUT", &output)]).ends(0);
    let text = fs::read_to_string(&output).unwrap();
    let stage = &world.addresses[1];
    assert!(text.starts_with("earlier=1\nresult=done\n"), "{text}");
    assert!(text.contains(&format!("\nimage={stage}/app:sha-000002a@{digest}\n")), "{text}");
    let comment = fs::read_to_string(world.path("c.md")).unwrap();
    assert!(comment.starts_with("<!-- lockage:promote:stage:app -->\n"), "{comment}");
    world.run(&arguments).ends(2).says("$GITHUB_OUTPUT names no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn sarif_that_gates_read_is_passed_on_to_code_scanning() {
    let gates = "[gates.brakeman]\nkind = \"checks\"\nchecks = { at_least = \"error\" }\n\
                 reports = [\"out/brakeman.sarif\", \"out/semgrep.sarif\"]\ncommit-env = \"COMMIT\"\n";
    let world = World::with(r#""brakeman""#, gates).await;
    world.build(42).await;
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    let commit = lockage_promote::pipeline::simulate::Build::of_pull_request(42).commit();
    let found = r#"{"ruleId":"SQL","level":"error","message":{"text":"injection"}}"#;
    let sarif = |tool: &str, more: &str, results: &str| {
        let run = format!(r#"{{"tool":{{"driver":{{"name":"{tool}"}}}},{more}"results":[{results}]}}"#);
        format!(r#"{{"version":"2.1.0","runs":[{run}]}}"#)
    };
    fs::create_dir(world.path("out")).unwrap();
    fs::write(world.path("out/brakeman.sarif"), sarif("Brakeman", "", found)).unwrap();
    fs::write(world.path("out/semgrep.sarif"), sarif("Semgrep", r#""automationDetails":{"id":"mine/"},"#, "")).unwrap();
    let arguments = ["promote", "app", "--select", "env:stage", "--to", "prod"];
    let variables = [("COMMIT", std::path::Path::new(&commit))];
    world.run_in(&arguments, &variables).ends(1).says("SQL: injection");
    assert!(!world.path("kept").exists());
    // Where it is refused there is something to see.
    world.run_in(&[&arguments[..], &["--sarif", "kept"]].concat(), &variables).ends(1);
    let kept = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(world.path("kept").join(name)).unwrap()).unwrap()
    };
    let brakeman = kept("out-brakeman.sarif");
    assert_eq!(brakeman["runs"][0]["automationDetails"]["id"], "lockage/out-brakeman/");
    assert_eq!(brakeman["runs"][0]["results"][0]["ruleId"], "SQL");
    assert_eq!(kept("out-semgrep.sarif")["runs"][0]["automationDetails"]["id"], "mine/");
    fs::write(world.path("file"), "").unwrap();
    world.run_in(&[&arguments[..], &["--sarif", "file"]].concat(), &variables).ends(3).says("cannot be passed on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_with_its_place_before_anything_begins() {
    let world = World::new().await;
    world.build(42).await;
    world.promote("pr:42", "pord", &[]).ends(2).says("There are: dev, stage, prod.");
    world.promote("latest", "stage", &[]).ends(2).says("Write pr:42");
    world.promote("pr:42", "dev", &[]).ends(2);
    world.promote("pr:43", "stage", &[]).ends(3).says("there is no such image");
    world.promote("pr:42", "stage", &["--config", "none.toml"]).ends(2).says("none.toml: cannot be read");
    let good = fs::read_to_string(world.path("lockage.toml")).unwrap();
    let lines = good.lines().count();
    for (more, said) in [
        ("[gates.scan]\nkind = \"scna\"\n", "gates.scan: there is no kind \"scna\""),
        ("[[edges]]\nfrom = \"prod\"\nto = \"dev\"\n", "lead in a circle"),
        ("[[environments]]\nname = \"x\"\nrepository = \"{host}/a\"\n", "has the variable {host}"),
    ] {
        fs::write(world.path("bad.toml"), format!("{good}{more}")).unwrap();
        let place = format!("error: bad.toml:{}: ", lines + 1);
        world.promote("pr:42", "stage", &["--config", "bad.toml"]).ends(2).says(said).says(&place);
    }
    let silent = good.replace("ledger = \"ledger.jsonl\"", "");
    fs::write(world.path("silent.toml"), silent).unwrap();
    world.promote("pr:42", "stage", &["--config", "silent.toml"]).ends(0);
    world.promote("pr:42", "stage", &["--config", "silent.toml", "--yes"]).ends(2).says("--ledger FILE");
    assert_eq!(World::held(&world.stage, "stage").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_torn_stops_everything_until_it_is_mended() {
    let world = World::new().await;
    world.build(42).await;
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    let file = world.path("ledger.jsonl");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{whole}{{\"id\":\"sha2")).unwrap();
    world.promote("env:stage", "prod", &["--yes"]).ends(3).says("ledger.jsonl:3");
    assert_eq!(World::held(&world.prod, "prod").await, None);
    world.promote("env:stage", "prod", &["--yes", "--mend-ledger"]).ends(0).says("cut off 11 bytes");
    fs::write(&file, whole.replacen("pull-request\":42", "pull-request\":43", 1)).unwrap();
    world.promote("env:stage", "prod", &["--mend-ledger"]).ends(3).says("it was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_tagged_later_is_promoted_as_that_release() {
    let world = World::new().await;
    let digest = world.build(42).await;
    let good = fs::read_to_string(world.path("lockage.toml")).unwrap();
    fs::write(world.path("lockage.toml"), good.replace("[\"sha-{sha}\"]", "[\"{version}\"]")).unwrap();
    world.promote("sha:000002a", "stage", &["--yes", "--release", "banana"]).ends(2).says("Write 1.4.0 or v1.4.0");
    assert_eq!(World::held(&world.stage, "stage").await, None, "no tag moves without the one of its release");
    world.promote("sha:000002a", "stage", &["--yes", "--release", "v1.2.3"]).ends(0).says("app:1.2.3@sha256:");
    world.run(&["why-not", "app", "--select", "env:stage", "--to", "prod", "--json"]).ends(0).says("\"1.2.3\"");
    world.promote("env:stage", "prod", &["--yes"]).ends(0);
    assert_eq!(World::held(&world.prod, "1.2.3").await, Some(digest));
}
