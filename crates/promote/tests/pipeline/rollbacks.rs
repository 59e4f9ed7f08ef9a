//! Rollbacks: exact tags, past whatever is down, denied and held, killed anywhere and done again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures::TryStreamExt as _;
use lockage_promote::ledger::{Kind, Phase, TagRecord};
use lockage_promote::pipeline::events::{Happening, Sink, SinkError, Sinks};
use lockage_promote::pipeline::memory::{self, Arrived};
use lockage_promote::pipeline::step::{Step, StepContext, StepError, WatchError};
use lockage_promote::pipeline::{
    Canary, EdgeSpec, EnvironmentSpec, Graph, OrderProblem, Override, OverrideProblem, PromoteError, Promoter,
    RollbackPlan, RollbackReceipt, RollbackTo,
};
use lockage_promote::{Draft, Evidence, Gate, GateContext, GateError, NotCleared, OnRollback, Verdict, gate};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{Digest, ErrorKind, Memory, Prune as _, Repository, Source as _, TagOrDigest, Target};

use crate::world::{World, built, digest, name, now, select, tag};

/// An image of each release.
fn release(n: u64) -> Image {
    built(&format!("{n}").repeat(40), n)
}

fn repo() -> Repository {
    "prod.example/app".parse().unwrap()
}

fn graph(edge: EdgeSpec) -> Graph {
    let prod = EnvironmentSpec::new("prod", "prod.example/{image}").pin("{version}");
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(prod.float("{major}").float("{major}.{minor}").float("prod"))
        .edge(edge)
        .build()
        .unwrap()
}

fn plain() -> Graph {
    graph(EdgeSpec::new("dev", "prod"))
}

fn promoter(world: &World, graph: Graph) -> Promoter {
    through(world, graph, world.prod.clone())
}

fn through(world: &World, graph: Graph, prod: impl Target + 'static) -> Promoter {
    Promoter::new(graph, "tester").reads("dev", world.dev.clone()).writes("prod", prod).ledger(world.ledger.clone())
}

async fn promote(world: &World, promoter: &Promoter, n: u64, version: &str, at: u64) -> Result<Digest, PromoteError> {
    let (image, edge) = (release(n), name("dev-prod"));
    world.push(&image, &[&format!("pr-{n}")]).await;
    let app = promoter.resolve(&name("app"), &select(&format!("pr:{n}")), &edge).await?;
    let plan = promoter.plan(&app.released_as(version), &edge).await?;
    let cleared = promoter.clear(plan, later(at)).await?;
    promoter.apply(cleared, later(at)).await.map(|receipt| receipt.digest)
}

fn later(minutes: u64) -> SystemTime {
    now() + Duration::from_secs(60 * minutes)
}

async fn plan(promoter: &Promoter, to: &str) -> Result<RollbackPlan<Draft>, PromoteError> {
    let to: RollbackTo = to.parse().unwrap();
    promoter.plan_rollback(&name("app"), &name("prod"), &to, "latency", later(100)).await
}

async fn back(promoter: &Promoter, to: &str) -> Result<RollbackReceipt, PromoteError> {
    let plan = plan(promoter, to).await?;
    let cleared = promoter.clear_rollback(plan, later(100)).await?;
    promoter.apply_rollback(cleared, later(100)).await
}

/// What every tag of prod holds.
async fn tags(prod: &Memory) -> BTreeMap<String, Digest> {
    let all: Vec<_> = prod.tags(&repo()).try_collect().await.unwrap();
    let mut tags = BTreeMap::new();
    for tag in all {
        let held = prod.resolve(&repo(), &TagOrDigest::Tag(tag.clone())).await.unwrap();
        tags.insert(tag.to_string(), held.digest);
    }
    tags
}

fn refusal(outcome: Result<impl std::fmt::Debug, PromoteError>) -> Box<NotCleared> {
    match outcome {
        Err(PromoteError::NotCleared(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn order(outcome: Result<impl std::fmt::Debug, PromoteError>) -> OrderProblem {
    match outcome {
        Err(PromoteError::Order(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rollback_restores_the_exact_former_tags_by_sha_digest_version_or_previous() {
    for to in ["previous", "1.2.4", "v1.2.4", "sha:2222222", "2222222", "#2", ""] {
        let world = World::new();
        let promoter = promoter(&world, plain());
        promote(&world, &promoter, 1, "1.2.3", 1).await.unwrap();
        let mut good = digest(&release(2));
        promote(&world, &promoter, 2, "1.2.4", 2).await.unwrap();
        let before = tags(&world.prod).await;
        let bad = promote(&world, &promoter, 3, "1.3.0", 3).await.unwrap();
        let to = if to.is_empty() { good.to_string() } else { to.to_owned() };

        // A pull request is not among the tags of a release, nor in its labels.
        let known = if to == "#2" { "1.2.4" } else { &to };
        let shown = plan(&promoter, known).await.unwrap().to_string();
        assert!(shown.contains("registry-local, 2 tags") && shown.contains("denied everywhere"), "{shown}");
        let receipt = back(&promoter, known).await.unwrap();
        assert_eq!((&receipt.digest, receipt.bad.as_ref()), (&good, Some(&bad)));
        let mut after = tags(&world.prod).await;
        // What did not exist is not deleted, and told; pins stay.
        assert_eq!((after.remove("1.3"), after.remove("1.3.0")), (Some(bad.clone()), Some(bad.clone())));
        assert_eq!(receipt.left.iter().map(|left| left.tag.as_str()).collect::<Vec<_>>(), ["1.3"]);
        assert_eq!(after, before, "{to}");

        let told = world.chronicle().await;
        let (app, prod) = (name("app"), name("prod"));
        assert_eq!(told.current(&app, &prod).unwrap().entry.digest, good);
        assert!(told.denied_everywhere(&app, &bad).unwrap().reason.contains("latency"));
        assert!(told.held(&app, &prod, later(200)).is_some());
        let one = memory::resident(&told, &app, &prod, later(200)).unwrap();
        assert_eq!((one.arrived, one.facts.version.as_deref()), (Arrived::RolledBack, Some("1.2.4")));
        assert_eq!(one.rolled_back.unwrap().bad, Some(bad.clone()));
        assert_eq!(one.passed.unwrap().edge, name("dev-prod"), "the gates that it passed when it came are told");

        // Asked again it is there, and `previous` goes no further by itself.
        let entries = told.entries().len();
        match back(&promoter, known).await {
            Ok(again) => {
                assert!(again.entry.is_none() && again.tags.iter().all(|tag| !tag.written), "{again}");
                assert_ne!(known, "previous");
            }
            refused => assert!(matches!(order(refused), OrderProblem::Back { .. }), "{known}"),
        }
        assert_eq!(world.chronicle().await.entries().len(), entries);
        good = digest(&release(1));
        let further = back(&promoter, "1.2.3").await.unwrap();
        assert_eq!((further.digest, further.bad), (good, Some(digest(&release(2)))));
    }
}

/// Each tag gets what it held then, which need not be the image that is put back.
#[tokio::test]
async fn tags_of_other_releases_go_back_to_what_they_held() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    let two = promote(&world, &promoter, 1, "2.0.0", 1).await.unwrap();
    let old = promote(&world, &promoter, 2, "1.9.5", 2).await.unwrap();
    let before = tags(&world.prod).await;
    let bad = promote(&world, &promoter, 3, "2.0.1", 3).await.unwrap();
    assert_eq!(tags(&world.prod).await["2"], bad);
    back(&promoter, "previous").await.unwrap();
    let mut after = tags(&world.prod).await;
    after.remove("2.0.1");
    assert_eq!(after, before);
    assert_eq!((&after["2"], &after["prod"]), (&two, &old));
    // The ledger says the same of every tag.
    let told = world.chronicle().await.tags(&name("app"), &name("prod"));
    for (tag, held) in told {
        assert_eq!(tags(&world.prod).await[tag.as_str()], held.digest, "{tag}");
    }
}

#[tokio::test]
async fn a_rollback_works_with_the_source_registry_and_the_scanner_down_and_the_signature_is_always_asked() {
    #[derive(Debug)]
    struct Signed(bool);

    #[async_trait::async_trait]
    impl Gate for Signed {
        fn id(&self) -> &str {
            "signature"
        }
        async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
            // It reads where the image is, and not where it once came from.
            let repository = &context.passage.unwrap().passage.pinned.repository;
            assert_eq!(repository.to_string(), "prod.example/app");
            context.source.manifest(repository, &context.digest().clone().into()).await?;
            Ok(if self.0 { Verdict::Pass(Evidence::new("signed")) } else { Verdict::fail("not signed") })
        }
        fn on_rollback(&self) -> OnRollback {
            OnRollback::Always
        }
    }

    #[derive(Debug)]
    struct Scan;

    #[async_trait::async_trait]
    impl Gate for Scan {
        fn id(&self) -> &str {
            "scan"
        }
        async fn evaluate(&self, _: &GateContext<'_>) -> Result<Verdict, GateError> {
            Err("the scanner is down".into())
        }
        fn on_rollback(&self) -> OnRollback {
            OnRollback::Advisory
        }
    }

    let world = World::new();
    let good = promote(&world, &promoter(&world, plain()), 1, "1.0.0", 1).await.unwrap();
    promote(&world, &promoter(&world, plain()), 2, "1.1.0", 2).await.unwrap();
    let all = |signed| {
        EdgeSpec::new("dev", "prod")
            .gate(Signed(signed))
            .gate(Scan)
            .gate(gate("approval", |_| Ok(Verdict::wait("nobody is awake"))))
            .gate(gate("window", |_| Ok(Verdict::wait("it is Friday"))))
    };
    let down = |edge: EdgeSpec| {
        let dev = Faulty::new(world.dev.clone()).script(|_, _| Some(Fault::Before(ErrorKind::Unreachable)));
        let promoter = Promoter::new(graph(edge), "tester").reads("dev", dev);
        promoter.writes("prod", world.prod.clone()).ledger(world.ledger.clone())
    };
    let asked = |refusal: &NotCleared| refusal.opinions().iter().map(|one| one.gate.clone()).collect::<Vec<_>>();
    let refused = refusal(back(&down(all(false)), "1.0.0").await);
    assert_eq!(asked(&refused), ["been-here", "denied", "signature", "scan"]);
    // An edge that asks for more is asked; the signature cannot be left out.
    let refused = refusal(back(&down(all(true).rollback_asks("approval")), "1.0.0").await);
    assert_eq!(asked(&refused), ["been-here", "denied", "signature", "approval"]);
    assert!(refused.is_waiting());
    let refused = refusal(back(&down(all(true).rollback_asks("scan")), "1.0.0").await);
    assert!(refused.is_undecided(), "a gate that is named blocks");
    let unknown = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}"))
        .edge(EdgeSpec::new("dev", "prod").rollback_asks("scan"));
    assert!(unknown.build().unwrap_err().to_string().contains("scan"));

    let receipt = back(&down(all(true)), "1.0.0").await.unwrap();
    assert_eq!(receipt.digest, good);
    let scan = receipt.evidence.iter().find(|one| one.gate == "scan").unwrap();
    assert!(scan.advisory.is_some() && scan.evidence.summary.contains("the scanner is down"), "{scan}");
    let told = world.chronicle().await;
    let Kind::Rollback { evidence, .. } = &told.current(&name("app"), &name("prod")).unwrap().entry.kind else {
        panic!("no rollback")
    };
    assert_eq!(**evidence, receipt.evidence);
}

#[tokio::test]
async fn what_was_never_there_comes_back_by_an_override_alone_and_what_is_gone_not_at_all() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    let first = promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
    promote(&world, &promoter, 2, "1.1.0", 2).await.unwrap();
    let stranger = release(3);
    fixtures::push(&world.prod, &repo(), &stranger, &tag("by-hand")).await.unwrap();
    let to = digest(&stranger).to_string();
    // Without a version, none of the tags of releases is for it.
    assert!(refusal(back(&promoter, &to).await).to_string().contains("has never been in prod"));
    let by = Override::because("the only one that works").gate("been-here");
    let draft = plan(&promoter, &to).await.unwrap();
    let cleared = promoter.clear_rollback_with_override(draft, &by, later(100)).await.unwrap();
    promoter.apply_rollback(cleared, later(100)).await.unwrap();
    assert_eq!(world.held("prod", "prod").await, Some(digest(&stranger)));
    let told = world.chronicle().await;
    let one = memory::resident(&told, &name("app"), &name("prod"), later(101)).unwrap();
    assert_eq!(one.overridden().map(|one| one.gate.as_str()).collect::<Vec<_>>(), ["been-here"]);
    assert!(told.entries().iter().any(|one| matches!(one.entry.kind, Kind::Override { .. })));

    assert!(matches!(order(back(&promoter, "9.9.9").await), OrderProblem::Unknown { .. }));
    world.prod.delete_manifest(&repo(), &first).await.unwrap();
    match plan(&promoter, "1.0.0").await {
        Err(error @ PromoteError::Registry(_)) => assert!(error.to_string().contains("not in the registry any more")),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        order(promoter.plan_rollback(&name("app"), &name("prod"), &RollbackTo::Previous, " ", now()).await),
        OrderProblem::NoReason
    );
}

#[tokio::test]
async fn what_is_denied_or_held_moves_again_only_when_it_is_released() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    let (app, prod) = (name("app"), name("prod"));
    promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
    let bad = promote(&world, &promoter, 2, "1.1.0", 2).await.unwrap();
    back(&promoter, "previous").await.unwrap();
    // Automation tries again, by every selector; and so does a rollback.
    for text in ["pr:2", "sha:2222222", &format!("digest:{bad}")] {
        let edge = name("dev-prod");
        world.push(&release(2), &["sha-2222222"]).await;
        let pinned = promoter.resolve(&app, &select(text), &edge).await.unwrap();
        let plan = promoter.plan(&pinned.released_as("1.1.0"), &edge).await.unwrap();
        let text = refusal(promoter.clear(plan.clone(), later(110)).await).to_string();
        assert!(text.contains("is denied: rolled back in prod: latency"), "{text}");
        for gate in ["denied", "held"] {
            let by = Override::because("I know better").gate(gate);
            match promoter.clear_with_override(plan.clone(), &by, later(110)).await {
                Err(PromoteError::Override(problem)) => {
                    assert_eq!(problem, OverrideProblem::NeedsRelease { gate: gate.into() });
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(refusal(back(&promoter, "1.1.0").await).to_string().contains("is denied"));
    let waiting = refusal(promote(&world, &promoter, 3, "1.2.0", 120).await);
    assert!(waiting.is_waiting() && waiting.to_string().contains("held"), "another has to wait: {waiting}");

    let whole: memory::Wanted = bad.clone().into();
    let at = |place| promoter.release_denial(&app, &whole, place, "found the cause", later(130));
    assert!(matches!(order(at(Some(&prod)).await), OrderProblem::DeniedEverywhere { .. }));
    at(None).await.unwrap();
    assert!(matches!(order(at(None).await), OrderProblem::NotInForce { .. }));
    promoter.release_hold(&app, &prod, "found the cause", later(130)).await.unwrap();
    assert_eq!(promote(&world, &promoter, 2, "1.1.0", 140).await.unwrap(), bad);
}

/// Bytes may be on their way for an hour.
#[tokio::test]
async fn a_denial_or_a_hold_while_an_image_is_copied_stops_its_tags() {
    for hold in [false, true] {
        let world = World::new();
        let promoter = promoter(&world, plain());
        let (app, edge) = (name("app"), name("dev-prod"));
        let first = promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
        world.push(&release(2), &["pr-2"]).await;
        let pinned = promoter.resolve(&app, &select("pr:2"), &edge).await.unwrap().released_as("1.1.0");
        let draft = promoter.plan(&pinned, &edge).await.unwrap();
        let cleared = promoter.clear(draft, later(2)).await.unwrap();
        let whole = digest(&release(2)).into();
        match hold {
            true => drop(promoter.hold(&app, &name("prod"), "party", None, later(3)).await.unwrap()),
            false => drop(promoter.deny(&app, &whole, None, "leaks", later(3)).await.unwrap()),
        }
        let entries = world.chronicle().await.entries().len();
        match promoter.apply(cleared, later(4)).await {
            Err(PromoteError::Stopped { why, .. }) => assert!(why.contains(if hold { "party" } else { "leaks" })),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.held("prod", "prod").await, Some(first));
        assert_eq!(world.chronicle().await.entries().len(), entries);
    }
}

#[tokio::test]
async fn orders_are_entries_with_reason_and_actor_and_said_once() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    let (app, prod) = (name("app"), name("prod"));
    let held = |until| promoter.hold(&app, &prod, "party", until, later(5));
    assert!(matches!(order(held(None).await), OrderProblem::Nothing { .. }));
    let one = promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
    assert!(held(None).await.unwrap().entry.is_some() && held(None).await.unwrap().entry.is_none());
    assert!(held(Some(later(9))).await.unwrap().entry.is_some(), "until another time is another hold");
    let deny = |reason: &'static str| {
        let (promoter, app, prod) = (&promoter, &app, &prod);
        async move { promoter.deny(app, &"1.0.0".parse().unwrap(), Some(prod), reason, later(6)).await }
    };
    let said = deny("leaks").await.unwrap();
    assert!(said.to_string().starts_with(&format!("denied in prod: app  {one}  (leaks)\nentry sha256:")), "{said}");
    assert!(deny("leaks").await.unwrap().entry.is_none() && deny("leaks more").await.unwrap().entry.is_some());
    assert_eq!(order(deny("  ").await), OrderProblem::NoReason);
    let told = world.chronicle().await;
    let force = memory::in_force(&told, later(7));
    assert_eq!((force.denials.len(), force.holds.len(), force.holds[0].until), (1, 1, Some(later(9))));
    let text = force.to_string();
    assert!(text.contains("in prod: leaks more (tester, 2023-11-14T22:19:20Z (60 seconds))"), "{text}");
    assert_eq!(memory::in_force(&told, later(9)).holds, [], "it ends by itself");
    let unknown = promoter.deny(&app, &"sha:7777777".parse().unwrap(), None, "leaks", later(6)).await;
    assert!(matches!(order(unknown), OrderProblem::Unknown { .. }));
    assert!(matches!(
        order(promoter.release_hold(&app, &prod, "over", later(10)).await),
        OrderProblem::NotInForce { .. }
    ));
    let elsewhere = promoter.deny(&app, &one.into(), Some(&name("moon")), "leaks", later(6)).await;
    assert!(matches!(elsewhere, Err(PromoteError::Graph(_))));
}

#[tokio::test]
async fn a_rollback_is_kept_as_json_and_an_edited_one_is_refused() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
    promote(&world, &promoter, 2, "1.1.0", 2).await.unwrap();
    let draft = plan(&promoter, "previous").await.unwrap();
    let text = serde_json::to_value(&draft).unwrap();
    let other = digest(&release(2)).to_string();
    for (pointer, value) in
        [("/bad", None), ("/tags/0/to", Some(other.clone())), ("/plan/passage/edge", Some("x".into()))]
    {
        let mut edited = text.clone();
        *edited.pointer_mut(pointer).unwrap() = value.map_or(serde_json::Value::Null, Into::into);
        let edited: RollbackPlan<Draft> = serde_json::from_value(edited).unwrap();
        assert!(
            matches!(promoter.clear_rollback(edited, later(9)).await, Err(PromoteError::OtherGraph { .. })),
            "{pointer}"
        );
    }
    let kept: RollbackPlan<Draft> = serde_json::from_value(text).unwrap();
    let cleared = promoter.clear_rollback(kept, later(9)).await.unwrap();
    // Somebody has moved a tag since.
    fixtures::push(&world.prod, &repo(), &release(3), &tag("prod")).await.unwrap();
    let entries = world.chronicle().await.entries().len();
    let moved = promoter.apply_rollback(cleared, later(9)).await;
    assert!(matches!(moved, Err(PromoteError::Copy(lockage_promote::Error::Moved { .. }))), "{moved:?}");
    assert_eq!(world.chronicle().await.entries().len(), entries);
}

/// Says what it is told to.
#[derive(Debug)]
struct Ends(fn() -> StepError);

#[async_trait::async_trait]
impl Step for Ends {
    fn id(&self) -> &str {
        "canary"
    }
    async fn run(&self, _: &StepContext<'_>) -> Result<Evidence, StepError> {
        Err(self.0())
    }
}

/// Hears nothing.
#[derive(Debug)]
struct Deaf;

#[async_trait::async_trait]
impl Sink for Deaf {
    fn id(&self) -> &str {
        "deaf"
    }
    async fn tell(&self, _: &Happening) -> Result<(), SinkError> {
        Err("no route".into())
    }
}

#[tokio::test]
async fn a_failed_canary_leads_to_a_rollback_and_one_that_could_not_be_seen_does_not() {
    let failed: fn() -> StepError =
        || Box::new(WatchError::Failed { id: "canary".into(), reasons: vec!["5 % errors".into()] });
    let late: fn() -> StepError = || {
        let after = Duration::from_secs(60);
        Box::new(WatchError::TooLate { id: "canary".into(), after, last: "2 of 3 pods".into() })
    };
    let blind: fn() -> StepError = || Box::new(WatchError::Blind { id: "canary".into(), source: "no metrics".into() });
    let broken: fn() -> StepError = || "no such file".into();
    // Whoever is told beside it, and cannot be, changes nothing of that.
    let ends = [
        (failed, true, false),
        (failed, true, true),
        (late, true, false),
        (blind, false, true),
        (broken, false, false),
    ];
    for (end, fails, deaf) in ends {
        let world = World::new();
        let (app, prod) = (name("app"), name("prod"));
        let good = promote(&world, &promoter(&world, plain()), 1, "1.0.0", 1).await.unwrap();
        let watched = promoter(&world, graph(EdgeSpec::new("dev", "prod").after(Ends(end))));
        let watched = match deaf {
            true => watched.events(Sinks::new(crate::clock::Clock::new()).sink(Deaf)),
            false => watched,
        };
        let error = promote(&world, &watched, 2, "1.1.0", 2).await.unwrap_err();
        assert_eq!(matches!(error.canary(), Some(Canary::Failed { .. })), fails, "{error}");
        let follows = watched.plan_rollback_after(&app, &prod, &error, later(3)).await.unwrap();
        assert_eq!(follows.is_some(), fails, "{error}");
        let Some(plan) = follows else {
            assert_eq!(world.held("prod", "prod").await, Some(digest(&release(2))), "it stays");
            continue;
        };
        let cleared = watched.clear_rollback(plan, later(3)).await.unwrap();
        let receipt = watched.apply_rollback(cleared, later(3)).await.unwrap();
        assert_eq!((receipt.digest, receipt.bad), (good.clone(), Some(digest(&release(2)))));
        assert_eq!(world.held("prod", "prod").await, Some(good));
    }
    // Before a tag has moved there is nothing to go back from.
    let world = World::new();
    let before = promoter(&world, graph(EdgeSpec::new("dev", "prod").before(Ends(failed))));
    assert_eq!(promote(&world, &before, 1, "1.0.0", 1).await.unwrap_err().canary(), None);
}

/// Whatever request fails at the registry, with or without effect: no tag moves before the intent, the denial and the hold,
/// and a second run comes to the end that an undisturbed one does.
#[tokio::test]
async fn killed_at_every_request_a_rollback_is_done_again_to_the_same_end() {
    let prepared = || async {
        let world = World::new();
        let promoter = promoter(&world, plain());
        promote(&world, &promoter, 1, "1.0.0", 1).await.unwrap();
        promote(&world, &promoter, 2, "1.1.0", 2).await.unwrap();
        world
    };
    let (good, bad) = (digest(&release(1)), digest(&release(2)));
    let world = prepared().await;
    let calm = Faulty::new(world.prod.clone());
    back(&through(&world, plain(), calm.clone()), "previous").await.unwrap();
    let (calls, expected) = (calm.calls(), tags(&world.prod).await);
    assert!(calls > 12, "{calls}");
    for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
        for nth in 0..calls {
            let world = prepared().await;
            let faulty = Faulty::new(world.prod.clone()).fail(nth, fault);
            assert!(back(&through(&world, plain(), faulty), "previous").await.is_err(), "{nth}");
            let (told, held) = (world.chronicle().await, tags(&world.prod).await);
            let (app, prod) = (name("app"), name("prod"));
            let is_safe = told.begun(&app, &prod).is_some()
                && told.denied_everywhere(&app, &bad).is_some()
                && told.held(&app, &prod, later(200)).is_some();
            assert!(is_safe || (held["prod"] == bad && held["1"] == bad), "{nth}: a tag before what keeps it so");
            assert_eq!(told.current(&app, &prod).unwrap().entry.digest, bad, "{nth}: done before it was");

            back(&promoter(&world, plain()), "previous").await.unwrap();
            assert_eq!(tags(&world.prod).await, expected, "{nth}");
            let told = world.chronicle().await;
            let current = &told.current(&app, &prod).unwrap().entry;
            assert_eq!(current.digest, good, "{nth}");
            let Kind::Rollback { phase: Phase::Done, tags: records, bad: denied, .. } = &current.kind else {
                panic!("{current:?}")
            };
            assert_eq!(denied.as_ref(), Some(&bad), "{nth}");
            let former = |record: &TagRecord| if record.tag.as_str() == "1.0" { good.clone() } else { bad.clone() };
            assert!(records.iter().all(|one| one.former == Some(former(one))), "{nth}: {records:?}");
            assert_eq!(told.entries().iter().filter(|one| matches!(one.entry.kind, Kind::Deny { .. })).count(), 1);
            assert_eq!(told.entries().iter().filter(|one| matches!(one.entry.kind, Kind::Hold { .. })).count(), 1);
        }
    }
}

#[tokio::test]
async fn a_hold_that_ends_by_itself_does_not_let_automation_undo_a_rollback() {
    let world = World::new();
    let promoter = promoter(&world, plain());
    promote(&world, &promoter, 1, "1.2.3", 1).await.unwrap();
    promote(&world, &promoter, 2, "1.2.4", 2).await.unwrap();
    let (app, prod) = (name("app"), name("prod"));
    promoter.hold(&app, &prod, "release party", Some(later(200)), later(50)).await.unwrap();
    back(&promoter, "previous").await.unwrap();
    // The party is over, and nobody has looked at what was rolled back.
    assert!(world.chronicle().await.held(&app, &prod, later(300)).is_some());
    let image = release(3);
    world.push(&image, &["pr-3"]).await;
    let edge = name("dev-prod");
    let three = promoter.resolve(&app, &select("pr:3"), &edge).await.unwrap().released_as("1.3.0");
    let refused = refusal(promoter.clear(promoter.plan(&three, &edge).await.unwrap(), later(300)).await);
    assert!(refused.is_waiting() && refused.to_string().contains("rolled back in prod"), "{refused}");
}

/// Freezes leave rollbacks alone where they say so, whatever else they keep: a gate knows which way an image goes.
#[tokio::test]
async fn gates_know_whether_an_image_goes_on_or_back() {
    use std::sync::{Arc, Mutex};
    let ways = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ways);
    let freeze = gate("freeze", move |context: &GateContext<'_>| {
        seen.lock().unwrap().push(context.passage.unwrap().way);
        Ok(Verdict::Pass(Evidence::new("open")))
    });
    let world = World::new();
    let promoter = promoter(&world, graph(EdgeSpec::new("dev", "prod").gate(freeze).rollback_asks("freeze")));
    promote(&world, &promoter, 1, "1.2.3", 1).await.unwrap();
    promote(&world, &promoter, 2, "1.2.4", 2).await.unwrap();
    back(&promoter, "previous").await.unwrap();
    use lockage_promote::Way::{Promotion, Rollback};
    assert_eq!(*ways.lock().unwrap(), [Promotion, Promotion, Rollback]);
}
