//! Approvals: of this plan and no other, by those who may, once each.

use std::time::Duration;

use lockage_promote::pipeline::approval::{ARTIFACT_TYPE, Approval, ApprovalGate, approve, approve_as};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError, Promoter};
use lockage_promote::{Draft, NotCleared, Plan};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{
    ErrorKind, Memory, RawManifest, Repository, Source as _, SourceExt as _, TagOrDigest, referrers,
};

use crate::notary::{Notary, Pen, pen};
use crate::world::{COMMIT, OTHER, World, built, digest, name, now, pass, select};

const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "tester", "author"];

fn graph(gate: ApprovalGate) -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
        .edge(EdgeSpec::new("dev", "stage").gate(gate.clone()))
        .edge(EdgeSpec::new("dev", "prod").gate(gate))
        .build()
        .unwrap()
}

fn quorum(n: usize) -> ApprovalGate {
    ApprovalGate::new(Notary::of(&PEOPLE), n).not_actor().not("author").max_age(Duration::from_secs(86_400))
}

async fn plan(promoter: &Promoter, select: &str, edge: &str) -> Plan<Draft> {
    let edge = name(edge);
    let app = promoter.resolve(&name("app"), &self::select(select), &edge).await.unwrap();
    promoter.plan(&app, &edge).await.unwrap()
}

async fn refused(promoter: &Promoter, select: &str, edge: &str) -> Box<NotCleared> {
    match pass(promoter, select, edge).await {
        Err(PromoteError::NotCleared(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn world() -> World {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    world.push(&built(OTHER, 2), &["pr-43"]).await;
    world
}

#[tokio::test]
async fn a_sign_off_can_stand_before_anything_starts() {
    let world = world().await;
    let promoter = world.promoter_of(graph(quorum(2)));
    let waiting = refused(&promoter, "pr:42", "dev-stage").await;
    let id = plan(&promoter, "pr:42", "dev-stage").await.id().unwrap();
    let text = waiting.to_string();
    assert!(waiting.is_waiting() && text.contains(&format!("approve with: lockage approve {id}")), "{text}");
    assert!(text.contains("0 of 2 approvals"), "{text}");

    // Days before, by people who never meet, each with a plan of their own making.
    for who in ["alice", "bob"] {
        let own = plan(&promoter, "pr:42", "dev-stage").await;
        approve(&world.dev, &own, &pen(who), "looks good", now() - Duration::from_secs(3600)).await.unwrap();
    }
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let evidence = &receipt.evidence.iter().find(|one| one.gate == "approval").unwrap().evidence;
    assert_eq!(evidence.summary, "approved by alice, bob");
    assert_eq!(evidence.details["approvals"][1]["reason"], "looks good");
    // It travels with the image.
    let stage: Repository = "stage.example/app".parse().unwrap();
    let image = digest(&built(COMMIT, 1));
    assert_eq!(world.stage.referrers(&stage, &image, Some(ARTIFACT_TYPE)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_person_counts_once_and_groups_send_their_own() {
    let world = world().await;
    let twice = world.promoter_of(graph(quorum(2)));
    let own = plan(&twice, "pr:42", "dev-stage").await;
    for reason in ["once", "and again"] {
        approve(&world.dev, &own, &pen("alice"), reason, now()).await.unwrap();
    }
    let text = refused(&twice, "pr:42", "dev-stage").await.to_string();
    assert!(text.contains("1 of 2 approvals (alice)"), "{text}");

    let grouped = quorum(2).group("developers", ["alice", "bob"]).group_with("leads", ["carol"], 1);
    let grouped = world.promoter_of(graph(grouped));
    approve(&world.dev, &own, &pen("bob"), "", now()).await.unwrap();
    let text = refused(&grouped, "pr:42", "dev-stage").await.to_string();
    assert!(text.contains("0 of 1 of leads (alice, bob)"), "{text}");
    approve(&world.dev, &own, &pen("carol"), "", now()).await.unwrap();
    pass(&grouped, "pr:42", "dev-stage").await.unwrap();
}

#[tokio::test]
async fn what_does_not_count_is_told_with_its_reason() {
    let day = Duration::from_secs(86_400);
    let other_plan = |_: &Plan<Draft>, approval: Approval| approval;
    type Change = fn(&Plan<Draft>, Approval) -> Approval;
    let cases: [(Pen, Change, &str); 9] = [
        (pen("tester"), other_plan, "tester: who promotes does not count"),
        (pen("author"), other_plan, "author: who wrote it does not count"),
        (pen("AUTHOR"), other_plan, "nobody known has signed it"),
        (pen("mallory"), other_plan, "nobody known has signed it"),
        (Pen { by: "alice".into(), secret: "guessed".into() }, other_plan, "a forged signature"),
        (pen("alice"), |_, approval| approval.by("bob"), "alice: it is in the name of bob"),
        (pen("alice"), |_, approval| approval.until(now()), "alice: it has expired"),
        (
            pen("alice"),
            |plan, _| Approval::of(plan, now() - Duration::from_secs(90_000)).unwrap(),
            "alice: it is 1 d 1 h old",
        ),
        (
            pen("alice"),
            |plan, _| Approval::of(plan, now() + Duration::from_secs(900)).unwrap(),
            "it is from the future",
        ),
    ];
    assert_eq!(day.as_secs(), 86_400);
    for (pen, change, expected) in cases {
        let world = world().await;
        let promoter = world.promoter_of(graph(quorum(1)));
        let own = plan(&promoter, "pr:42", "dev-stage").await;
        let approval = change(&own, Approval::of(&own, now()).unwrap());
        approve_as(&world.dev, &own, approval, &pen).await.unwrap();
        let waiting = refused(&promoter, "pr:42", "dev-stage").await;
        assert!(waiting.is_waiting() && waiting.to_string().contains(expected), "{expected}: {waiting}");
        assert_eq!(world.held("stage", "stage").await, None);
    }
    let world = world().await;
    let promoter = world.promoter_of(graph(quorum(1).group("leads", ["carol"])));
    let own = plan(&promoter, "pr:42", "dev-stage").await;
    approve(&world.dev, &own, &pen("alice"), "", now()).await.unwrap();
    let text = refused(&promoter, "pr:42", "dev-stage").await.to_string();
    assert!(text.contains("alice: a stranger, in none of its groups"), "{text}");
}

/// Attaches what approves one image to another, as whoever can push can.
async fn replay(dev: &Memory, from: &str, to: &str) {
    let repo: Repository = "dev.example/app".parse().unwrap();
    let held = |tag: &str| TagOrDigest::Tag(tag.parse().unwrap());
    let of = dev.resolve(&repo, &held(from)).await.unwrap();
    let onto = dev.resolve(&repo, &held(to)).await.unwrap();
    for entry in dev.referrers(&repo, &of.digest, Some(ARTIFACT_TYPE)).await.unwrap() {
        let raw = dev.manifest(&repo, &entry.digest.into()).await.unwrap();
        let mut document: serde_json::Value = serde_json::from_slice(raw.bytes()).unwrap();
        document["subject"] =
            serde_json::json!({"mediaType": onto.media_type, "digest": onto.digest, "size": onto.size});
        let forged = RawManifest::new(raw.media_type(), document.to_string().into()).unwrap();
        referrers::attach(dev, &repo, &forged).await.unwrap();
    }
}

#[tokio::test]
async fn approvals_do_not_replay_on_another_image_environment_or_former_state() {
    let world = world().await;
    let promoter = world.promoter_of(graph(quorum(1)));
    let own = plan(&promoter, "pr:42", "dev-stage").await;
    approve(&world.dev, &own, &pen("alice"), "", now()).await.unwrap();
    replay(&world.dev, "pr-42", "pr-43").await;
    let text = refused(&promoter, "pr:43", "dev-stage").await.to_string();
    assert!(text.contains("alice: it is for the image sha256:"), "{text}");
    let text = refused(&promoter, "pr:42", "dev-prod").await.to_string();
    assert!(text.contains("alice: it is for the environment stage"), "{text}");

    // Stage has moved on since: what was approved was to replace nothing, and now it would replace something.
    approve(&world.dev, &plan(&promoter, "pr:43", "dev-stage").await, &pen("bob"), "", now()).await.unwrap();
    pass(&promoter, "pr:43", "dev-stage").await.unwrap();
    let text = refused(&promoter, "pr:42", "dev-stage").await.to_string();
    assert!(text.contains("alice: it is for another plan"), "{text}");
}

#[tokio::test]
async fn an_approval_is_for_one_promotion_and_not_for_the_same_again() {
    let world = world().await;
    let promoter = world.promoter_of(graph(quorum(1)));
    let passes = async |select: &str, after: u64| {
        let at = now() + Duration::from_secs(after);
        let plan = plan(&promoter, select, "dev-stage").await;
        let id = plan.id().unwrap();
        promoter.apply(promoter.clear(plan, at).await?, at).await.map(|_| id)
    };
    let approves = async |select: &str, after: u64| {
        let own = plan(&promoter, select, "dev-stage").await;
        approve(&world.dev, &own, &pen("alice"), "", now() + Duration::from_secs(after)).await.unwrap();
    };
    approves("pr:43", 0).await;
    passes("pr:43", 1).await.unwrap();
    approves("pr:42", 2).await;
    let first = passes("pr:42", 3).await.unwrap();
    // What is there already may be said again.
    passes("pr:42", 4).await.unwrap();
    approves("pr:43", 5).await;
    passes("pr:43", 6).await.unwrap();
    // Stage has what it had when pull request 42 was approved.
    let again = plan(&promoter, "pr:42", "dev-stage").await;
    assert_eq!(again.id().unwrap(), first);
    match passes("pr:42", 7).await {
        Err(PromoteError::NotCleared(refusal)) => {
            assert!(refusal.to_string().contains("alice: what it was for has been done"), "{refusal}");
        }
        other => panic!("{other:?}"),
    }
    approves("pr:42", 8).await;
    passes("pr:42", 9).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_or_checked_is_an_error_and_no_pass() {
    let world = world().await;
    let own = plan(&world.promoter_of(graph(quorum(1))), "pr:42", "dev-stage").await;
    approve(&world.dev, &own, &pen("alice"), "", now()).await.unwrap();
    let blind = ApprovalGate::new(Notary { is_blind: true, ..Notary::of(&PEOPLE) }, 1);
    let undecided = refused(&world.promoter_of(graph(blind)), "pr:42", "dev-stage").await;
    assert!(undecided.is_undecided() && undecided.to_string().contains("the trust root is away"), "{undecided}");
    for nonsense in [ApprovalGate::new(Notary::default(), 0), quorum(3).group("leads", ["carol", "bob"])] {
        assert!(refused(&world.promoter_of(graph(nonsense)), "pr:42", "dev-stage").await.is_undecided());
    }

    // Whatever request fails while the gate reads: never a pass.
    let promoter = |source: Faulty<Memory>| {
        Promoter::new(graph(quorum(1)), "tester").reads("dev", source).registry(world.stage.clone())
    };
    let calm = Faulty::new(world.dev.clone());
    let quiet = promoter(calm.clone());
    let draft = plan(&quiet, "pr:42", "dev-stage").await;
    let before = calm.calls();
    quiet.clear(draft.clone(), now()).await.unwrap();
    let calls = calm.calls() - before;
    assert!(calls >= 3, "{calls}");
    for nth in 0..calls {
        let broken = promoter(Faulty::new(world.dev.clone()).fail(nth, Fault::Before(ErrorKind::Unavailable)));
        match broken.clear(draft.clone(), now()).await {
            Err(PromoteError::NotCleared(refusal)) => assert!(refusal.is_undecided(), "{nth}"),
            other => panic!("{nth}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_strangers_rubbish_neither_counts_nor_stops_anybody() {
    let world = world().await;
    let promoter = world.promoter_of(graph(quorum(1)));
    let repo: Repository = "dev.example/app".parse().unwrap();
    let own = plan(&promoter, "pr:42", "dev-stage").await;
    let root = world.dev.resolve(&repo, &TagOrDigest::Tag("pr-42".parse().unwrap())).await.unwrap();
    let rubbish = serde_json::json!({"schemaVersion": 2, "artifactType": ARTIFACT_TYPE, "manifests": [],
        "subject": {"mediaType": root.media_type, "digest": root.digest, "size": root.size}});
    let rubbish = RawManifest::new("application/vnd.oci.image.index.v1+json", rubbish.to_string().into()).unwrap();
    referrers::attach(&world.dev, &repo, &rubbish).await.unwrap();
    let text = refused(&promoter, "pr:42", "dev-stage").await.to_string();
    assert!(text.contains("it has not exactly one layer"), "{text}");
    approve(&world.dev, &own, &pen("bob"), "", now()).await.unwrap();
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
}

#[tokio::test]
async fn an_approval_is_kept_as_bundles_are() {
    let world = world().await;
    let own = plan(&world.promoter_of(graph(quorum(1))), "pr:42", "dev-stage").await;
    let stored = approve(&world.dev, &own, &pen("alice"), "ship it", now()).await.unwrap();
    let repo: Repository = "dev.example/app".parse().unwrap();
    let view = world.dev.manifest(&repo, &stored.into()).await.unwrap().view().unwrap();
    assert_eq!(view.artifact_type.as_deref(), Some(ARTIFACT_TYPE));
    let layer = view.blobs()[1].clone();
    let text = String::from_utf8(world.dev.read_blob(&repo, &layer, 9999).await.unwrap().to_vec()).unwrap();
    let seal: serde_json::Value = serde_json::from_str(&text).unwrap();
    let statement = seal["statement"].as_str().unwrap();
    let approval = Approval::parse(statement.as_bytes()).unwrap();
    assert_eq!((approval.plan, approval.reason.as_str()), (own.id().unwrap(), "ship it"));
    for (find, put) in [("https://lockage.dev/approval/v1", "https://else"), (own.digest().hex(), &"0".repeat(64))] {
        assert!(Approval::parse(statement.replacen(find, put, 1).as_bytes()).is_err(), "{find}");
    }
}

/// A run that is killed anywhere goes on without being approved again, though what it has done is there already.
#[tokio::test]
async fn killed_at_every_request_an_approved_promotion_goes_on() {
    let prepared = || async {
        let world = world().await;
        let promoter = world.promoter_of(graph(quorum(1)));
        let first = plan(&promoter, "pr:43", "dev-stage").await;
        approve(&world.dev, &first, &pen("alice"), "", now()).await.unwrap();
        pass(&promoter, "pr:43", "dev-stage").await.unwrap();
        let second = plan(&promoter, "pr:42", "dev-stage").await;
        approve(&world.dev, &second, &pen("alice"), "", now()).await.unwrap();
        world
    };
    let promoter = |world: &World, target: Faulty<Memory>| {
        Promoter::new(graph(quorum(1)), "tester")
            .reads("dev", world.dev.clone())
            .writes("stage", target)
            .registry(world.prod.clone())
            .ledger(world.ledger.clone())
    };
    let world = prepared().await;
    let calm = Faulty::new(world.stage.clone());
    pass(&promoter(&world, calm.clone()), "pr:42", "dev-stage").await.unwrap();
    for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
        for nth in 0..calm.calls() {
            let world = prepared().await;
            let faulty = Faulty::new(world.stage.clone()).fail(nth, fault);
            let outcome = pass(&promoter(&world, faulty), "pr:42", "dev-stage").await;
            let again = pass(&promoter(&world, Faulty::new(world.stage.clone())), "pr:42", "dev-stage").await;
            assert!(again.is_ok(), "{nth}: {outcome:?}, then {again:?}");
            assert_eq!(world.held("stage", "stage").await, Some(digest(&built(COMMIT, 1))), "{nth}");
        }
    }
}
