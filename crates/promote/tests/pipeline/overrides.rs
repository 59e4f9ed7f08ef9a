//! Break-glass: by name, with a reason, and never silently.

use lockage_promote::ledger::{Entry, Kind, Phase, Standing};
use lockage_promote::pipeline::{EdgeSpec, Override, OverrideProblem, PassageReceipt, PromoteError, Promoter};
use lockage_promote::{Draft, NotCleared, Plan, Verdict, gate};

use crate::world::{COMMIT, World, built, digest, name, now, pass, select};

async fn broken(promoter: &Promoter, edge: &str, by: &Override) -> Result<PassageReceipt, PromoteError> {
    let edge = name(edge);
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await?;
    let plan = promoter.plan(&app, &edge).await?;
    let cleared = promoter.clear_with_override(plan, by, now()).await?;
    promoter.apply(cleared, now()).await
}

fn promoter(world: &World) -> Promoter {
    let graph = lockage_promote::pipeline::Graph::builder()
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(
            EdgeSpec::new("dev", "stage")
                .gate(gate("scan", |_| Err("the scanner is away".into())))
                .gate(gate("signature", |_| Ok(Verdict::fail("not signed"))))
                .advisory(gate("lint", |_| Ok(Verdict::fail("ugly"))), "being cleaned up"),
        );
    world.promoter_of(graph.build().unwrap())
}

fn refusal(outcome: Result<PassageReceipt, PromoteError>) -> Box<NotCleared> {
    match outcome {
        Err(PromoteError::NotCleared(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_gates_that_are_named_are_passed_by_and_what_they_said_is_recorded_first() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let promoter = promoter(&world);
    let some = Override::because("outage 7").gate("scan");
    assert!(refusal(broken(&promoter, "dev-stage", &some).await).to_string().contains("not signed"));
    assert_eq!(world.held("stage", "stage").await, None);
    assert!(world.chronicle().await.entries().is_empty(), "what was not passed by is not said to be");

    let both = Override::because("outage 7").gate("scan").gate("signature");
    let receipt = broken(&promoter, "dev-stage", &both).await.unwrap();
    let overridden: Vec<_> =
        receipt.evidence.iter().filter(|one| one.overridden.is_some()).map(|one| one.gate.as_str()).collect();
    assert_eq!(overridden, ["scan", "signature"]);
    let told = world.chronicle().await;
    let kinds: Vec<_> = told.entries().iter().map(|recorded| &recorded.entry.kind).collect();
    let [
        Kind::Override { plan, gates, reason },
        Kind::Promote { phase: Phase::Intent, .. },
        Kind::Promote { evidence, .. },
    ] = kinds.as_slice()
    else {
        panic!("{kinds:?}")
    };
    assert_eq!((plan, reason.as_str()), (&receipt.plan, "outage 7"));
    assert!(gates["scan"].contains("the scanner is away") && gates["signature"].contains("not signed"), "{gates:?}");
    assert!(evidence.iter().any(|one| one.gate == "signature" && one.overridden.as_deref() == Some("outage 7")));
    assert!(!gates.contains_key("lint"));
}

#[tokio::test]
async fn what_is_denied_or_held_is_released_and_not_passed_by() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let deny = Entry::new(Kind::Deny { reason: "leaks".into() }, name("app"), digest(&image), "ops", now());
    world.record(deny).await;
    let promoter = promoter(&world);
    let rest = Override::because("outage 7").gate("scan").gate("signature");
    assert!(refusal(broken(&promoter, "dev-stage", &rest).await).to_string().contains("denied: leaks"));
    for gate in ["denied", "held"] {
        match broken(&promoter, "dev-stage", &rest.clone().gate(gate)).await {
            Err(PromoteError::Override(problem)) => {
                assert_eq!(problem, OverrideProblem::NeedsRelease { gate: gate.into() });
            }
            other => panic!("{other:?}"),
        }
    }
    let release = Kind::Release { of: Standing::Denial, reason: "no leak".into() };
    world.record(Entry::new(release, name("app"), digest(&image), "ops", now())).await;
    broken(&promoter, "dev-stage", &rest).await.unwrap();
    assert!(matches!(pass(&promoter, "pr:42", "dev-stage").await, Err(PromoteError::NotCleared(_))), "once is once");
}

#[tokio::test]
async fn an_override_without_reason_or_of_a_gate_that_is_not_asked_is_none() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let promoter = promoter(&world);
    for (by, expected) in [
        (Override::because(" ").gate("scan"), OverrideProblem::NoReason),
        (Override::because("outage"), OverrideProblem::NoGate),
        (
            Override::because("outage").gate("scna"),
            OverrideProblem::UnknownGate {
                gate: "scna".into(),
                known: ["upstream", "denied", "held", "scan", "signature"].map(Into::into).to_vec(),
            },
        ),
    ] {
        match broken(&promoter, "dev-stage", &by).await {
            Err(PromoteError::Override(problem)) => assert_eq!(problem, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_plan_file_that_was_edited_is_refused() {
    let world = World::new();
    let (image, other) = (built(COMMIT, 1), built("91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081", 2));
    world.push(&image, &["pr-42"]).await;
    world.push(&other, &["pr-43"]).await;
    let promoter = world.promoter();
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
    let plan = promoter.plan(&app, &edge).await.unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    // The gates would look at one image, and the copy would be of another.
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["passage"]["pinned"]["root"]["digest"] = digest(&other).as_str().into();
    let mut elsewhere: serde_json::Value = serde_json::from_str(&text).unwrap();
    elsewhere["passage"]["edge"] = "hotfix".into();
    // The gates would not look at a platform, or look at another commit's checks.
    let mut fewer: serde_json::Value = serde_json::from_str(&text).unwrap();
    fewer["passage"]["pinned"]["platforms"].as_array_mut().unwrap().pop();
    let mut commit: serde_json::Value = serde_json::from_str(&text).unwrap();
    commit["passage"]["pinned"]["facts"]["commit"] = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081".into();
    let mut created: serde_json::Value = serde_json::from_str(&text).unwrap();
    created["passage"]["pinned"]["facts"]["created"] = "2026-01-01T00:00:00Z".into();
    for document in [document, elsewhere, fewer, commit, created] {
        let edited = serde_json::from_value(document).unwrap();
        assert!(matches!(promoter.clear(edited, now()).await, Err(PromoteError::OtherGraph { .. })));
    }
    // Another tag would move, one would be left out, or one that moves would be created once.
    for (from, to) in [
        (r#""tag":"stage""#, r#""tag":"prod""#),
        (r#""pins":[{"tag":"sha-2b2e927"}]"#, r#""pins":[]"#),
        (r#""pins":[{"tag":"sha-2b2e927"}]"#, r#""pins":[{"tag":"sha-2b2e927"},{"tag":"stage"}]"#),
        (r#""floats":[{"tag":"stage"}]"#, r#""floats":[{"tag":"stage"},{"tag":"latest"}]"#),
    ] {
        assert!(text.contains(from), "{text}");
        let edited: Plan<Draft> = serde_json::from_str(&text.replace(from, to)).unwrap();
        let error = promoter.examine(&edited).await.unwrap_err();
        assert!(matches!(error, PromoteError::OtherTags { .. }), "{to}: {error}");
        let by = Override::because("it is late").gate("upstream");
        let refused =
            [promoter.clear(edited.clone(), now()).await, promoter.clear_with_override(edited, &by, now()).await];
        for refused in refused {
            assert!(matches!(refused, Err(PromoteError::OtherTags { .. })), "{to}: {refused:?}");
        }
    }
    // Reviews would be those of another pull request.
    let mut review: serde_json::Value = serde_json::from_str(&text).unwrap();
    for number in [43, 44] {
        review["passage"]["pinned"]["facts"]["pull-request"] = number.into();
        let refused = promoter.clear(serde_json::from_value(review.clone()).unwrap(), now()).await;
        assert!(matches!(refused, Err(PromoteError::OtherFacts { .. })), "{refused:?}");
    }
    // A version is what somebody calls it, and what approvals are for.
    let mut release: serde_json::Value = serde_json::from_str(&text).unwrap();
    release["passage"]["pinned"]["facts"]["version"] = "9.9.9".into();
    let release: Plan<Draft> = serde_json::from_value(release).unwrap();
    assert_ne!(release.id().unwrap(), plan.id().unwrap());
    // What is to be copied is found again: neither a blob nor a signature is left behind because a file says so.
    let mut nothing: serde_json::Value = serde_json::from_str(&text).unwrap();
    nothing["copy"]["blobs"] = serde_json::json!([]);
    nothing["copy"]["manifests"] = serde_json::json!([]);
    let nothing = promoter.clear(serde_json::from_value(nothing).unwrap(), now()).await.unwrap();
    assert_eq!(nothing.copy().blobs().count(), plan.copy().blobs().count());
    let same: Plan<Draft> = serde_json::from_str(&text).unwrap();
    promoter.examine(&same).await.unwrap();
    promoter.clear(same, now()).await.unwrap();
    promoter.clear(plan, now()).await.unwrap();
}

#[tokio::test]
async fn a_plan_file_names_no_commit_and_no_pull_request_that_nobody_knows_of() {
    let world = World::new();
    world.push(&built("", 1), &["pr-42", "sha-2b2e927"]).await;
    let promoter = world.promoter();
    let edited = async |selected: &str, edge: &str, facts: serde_json::Value| {
        let edge = name(edge);
        let app = promoter.resolve(&name("app"), &select(selected), &edge).await.unwrap();
        let mut document = serde_json::to_value(promoter.plan(&app, &edge).await.unwrap()).unwrap();
        for (fact, value) in facts.as_object().unwrap() {
            document["passage"]["pinned"]["facts"][fact] = value.clone();
        }
        promoter.clear(serde_json::from_value(document).unwrap(), now()).await
    };
    let (by_commit, other) = (format!("sha:{COMMIT}"), "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
    // Its tag says of which commit it is.
    edited(&by_commit, "dev-stage", serde_json::json!({})).await.unwrap();
    edited(&by_commit, "dev-stage", serde_json::json!({ "pull-request": 42 })).await.unwrap();
    // Another commit makes another tag, and a plan that has it all agree is as false.
    let mut document = {
        let edge = name("dev-stage");
        let app = promoter.resolve(&name("app"), &select(&by_commit), &edge).await.unwrap();
        serde_json::to_string(&promoter.plan(&app, &edge).await.unwrap()).unwrap()
    };
    document = document.replace(COMMIT, other).replace("sha-2b2e927", "sha-91c0d1e");
    let refused = promoter.clear(serde_json::from_str(&document).unwrap(), now()).await;
    assert!(matches!(refused, Err(PromoteError::OtherFacts { .. })), "{refused:?}");
    // Further on the ledger says it.
    pass(&promoter, &by_commit, "dev-stage").await.unwrap();
    edited("env:stage", "stage-prod", serde_json::json!({})).await.unwrap();
    let refused = edited("env:stage", "stage-prod", serde_json::json!({ "pull-request": 42 })).await;
    assert!(matches!(refused, Err(PromoteError::OtherFacts { .. })), "{refused:?}");
}
