//! Steps: before the tags and after them, once each, and their end known.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Kind, Phase};
use lockage_promote::pipeline::step::{
    Moment, Pace, Probe, ProbeContext, Step, StepContext, StepError, Watch, WatchError,
};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, GraphError, PromoteError, Promoter};
use lockage_promote::{Evidence, GateError, Verdict};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{ErrorKind, Memory};

use crate::world::{COMMIT, World, built, digest, name, now, pass, select};

/// What was done, and what stage held then.
type Log = Arc<Mutex<Vec<String>>>;

/// Writes down that it was run; fails as often as it is told.
#[derive(Clone, Debug)]
struct Noted {
    id: &'static str,
    log: Log,
    stage: Memory,
    failures: Arc<Mutex<u32>>,
}

#[async_trait::async_trait]
impl Step for Noted {
    fn id(&self) -> &str {
        self.id
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        use lockage_registry::{Source as _, TagOrDigest};
        let stage = &self.stage;
        let float = stage.resolve(context.repository, &TagOrDigest::Tag("stage".parse().unwrap())).await.is_ok();
        // The image itself is there at both moments.
        stage.resolve(context.repository, &context.digest().clone().into()).await?;
        self.log.lock().unwrap().push(format!("{} {} float={float}", context.moment, self.id));
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err("no".into());
        }
        Ok(Evidence::new(format!("{} did", self.id)))
    }
}

fn noted(world: &World, id: &'static str, log: &Log, failures: u32) -> Noted {
    Noted { id, log: Arc::clone(log), stage: world.stage.clone(), failures: Arc::new(Mutex::new(failures)) }
}

fn graph(steps: impl FnOnce(EdgeSpec) -> EdgeSpec) -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
        .edge(steps(EdgeSpec::new("dev", "stage")))
        .build()
        .unwrap()
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

#[tokio::test]
async fn migrations_run_before_a_tag_moves_and_rollouts_after_all_have() {
    let (world, log) = (World::new(), Log::default());
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let graph = graph(|edge| edge.before(noted(&world, "migrate", &log, 0)).after(noted(&world, "rollout", &log, 0)));
    let promoter = world.promoter_of(graph);
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(taken(&log), ["before migrate float=false", "after rollout float=true"]);
    let steps: Vec<_> = receipt.steps.iter().map(|step| (step.gate.as_str(), step.step)).collect();
    assert_eq!(steps, [("migrate", Some(Moment::Before)), ("rollout", Some(Moment::After))]);
    assert!(receipt.to_string().contains("done  rollout"), "{receipt}");

    let told = world.chronicle().await;
    let current = told.current(&name("app"), &name("stage")).unwrap();
    let Kind::Promote { evidence, .. } = &current.entry.kind else { panic!("{current:?}") };
    assert!(evidence.iter().any(|one| one.gate == "migrate" && one.evidence.summary == "migrate did"));
    let last = &told.entries().last().unwrap().entry.kind;
    assert!(matches!(last, Kind::Finish { evidence, .. } if evidence[0].gate == "rollout"), "{last:?}");

    // What is done is not done again.
    let again = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert!(taken(&log).is_empty());
    assert_eq!(again.steps.len(), 1, "{again:?}");
    assert_eq!(world.chronicle().await.entries().len(), 3);
}

#[tokio::test]
async fn a_failed_step_before_stops_and_no_tag_moves() {
    let (world, log) = (World::new(), Log::default());
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let steps = |edge: EdgeSpec| edge.before(noted(&world, "one", &log, 0)).before(noted(&world, "two", &log, 1));
    let promoter = world.promoter_of(graph(steps));
    match pass(&promoter, "pr:42", "dev-stage").await {
        Err(error @ PromoteError::Step { moment: Moment::Before, .. }) => {
            assert!(error.remedy().unwrap().contains("No tag has moved"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.held("stage", "stage").await, None);
    assert!(world.chronicle().await.entries().is_empty(), "nothing is about to happen");
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let before = |id: &str| format!("before {id} float=false");
    assert_eq!(taken(&log), [before("one"), before("two"), before("one"), before("two")]);
}

#[tokio::test]
async fn a_failed_step_after_says_that_the_tags_have_moved_and_is_done_by_the_next_run() {
    let (world, log) = (World::new(), Log::default());
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let steps = |edge: EdgeSpec| {
        edge.before(noted(&world, "migrate", &log, 0))
            .after(noted(&world, "one", &log, 0))
            .after(noted(&world, "two", &log, 1))
    };
    let promoter = world.promoter_of(graph(steps));
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
    let draft = promoter.plan(&app, &edge).await.unwrap();
    let cleared = promoter.clear(draft.clone(), now()).await.unwrap();
    match promoter.apply(cleared, now()).await {
        Err(error @ PromoteError::Step { moment: Moment::After, .. }) => {
            assert!(error.remedy().unwrap().contains("tags have moved"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.held("stage", "stage").await, Some(digest(&image)));
    let told = world.chronicle().await;
    assert!(told.was_in(&name("app"), &name("stage"), &digest(&image)), "it is there, and said to be");
    taken(&log);
    // The same plan from its file, not made anew.
    let receipt = promoter.apply(promoter.clear(draft, now()).await.unwrap(), now()).await.unwrap();
    assert_eq!(taken(&log), ["after two float=true"]);
    let steps: Vec<_> = receipt.steps.iter().map(|step| step.gate.as_str()).collect();
    assert_eq!(steps, ["one", "two"]);
}

#[tokio::test]
async fn killed_at_every_request_steps_come_before_the_tags_and_are_all_done_in_the_end() {
    let fresh = || async {
        let world = World::new();
        world.push(&built(COMMIT, 1), &["pr-42"]).await;
        world
    };
    let run = |world: &World, log: &Log, target: Faulty<Memory>| {
        let graph = graph(|edge| edge.before(noted(world, "migrate", log, 0)).after(noted(world, "rollout", log, 0)));
        Promoter::new(graph, "tester")
            .reads("dev", world.dev.clone())
            .writes("stage", target)
            .ledger(world.ledger.clone())
    };
    let (world, log) = (fresh().await, Log::default());
    let calm = Faulty::new(world.stage.clone());
    pass(&run(&world, &log, calm.clone()), "pr:42", "dev-stage").await.unwrap();
    for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
        for nth in 0..calm.calls() {
            let (world, log) = (fresh().await, Log::default());
            let faulty = Faulty::new(world.stage.clone()).fail(nth, fault);
            let first = pass(&run(&world, &log, faulty), "pr:42", "dev-stage").await;
            let has_moved = world.held("stage", "stage").await.is_some();
            assert!(!has_moved || log.lock().unwrap().contains(&"before migrate float=false".to_owned()), "{nth}");
            let again = pass(&run(&world, &log, Faulty::new(world.stage.clone())), "pr:42", "dev-stage").await.unwrap();
            let log = taken(&log);
            assert_eq!(log.last().unwrap(), "after rollout float=true", "{nth} {log:?}");
            let rollouts = log.iter().filter(|line| line.starts_with("after")).count();
            assert_eq!(rollouts, 1, "{nth}: {first:?}");
            let told = world.chronicle().await;
            let begun = |entry: &&lockage_promote::ledger::Recorded| {
                matches!(entry.entry.kind, Kind::Promote { phase: Phase::Intent, .. })
            };
            assert_eq!(told.entries().iter().filter(begun).count(), 1, "{nth}");
            assert!(again.steps.iter().any(|step| step.gate == "rollout"));
        }
    }
}

#[test]
fn steps_are_named_in_documents_and_an_unknown_one_is_refused_with_its_place() {
    let (world, log) = (World::new(), Log::default());
    let build = |text: &str| {
        Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(EnvironmentSpec::new("stage", "stage.example/{image}"))
            .step(noted(&world, "migrate", &log, 0))
            .edge(serde_json::from_str(text).unwrap())
            .build()
    };
    let graph = build(r#"{"from":"dev","to":"stage","before":["migrate"],"after":["migrate"]}"#).unwrap();
    let edge = graph.edge(&name("dev-stage")).unwrap();
    assert_eq!(edge.steps(Moment::Before).map(Step::id).collect::<Vec<_>>(), ["migrate"]);
    assert_eq!(edge.steps(Moment::After).count(), 1);
    match build(r#"{"from":"dev","to":"stage","before":["migarte"]}"#) {
        Err(error @ GraphError::UnknownStep { .. }) => {
            assert_eq!(error.to_string(), r#"edge dev-stage: there is no step "migarte""#);
            assert_eq!(error.remedy(), "There are: migrate.");
        }
        other => panic!("{other:?}"),
    }
    let twice = build(r#"{"from":"dev","to":"stage","after":["migrate","migrate"]}"#);
    assert!(matches!(twice, Err(GraphError::StepTwice { .. })));
}

/// A clock that is moved by sleeping.
#[derive(Clone, Debug)]
struct Hands(Arc<Mutex<SystemTime>>);

#[async_trait::async_trait]
impl Pace for Hands {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

/// Says one thing after the other, and the last for ever.
#[derive(Debug)]
struct Script(Mutex<VecDeque<Result<Verdict, &'static str>>>);

#[async_trait::async_trait]
impl Probe for Script {
    async fn look(&self, _: &ProbeContext<'_>) -> Result<Verdict, GateError> {
        let mut script = self.0.lock().unwrap();
        let said = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
        Ok(said.unwrap()?)
    }
}

fn watch(script: impl IntoIterator<Item = Result<Verdict, &'static str>>) -> (Watch<Script, Hands>, Hands) {
    let hands = Hands(Arc::new(Mutex::new(now())));
    let probe = Script(Mutex::new(script.into_iter().collect()));
    let watch = Watch::new("canary", probe, hands.clone()).every(Duration::from_secs(10));
    (watch.at_most(Duration::from_secs(60)), hands)
}

fn good() -> Result<Verdict, &'static str> {
    Ok(Verdict::Pass(Evidence::new("0.1 % errors")))
}

fn unsure() -> Result<Verdict, &'static str> {
    Ok(Verdict::wait("too few requests"))
}

#[tokio::test]
async fn a_canary_is_watched_until_it_is_good_bad_or_too_late() {
    let (steady, hands) = watch([unsure(), unsure(), good()]);
    let evidence = steady.run_for(None).await.unwrap();
    assert_eq!((evidence.summary.as_str(), &evidence.details["looks"]), ("0.1 % errors", &3.into()));
    assert_eq!(hands.now(), now() + Duration::from_secs(20));

    let (bad, _) = watch([unsure(), Ok(Verdict::fail("7 % errors")), good()]);
    assert!(matches!(bad.run_for(None).await, Err(WatchError::Failed { reasons, .. }) if reasons == ["7 % errors"]));

    let (late, hands) = watch([unsure()]);
    match late.run_for(None).await {
        Err(WatchError::TooLate { last, .. }) => assert_eq!(last, "too few requests"),
        other => panic!("{other:?}"),
    }
    assert_eq!(hands.now(), now() + Duration::from_secs(60));

    let (blind, _) = watch([unsure(), Err("no route"), good()]);
    assert!(matches!(blind.run_for(None).await, Err(WatchError::Blind { .. })), "an error is never good");
    let (blinking, _) = watch([Err("no route"), good()]);
    blinking.bearing_errors(1).run_for(None).await.unwrap();
    let (dark, _) = watch([Err("no route")]);
    assert!(matches!(dark.bearing_errors(3).run_for(None).await, Err(WatchError::Blind { .. })));

    // One doubt, and it has to be good for the whole time again.
    let (doubtful, hands) = watch([good(), unsure(), good()]);
    doubtful.steady_for(Duration::from_secs(20)).run_for(None).await.unwrap();
    assert_eq!(hands.now(), now() + Duration::from_secs(40));
}
