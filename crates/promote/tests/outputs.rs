//! What is told of a promotion: to people, to comments and to later steps.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::output::{Report, Said, Standing};
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError};
use lockage_promote::{Evidence, Gate, Verdict, gate};

const ATTACK: &str = "<img src=x> | @team [click](http://evil.example) `x`\n| pass | <!-- -->";

type Decide = Box<dyn Fn() -> Result<Verdict, String> + Send + Sync>;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn world(gates: Vec<(Decide, &str)>) -> Simulation {
    let mut edge = EdgeSpec::new("dev", "prod");
    for (decide, id) in gates {
        edge = edge.gate(says(id, decide));
    }
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("sha-{sha}").float("prod"))
        .edge(edge);
    Simulation::of(graph.build().unwrap()).unwrap()
}

fn says(id: &str, decide: Decide) -> impl Gate + use<> {
    gate(id.to_owned(), move |_| Ok(decide()?))
}

async fn report(world: &Simulation, select: &str, apply: bool) -> Report {
    let (app, edge) = ("app".parse().unwrap(), "dev-prod".parse().unwrap());
    let promoter = world.promoter();
    let pinned = promoter.resolve(&app, &select.parse().unwrap(), &edge).await.unwrap();
    let plan = promoter.plan(&pinned, &edge).await.unwrap();
    let report = Report::of(&plan, &world.chronicle().await.unwrap(), now()).unwrap();
    assert_eq!(report.standing, Standing::Planned);
    match promoter.clear(plan, now()).await {
        Ok(cleared) if !apply => report.cleared(&cleared),
        Ok(cleared) => {
            let report = report.cleared(&cleared);
            report.done(&promoter.apply(cleared, now()).await.unwrap())
        }
        Err(PromoteError::NotCleared(refusal)) => report.not_cleared(&refusal),
        Err(other) => panic!("{other}"),
    }
}

async fn pushed(world: &Simulation, number: u64) {
    let build = Build::of_pull_request(number);
    world.push(&"app".parse().unwrap(), &"dev".parse().unwrap(), &build).await.unwrap();
}

#[tokio::test]
async fn a_promotion_is_a_diff_before_and_a_receipt_after() {
    let world = world(vec![(Box::new(|| Ok(Verdict::Pass(Evidence::new("all green")))), "tests")]);
    pushed(&world, 41).await;
    pushed(&world, 42).await;
    report(&world, "pr:41", true).await;
    let before = report(&world, "pr:42", false).await;
    assert_eq!(before.standing, Standing::Ready);
    let text = before.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(&format!("app  {}  commit 000002a  PR #42", before.digest)), "{text}");
    assert_eq!(lines[1], "dev → prod  dev.example/app → prod.example/app");
    assert_eq!(lines[3], "  + pin    sha-000002a  create");
    let former = before.tags[1].former.clone().unwrap();
    let moved = format!(
        "  ~ float  prod         {}  (commit 0000029, since 0 seconds)  →  {}",
        former.short(),
        before.digest.short()
    );
    assert_eq!(lines[4], moved);
    assert_eq!(lines[5], "  = 3 manifests, 4 blobs to ensure (342 B)", "{text}");
    assert!(text.contains("  pass  tests     all green\n"), "{text}");
    assert!(text.ends_with(&format!("All gates pass. Plan {}. Nothing was written.", before.plan)), "{text}");
    let after = report(&world, "pr:42", true).await;
    assert!(after.to_string().contains(&format!("prod.example/app:prod@{}", after.digest)), "{after}");
    assert_eq!(after.standing, Standing::Done);
}

#[tokio::test]
async fn every_reason_is_told_and_no_outranks_unknown_outranks_not_yet() {
    let wait = || -> Decide {
        let retry_after = Some(Duration::from_secs(3600));
        Box::new(move || Ok(Verdict::Wait { reason: "1 of 2".to_owned(), retry_after }))
    };
    let fail =
        || -> Decide { Box::new(|| Ok(Verdict::Fail { reasons: vec!["CVE-1".to_owned(), "CVE-2".to_owned()] })) };
    let broken = || -> Decide { Box::new(|| Err("down".to_owned())) };
    for (gates, standing) in [
        (vec![(wait(), "approval")], Standing::Waiting),
        (vec![(wait(), "approval"), (broken(), "scan")], Standing::Undecided),
        (vec![(wait(), "approval"), (broken(), "scan"), (fail(), "cves")], Standing::Refused),
    ] {
        let count = gates.len();
        let world = world(gates);
        pushed(&world, 42).await;
        let report = report(&world, "pr:42", true).await;
        assert_eq!(report.standing, standing);
        assert_eq!(report.gates.iter().filter(|gate| gate.said != Said::Pass).count(), count);
        let text = report.to_string();
        assert!(text.ends_with("Nothing was written."), "{text}");
        assert!(text.contains("ask again in 60 minutes, at 2027-01-15T09:00:00Z"), "{text}");
        if standing == Standing::Refused {
            assert!(text.contains("CVE-1") && text.contains("CVE-2") && text.contains("down"), "{text}");
        }
        assert!(report.github().values().all(|(name, value)| name != "image" || value.is_empty()), "nothing is there");
    }
}

#[tokio::test]
async fn a_comment_is_found_again_and_has_nothing_in_it_but_words() {
    let world = world(vec![(Box::new(|| Ok(Verdict::fail(ATTACK))), "scan")]);
    pushed(&world, 42).await;
    let report = report(&world, "pr:42", true).await;
    let comment = report.markdown();
    assert_eq!(comment.lines().next().unwrap(), "<!-- lockage:promote:prod:app -->");
    assert_eq!(report.marker(), "<!-- lockage:promote:prod:app -->");
    let after_marker = comment.split_once('\n').unwrap().1;
    for bad in ["<img", "@team", "](", "http://", "<!--", "-->"] {
        assert!(!after_marker.contains(bad), "{bad}: {comment}");
    }
    let row = comment.lines().find(|line| line.contains("fail")).unwrap();
    assert_eq!(row.matches('|').count(), 4, "the cells of a row are three, whatever is in them: {row}");
}

#[tokio::test]
async fn later_steps_get_the_image_with_its_tag_and_digest_once_it_is_there() {
    let world = world(Vec::new());
    pushed(&world, 42).await;
    let report = report(&world, "pr:42", true).await;
    let outputs = report.github().to_string();
    let digest = &report.digest;
    assert!(outputs.contains(&format!("\nimage=prod.example/app:sha-000002a@{digest}\n")), "{outputs}");
    assert!(outputs.contains("images<<lockage\n"), "{outputs}");
    assert!(outputs.contains(&format!("\ndigest={digest}\n")), "{outputs}");
    assert!(outputs.contains("\nsha-000002a\nprod\n"), "{outputs}");
    assert!(outputs.starts_with("result=done\n"), "{outputs}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["standing"], "done");
    assert_eq!(json["references"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_gate_that_does_not_block_is_told_with_what_it_said() {
    let edge = EdgeSpec::new("dev", "prod")
        .advisory(says("scan", Box::new(|| Ok(Verdict::fail("1 high")))), "on trial")
        .advisory(says("soak", Box::new(|| Ok(Verdict::wait("an hour")))), "on trial")
        .advisory(says("away", Box::new(|| Err("no route".to_owned()))), "on trial")
        .advisory(says("good", Box::new(|| Ok(Verdict::Pass(Evidence::new("green"))))), "on trial");
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
        .edge(edge);
    let world = Simulation::of(graph.build().unwrap()).unwrap();
    pushed(&world, 42).await;
    let done = report(&world, "pr:42", true).await;
    assert_eq!(done.standing, Standing::Done, "none of them blocks");
    let told = serde_json::to_value(&done).unwrap();
    let said: Vec<_> = told["gates"].as_array().unwrap().iter().filter(|gate| gate["advisory"] == "on trial").collect();
    let words: Vec<_> = said.iter().map(|gate| gate["said"].as_str().unwrap()).collect();
    assert_eq!(words, ["fail", "wait", "undecided", "pass"], "{told}");
    assert!(done.markdown().contains("advisory: fail"), "{}", done.markdown());
}
