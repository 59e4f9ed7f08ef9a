//! Images on their way: floats last, pins once, killed anywhere and done again.

use std::sync::Arc;

use lockage_promote::ledger::{Entry, Kind, Phase, Standing};
use lockage_promote::pipeline::evidence::{self, Evident};
use lockage_promote::pipeline::output::Report;
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError, Promoter};
use lockage_promote::{Evidence, NotCleared, Verdict, gate};
use lockage_registry::testing::{Fault, Faulty, fixtures};
use lockage_registry::{ErrorKind, Memory, Source as _, TagOrDigest};

use crate::notary::Notary;
use crate::proofs::signing;
use crate::world::{COMMIT, OTHER, World, built, digest, name, now, pass, select, tag};

fn refusal(outcome: Result<impl std::fmt::Debug, PromoteError>) -> Box<NotCleared> {
    match outcome {
        Err(PromoteError::NotCleared(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_same_digest_passes_from_dev_to_stage_to_prod() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let promoter = world.promoter();
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(receipt.digest, digest(&image));
    let references: Vec<_> = receipt.references().iter().map(ToString::to_string).collect();
    let expected = |tag: &str| format!("stage.example/app:{tag}@{}", digest(&image));
    assert_eq!(references, [expected("sha-2b2e927"), expected("stage")]);
    pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    for (environment, tag) in [("stage", "sha-2b2e927"), ("stage", "stage"), ("prod", "sha-2b2e927"), ("prod", "prod")]
    {
        assert_eq!(world.held(environment, tag).await, Some(digest(&image)), "{environment} {tag}");
    }
    let told = world.chronicle().await;
    let kinds: Vec<_> = told
        .entries()
        .iter()
        .map(|recorded| match &recorded.entry.kind {
            Kind::Promote { phase, edge, .. } => (edge.to_string(), *phase),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: Vec<_> = ["dev-stage", "stage-prod"]
        .into_iter()
        .flat_map(|edge| [(edge.to_owned(), Phase::Intent), (edge.to_owned(), Phase::Done)])
        .collect();
    assert_eq!(kinds, expected);
    assert_eq!(told.current(&name("app"), &name("prod")).unwrap().entry.digest, digest(&image));

    let again = pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    assert!(again.entry.is_none() && again.floats.iter().all(|float| !float.written));
    assert_eq!(world.chronicle().await.entries().len(), 4, "what is there is not said again");
}

#[tokio::test]
async fn prod_takes_only_what_has_been_in_stage_but_for_a_hotfix() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    // It is in the registry of stage, and nobody has promoted it there.
    fixtures::push(&world.stage, &"stage.example/app".parse().unwrap(), &image, &tag("pr-42")).await.unwrap();
    let promoter = world.promoter();
    let refused = refusal(pass(&promoter, "pr:42", "stage-prod").await);
    assert!(refused.to_string().contains("has never been in stage"), "{refused}");
    assert_eq!(world.held("prod", "prod").await, None);
    pass(&promoter, "pr:42", "hotfix").await.unwrap();
    let told = world.chronicle().await;
    let current = told.current(&name("app"), &name("prod")).unwrap();
    assert!(matches!(&current.entry.kind, Kind::Promote { edge, .. } if edge.as_str() == "hotfix"));
}

#[tokio::test]
async fn a_denied_image_and_a_held_environment_let_nothing_pass() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let promoter = world.promoter();
    let app = || (name("app"), digest(&image));
    let entry = |kind: Kind| Entry::new(kind, app().0, app().1, "ops", now());
    world.record(entry(Kind::Deny { reason: "leaks".into() })).await;
    let refused = refusal(pass(&promoter, "pr:42", "dev-stage").await);
    assert!(refused.to_string().contains("denied: leaks (ops)") && !refused.is_waiting(), "{refused}");
    world.record(entry(Kind::Release { of: Standing::Denial, reason: "fixed".into() })).await;
    world.record(entry(Kind::Hold { reason: "party".into(), until: None }).in_environment(name("stage"))).await;
    let refused = refusal(pass(&promoter, "pr:42", "dev-stage").await);
    assert!(refused.is_waiting(), "{refused}");
    let release = Kind::Release { of: Standing::Hold, reason: "over".into() };
    world.record(entry(release).in_environment(name("stage"))).await;
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
}

#[tokio::test]
async fn a_pin_that_holds_another_image_is_refused_before_anything_moves() {
    let world = World::new();
    let (image, other) = (built(COMMIT, 1), built(OTHER, 2));
    world.push(&image, &["pr-42"]).await;
    fixtures::push(&world.stage, &"stage.example/app".parse().unwrap(), &other, &tag("sha-2b2e927")).await.unwrap();
    match pass(&world.promoter(), "pr:42", "dev-stage").await {
        Err(PromoteError::PinHeld { current, wanted, .. }) => {
            assert_eq!((current, wanted), (digest(&other), digest(&image)));
        }
        other => panic!("{other:?}"),
    }
    let by_digest = TagOrDigest::Digest(digest(&image));
    assert!(world.stage.resolve(&"stage.example/app".parse().unwrap(), &by_digest).await.is_err());
    assert!(world.chronicle().await.entries().is_empty());
}

#[tokio::test]
async fn a_plan_is_refused_when_the_float_has_moved_since() {
    let world = World::new();
    let (image, other) = (built(COMMIT, 1), built(OTHER, 2));
    world.push(&image, &["pr-42"]).await;
    let promoter = world.promoter();
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
    let plan = promoter.plan(&app, &edge).await.unwrap();
    let cleared = promoter.clear(plan, now()).await.unwrap();
    fixtures::push(&world.stage, &"stage.example/app".parse().unwrap(), &other, &tag("stage")).await.unwrap();
    match promoter.apply(cleared, now()).await {
        Err(PromoteError::Copy(lockage_promote::Error::Moved { expected: None, found: Some(found), .. })) => {
            assert_eq!(found, digest(&other));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.held("stage", "sha-2b2e927").await, None);
}

#[tokio::test]
async fn a_draft_is_kept_as_json_and_applied_later_and_its_id_stays() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42", "sha-2b2e927"]).await;
    let promoter = world.promoter();
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
    let plan = promoter.plan(&app, &edge).await.unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    let kept: lockage_promote::Plan<lockage_promote::Draft> = serde_json::from_str(&text).unwrap();
    assert_eq!(kept.id().unwrap(), plan.id().unwrap());
    // However it was selected, it is the same plan.
    let same = promoter.resolve(&name("app"), &select("sha:2b2e927"), &edge).await.unwrap();
    assert_eq!(promoter.plan(&same, &edge).await.unwrap().id().unwrap(), plan.id().unwrap());
    let shown = kept.to_string();
    assert!(shown.contains("dev → stage") && shown.contains("+ pin    sha-2b2e927  create"), "{shown}");
    let cleared = promoter.clear(kept, now()).await.unwrap();
    promoter.apply(cleared, now()).await.unwrap();
}

#[tokio::test]
async fn every_gate_of_the_edge_is_asked_and_an_error_is_no_pass() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .gate(gate("scan", |_| Ok(Verdict::fail("1 critical"))))
        .edge(
            EdgeSpec::new("dev", "stage")
                .gate_named("scan")
                .gate(gate("broken", |_| Err("the server is away".into())))
                .advisory(gate("lint", |_| Ok(Verdict::fail("ugly"))), "being cleaned up"),
        );
    let refused = refusal(pass(&world.promoter_of(graph.build().unwrap()), "pr:42", "dev-stage").await);
    assert!(refused.is_undecided());
    let gates: Vec<_> = refused.opinions().iter().map(|opinion| opinion.gate.as_str()).collect();
    assert_eq!(gates, ["upstream", "denied", "held", "scan", "broken", "lint"]);
    assert_eq!(world.held("stage", "stage").await, None);
}

#[tokio::test]
async fn a_gate_sees_the_passage_the_ledger_and_the_plan_it_is_bound_to() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let seen = Arc::new(std::sync::Mutex::new(None));
    let looks = gate("looks", {
        let seen = Arc::clone(&seen);
        move |context: &lockage_promote::GateContext<'_>| {
            let promoted = context.passage.ok_or("no passage")?;
            *seen.lock().unwrap() = Some((promoted.plan.clone(), promoted.actor.to_owned(), promoted.passage.clone()));
            Ok(Verdict::Pass(Evidence::new("seen")))
        }
    });
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(looks));
    let receipt = pass(&world.promoter_of(graph.build().unwrap()), "pr:42", "dev-stage").await.unwrap();
    let (plan, actor, passage) = seen.lock().unwrap().clone().unwrap();
    assert_eq!((plan, actor.as_str(), passage), (receipt.plan, "tester", receipt.passage));
}

#[tokio::test]
async fn one_platform_is_promoted_alone_and_its_index_is_recorded() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let stage = EnvironmentSpec::new("stage", "stage.example/{image}").float("stage");
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(stage.platform("linux/arm64"))
        .edge(EdgeSpec::new("dev", "stage"));
    let promoter = world.promoter_of(graph.build().unwrap());
    let app = promoter.resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
    let plan = promoter.plan(&app, &name("dev-stage")).await.unwrap();
    let shown = Report::of(&plan, &world.chronicle().await, now()).unwrap().to_string();
    assert!(shown.contains(&format!("linux/arm64 alone, of the index {}", digest(&image))), "{shown}");
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(receipt.digest, *image.manifests[2].digest());
    assert_eq!(world.held("stage", "stage").await, Some(receipt.digest.clone()));
    let told = world.chronicle().await;
    match &told.current(&name("app"), &name("stage")).unwrap().entry.kind {
        Kind::Promote { parent, .. } => assert_eq!(*parent, Some(digest(&image))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn environments_that_are_tags_of_one_repository_move_no_blob() {
    let registry = Memory::new("one.example".parse().unwrap());
    let image = built(COMMIT, 1);
    fixtures::push(&registry, &"one.example/app".parse().unwrap(), &image, &tag("pr-42")).await.unwrap();
    let spec = |name: &str| EnvironmentSpec::new(name, "one.example/{image}").float("{env}");
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("builds", "one.example/{image}"))
        .environment(spec("stage"))
        .environment(spec("prod"))
        .edge(EdgeSpec::new("builds", "stage"))
        .edge(EdgeSpec::new("stage", "prod"))
        .build()
        .unwrap();
    let promoter = Promoter::new(graph, "tester").registry(registry.clone());
    pass(&promoter, "pr:42", "builds-stage").await.unwrap();
    let receipt = pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    assert_eq!(receipt.copy.bytes(), 0);
    let held = registry.resolve(&"one.example/app".parse().unwrap(), &TagOrDigest::Tag(tag("prod"))).await.unwrap();
    assert_eq!(held.digest, digest(&image));
}

/// Whatever request fails at the target, with or without effect: no floating tag precedes its evidence and its intent, nothing is said
/// to be done that is not, and a second run comes to the end that an undisturbed one does.
#[tokio::test]
async fn killed_at_every_request_a_promotion_is_done_again_to_the_same_end() {
    let prepared = || async {
        let world = World::new();
        let (before, image) = (built(OTHER, 2), built(COMMIT, 1));
        world.push(&before, &["pr-41"]).await;
        world.push(&image, &["pr-42"]).await;
        pass(&world.promoter(), "pr:41", "dev-stage").await.unwrap();
        (world, digest(&before), digest(&image))
    };
    let promoter = |world: &World, target: Faulty<Memory>| {
        let graph = World::graph().build().unwrap();
        Promoter::new(graph, "tester")
            .reads("dev", world.dev.clone())
            .writes("stage", target)
            .ledger(world.ledger.clone())
            .signing(signing())
    };
    let (world, ..) = prepared().await;
    let calm = Faulty::new(world.stage.clone());
    let quiet = promoter(&world, calm.clone()).registry(world.prod.clone());
    pass(&quiet, "pr:42", "dev-stage").await.unwrap();
    let calls = calm.calls();
    assert!(calls > 15, "{calls}");
    let image = built(COMMIT, 1);
    for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
        for nth in 0..calls {
            let (world, before, after) = prepared().await;
            let faulty = Faulty::new(world.stage.clone()).fail(nth, fault);
            let broken = promoter(&world, faulty).registry(world.prod.clone());
            let outcome = pass(&broken, "pr:42", "dev-stage").await;
            let held = world.held("stage", "stage").await.unwrap();
            let told = world.chronicle().await;
            let phases: Vec<_> = told
                .entries()
                .iter()
                .filter(|recorded| recorded.entry.digest == after)
                .map(|recorded| match &recorded.entry.kind {
                    Kind::Promote { phase, .. } => *phase,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert!(held == before || phases.contains(&Phase::Intent), "{nth}: a float before its intent");
            let evident = || async {
                let mut missing = 0;
                for part in [&after, image.manifests[0].digest(), image.manifests[2].digest()] {
                    let (stage, notary) = ("stage.example/app".parse().unwrap(), Notary::of(&["pipeline"]));
                    let found = evidence::promoted_to(&world.stage, &stage, part, &name("stage"), &notary, now()).await;
                    missing += usize::from(!matches!(found.unwrap(), Evident::Promoted(_)));
                }
                missing == 0
            };
            assert!(evident().await || !phases.contains(&Phase::Intent), "{nth}: an intent before the evidence");
            assert!(held == after || !phases.contains(&Phase::Done), "{nth}: done before it was");
            assert!(outcome.is_err() || held == after, "{nth}");

            let again = promoter(&world, Faulty::new(world.stage.clone())).registry(world.prod.clone());
            pass(&again, "pr:42", "dev-stage").await.unwrap();
            assert_eq!(world.held("stage", "stage").await, Some(after.clone()), "{nth}");
            assert_eq!(world.held("stage", "sha-2b2e927").await, Some(after.clone()), "{nth}");
            assert!(evident().await, "{nth}");
            let told = world.chronicle().await;
            let last = told.current(&name("app"), &name("stage")).unwrap();
            let Kind::Promote { tags, .. } = &last.entry.kind else { panic!("{last:?}") };
            let float = tags.iter().find(|record| record.floats).unwrap();
            assert_eq!(float.former, Some(before), "{nth}: what the tag held before is known after all");
            assert_eq!(told.stays(&name("app"), &name("stage")).len(), 2, "{nth}");
        }
    }
}

#[tokio::test]
async fn a_platform_of_a_denied_index_does_not_pass_by_its_own_digest_until_that_is_released() {
    let world = World::new();
    let (image, other) = (built(COMMIT, 1), built(&"9".repeat(40), 2));
    world.push(&image, &["pr-42"]).await;
    world.push(&other, &["pr-43"]).await;
    let promoter = world.promoter();
    let part = format!("digest:{}", image.manifests[0].digest());
    for denied in [&image, &other] {
        promoter.deny(&name("app"), &digest(denied).into(), None, "leaks", now()).await.unwrap();
    }
    let refused = refusal(pass(&promoter, &part, "dev-stage").await);
    assert!(!refused.is_undecided() && refused.to_string().contains("leaks"), "{refused}");
    promoter.release_denial(&name("app"), &digest(&image).into(), None, "checked", now()).await.unwrap();
    pass(&promoter, &part, "dev-stage").await.unwrap();
}
