//! What is said while an image is on its way: it is asked for once more right before a tag moves, and what stops leaves nothing
//! to be gone on with; and every entry is of the time at which it was written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use lockage_promote::ledger::{
    Chronicle, Entry, History, Kind, Ledger, LedgerError, MemoryLedger, Phase, Recorded, TagRecord,
};
use lockage_promote::pipeline::fleet::{Ended, Errand, Shard, promote_each};
use lockage_promote::pipeline::memory::{self, Course, Deviation};
use lockage_promote::pipeline::step::{Step, StepContext, StepError};
use lockage_promote::pipeline::{
    EdgeSpec, EnvironmentSpec, Graph, Name, PromoteError, Promoter, RollbackReceipt, RollbackTo,
};
use lockage_promote::{Error, Evidence};
use lockage_registry::testing::fixtures;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{Digest, ErrorKind, Repository, Source as _, TagOrDigest};

use crate::clock::Clock;
use crate::world::{COMMIT, World, built, digest, name, now, pass, select, tag};

/// A step during which something happens.
struct During<F>(F);

impl<F> fmt::Debug for During<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("During")
    }
}

#[async_trait::async_trait]
impl<F: Fn(String) -> BoxFuture<'static, ()> + Send + Sync> Step for During<F> {
    fn id(&self) -> &str {
        "slow"
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        (self.0)(context.passage.pinned.image.to_string()).await;
        Ok(Evidence::new("took its time"))
    }
}

fn graph(edge: impl FnOnce(EdgeSpec) -> EdgeSpec) -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
        .edge(edge(EdgeSpec::new("dev", "stage")))
        .build()
        .unwrap()
}

fn commit(n: u64) -> String {
    n.to_string().repeat(40)
}

/// Builds 1 to 3; the first of them is in stage, and then the second.
async fn world() -> (World, [Digest; 3]) {
    let world = World::new();
    for n in 1..4 {
        world.push(&built(&commit(n), n), &[&format!("pr-{n}")]).await;
    }
    for n in 1..3 {
        pass(&world.promoter(), &format!("pr:{n}"), "dev-stage").await.unwrap();
    }
    (world, [1, 2, 3].map(|n| digest(&built(&commit(n), n))))
}

async fn drift(world: &World) -> Vec<Deviation> {
    let drift = world.promoter().drift(&name("stage"), None, now()).await.unwrap();
    assert!(drift.unread.is_empty(), "{drift:?}");
    drift.images.into_iter().flat_map(|one| one.deviations).collect()
}

async fn heal(world: &World) -> memory::Healed {
    let drift = world.promoter().drift(&name("stage"), None, now()).await.unwrap();
    world.promoter().heal(&drift, now()).await.unwrap()
}

async fn back(promoter: &Promoter, to: &str) -> Result<RollbackReceipt, PromoteError> {
    let (app, stage): (_, _) = (name("app"), name("stage"));
    let to: RollbackTo = to.parse().unwrap();
    let plan = promoter.plan_rollback(&app, &stage, &to, "latency", now()).await?;
    promoter.apply_rollback(promoter.clear_rollback(plan, now()).await?, now()).await
}

fn says_stop(world: &World, hold: bool, bad: &Digest, of: &'static str) -> Graph {
    let (ordering, bad) = (world.promoter(), bad.clone());
    graph(|edge| {
        edge.before(During(move |image: String| {
            let (ordering, bad) = (ordering.clone(), bad.clone());
            Box::pin(async move {
                match hold {
                    _ if image != of => {}
                    true => drop(ordering.hold(&name("app"), &name("stage"), "stop", None, now()).await.unwrap()),
                    false => drop(ordering.deny(&name("app"), &bad.into(), None, "stop", now()).await.unwrap()),
                }
            }) as BoxFuture<'static, ()>
        }))
    })
}

#[tokio::test]
async fn a_denial_or_a_hold_during_a_step_stops_the_tags_and_leaves_nothing_to_go_on_with() {
    for hold in [false, true] {
        let (world, [_, second, third]) = world().await;
        let promoter = world.promoter_of(says_stop(&world, hold, &third, "app"));
        let outcome = pass(&promoter, "pr:3", "dev-stage").await;
        assert!(matches!(&outcome, Err(PromoteError::Stopped { why, .. }) if why.contains("stop")), "{outcome:?}");
        assert_eq!(world.held("stage", "stage").await, Some(second.clone()));
        let told = world.chronicle().await;
        let (app, stage) = (name("app"), name("stage"));
        assert!(told.begun(&app, &stage).is_none(), "{told:?}");
        let last = &told.entries().last().unwrap().entry;
        assert!(matches!(&last.kind, Kind::Revert { reason, .. } if reason.contains("stop")), "{last:?}");
        let history = memory::history(&told, None, None);
        assert!(history.lines.iter().all(|line| line.ended), "{history}");
        assert_eq!(drift(&world).await, []);
        // Released, it is not healed into the environment; it is promoted again, with its steps.
        match hold {
            true => drop(world.promoter().release_hold(&app, &stage, "ok", now()).await.unwrap()),
            false => {
                let third = third.clone().into();
                drop(world.promoter().release_denial(&app, &third, None, "ok", now()).await.unwrap());
            }
        }
        heal(&world).await;
        assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(second), vec![]));
        pass(&world.promoter(), "pr:3", "dev-stage").await.unwrap();
        assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(third), vec![]));
    }
}

#[tokio::test]
async fn an_image_of_a_fleet_that_is_denied_on_its_way_is_refused() {
    let (world, [_, second, third]) = world().await;
    let promoter = world.promoter_of(says_stop(&world, false, &third, "app"));
    let errand = Errand::new(name("app"), select("pr:3"), name("dev-stage"));
    let fleet = promote_each(&promoter, [errand], Shard::whole(), 1, now()).await;
    assert_eq!(fleet.ended(), Ended::Refused, "{fleet}");
    assert_eq!(world.held("stage", "stage").await, Some(second));
}

/// The second of a set takes its time, and the first is denied meanwhile.
#[tokio::test]
async fn a_set_of_which_one_is_denied_on_its_way_moves_no_tag_and_is_over() {
    let (world, [_, second, third]) = world().await;
    let web: Repository = "dev.example/web".parse().unwrap();
    fixtures::push(&world.dev, &web, &built(COMMIT, 9), &tag("pr-3")).await.unwrap();
    let promoter = world.promoter_of(says_stop(&world, false, &third, "web"));
    let edge = name("dev-stage");
    let mut members = Vec::new();
    for image in ["app", "web"] {
        members.push((promoter.resolve(&name(image), &select("pr:3"), &edge).await.unwrap(), edge.clone()));
    }
    let plan = promoter.plan_set(&members).await.unwrap();
    let outcome = promoter.apply_set(promoter.clear_set(plan, now()).await.unwrap(), now()).await;
    assert!(matches!(outcome, Err(PromoteError::Stopped { .. })), "{outcome:?}");
    assert_eq!(world.held("stage", "stage").await, Some(second));
    let stage: Repository = "stage.example/web".parse().unwrap();
    assert!(world.stage.resolve(&stage, &TagOrDigest::Tag(tag("stage"))).await.is_err());
    assert_eq!((promoter.open_sets().await.unwrap(), drift(&world).await), (vec![], vec![]));
}

/// What a set that was taken back has created once is its own, and stays.
#[tokio::test]
async fn the_pins_of_what_was_taken_back_are_no_drift_and_those_of_others_are() {
    let (world, [_, second, third]) = world().await;
    let web: Repository = "dev.example/web".parse().unwrap();
    fixtures::push(&world.dev, &web, &built(COMMIT, 9), &tag("pr-3")).await.unwrap();
    let fails_the_float = Faulty::new(world.stage.clone()).script(|_, call| {
        let is_float = call.operation.name() == "push manifest"
            && call.what == "stage"
            && call.repository.to_string().ends_with("/app");
        is_float.then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let promoter = Promoter::new(graph(|edge| edge), "tester").reads("dev", world.dev.clone());
    let promoter = promoter.writes("stage", fails_the_float).ledger(world.ledger.clone());
    let edge = name("dev-stage");
    let mut members = Vec::new();
    for image in ["web", "app"] {
        members.push((promoter.resolve(&name(image), &select("pr:3"), &edge).await.unwrap(), edge.clone()));
    }
    let plan = promoter.plan_set(&members).await.unwrap();
    let error = promoter.apply_set(promoter.clear_set(plan, now()).await.unwrap(), now()).await.unwrap_err();
    // Which have moved, and how it is gone on with.
    let PromoteError::Midway { set, moved, left, .. } = &error else { panic!("{error:?}") };
    assert_eq!((moved.as_slice(), left.as_slice()), (&[name("web")][..], &[name("app")][..]));
    assert!(error.details().contains(&("left", "app".to_owned())), "{:?}", error.details());
    assert!(error.remedy().unwrap().contains("--resume"), "{error}");
    let back = world.promoter().prunes("stage", world.stage.clone());
    back.revert_set(set, "no", now()).await.unwrap();
    assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(second), vec![]));
    // The same image under another name is somebody's doing.
    let stage: Repository = "stage.example/app".parse().unwrap();
    fixtures::push(&world.stage, &stage, &built(&commit(3), 3), &tag("mine")).await.unwrap();
    assert_eq!(drift(&world).await, [Deviation::Unrecorded { tag: tag("mine"), found: third }]);
}

/// A step before fails, or the process is killed during it: the pin is there, and the ledger says nothing of it.
#[tokio::test]
async fn the_pin_of_a_promotion_that_never_began_is_told_as_that_and_tags_of_others_are_not() {
    let (world, [_, _, third]) = world().await;
    async fn dies() {
        panic!("killed")
    }
    let promoter = world.promoter_of(graph(|edge| edge.before(During(|_| Box::pin(dies()) as BoxFuture<'static, ()>))));
    let killed = tokio::spawn(async move { pass(&promoter, "pr:3", "dev-stage").await.map(drop) }).await;
    assert!(killed.unwrap_err().is_panic());
    let stage: Repository = "stage.example/app".parse().unwrap();
    // A build that is nowhere else, with a pin as the pipeline makes one; and the image by another name.
    let stranger = built(&commit(7), 7);
    fixtures::push(&world.stage, &stage, &stranger, &tag("sha-7777777")).await.unwrap();
    fixtures::push(&world.stage, &stage, &built(&commit(3), 3), &tag("sha-7777778")).await.unwrap();
    let left = Deviation::PinOnly { tag: tag("sha-3333333"), found: third.clone(), from: name("dev") };
    let others = [
        Deviation::Unrecorded { tag: tag("sha-7777777"), found: digest(&stranger) },
        Deviation::Unrecorded { tag: tag("sha-7777778"), found: third.clone() },
    ];
    assert_eq!(drift(&world).await, [&[left][..], &others[..]].concat());
    let told = world.promoter().drift(&name("stage"), None, now()).await.unwrap();
    assert!(told.to_string().contains("sha-3333333: sha256:") && told.to_string().contains(", of dev, as"), "{told}");
    assert!(!told.is_none(), "who made it is not recorded");
    // Where the environment before cannot be asked it is told as what else is unrecorded.
    let alone = Promoter::new(graph(|edge| edge), "tester").writes("stage", world.stage.clone());
    let alone = alone.ledger(world.ledger.clone()).drift(&name("stage"), None, now()).await.unwrap();
    let all = &alone.images[0].deviations;
    assert!(all.len() == 3 && all.iter().all(|one| matches!(one, Deviation::Unrecorded { .. })), "{alone}");
    // The next promotion of it ends this. An image that is there may have more tags.
    pass(&world.promoter(), "pr:3", "dev-stage").await.unwrap();
    assert_eq!(drift(&world).await, others[..1]);
}

/// What a tag calls a release need not be on a label.
#[tokio::test]
async fn the_pin_of_a_release_or_a_pull_request_that_never_began_is_known_by_its_shape() {
    for (pin, made) in [("v{version}", "v1.4.0"), ("pr-{pr}", "pr-3")] {
        let world = World::new();
        for n in 1..4 {
            world.push(&built(&commit(n), n), &[&format!("pr-{n}")]).await;
        }
        let stage = EnvironmentSpec::new("stage", "stage.example/{image}").pin(pin).float("stage");
        let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "dev.example/{image}")).environment(stage);
        let promoter = world.promoter_of(graph.edge(EdgeSpec::new("dev", "stage")).build().unwrap());
        pass(&promoter, "pr:1", "dev-stage").await.unwrap();
        let stage: Repository = "stage.example/app".parse().unwrap();
        for text in [made, "latest"] {
            fixtures::push(&world.stage, &stage, &built(&commit(3), 3), &tag(text)).await.unwrap();
        }
        let found = promoter.drift(&name("stage"), None, now()).await.unwrap().images.remove(0).deviations;
        let [Deviation::Unrecorded { tag: other, .. }, Deviation::PinOnly { tag: left, .. }] = &found[..] else {
            panic!("{pin}: {found:?}")
        };
        assert_eq!((other, left), (&tag("latest"), &tag(made)));
    }
}

/// A rollback, and its release, while the promotion of another image takes its time.
#[tokio::test]
async fn a_promotion_that_is_overtaken_by_a_rollback_is_over_and_the_next_rollback_says_so() {
    let (world, [first, second, _]) = world().await;
    let ordering = world.promoter();
    let overtaking = move |_| {
        let ordering = ordering.clone();
        Box::pin(async move {
            back(&ordering, "previous").await.unwrap();
            ordering.release_hold(&name("app"), &name("stage"), "ok", now()).await.unwrap();
        }) as BoxFuture<'static, ()>
    };
    let promoter = world.promoter_of(graph(|edge| edge.before(During(overtaking))));
    let outcome = pass(&promoter, "pr:3", "dev-stage").await;
    assert!(matches!(outcome, Err(PromoteError::Copy(Error::Moved { .. }))), "{outcome:?}");
    let told = world.chronicle().await;
    assert!(told.begun(&name("app"), &name("stage")).is_none());
    assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(first.clone()), vec![]));
    let again = back(&world.promoter(), first.as_str()).await.unwrap();
    assert_eq!((&again.bad, &again.entry), (&None, &None), "{again}");
    assert!(!again.to_string().contains("denied"), "{again}");
    assert!(told.denied_everywhere(&name("app"), &second).is_some());
}

/// The same, killed right after it had said what it was about to do.
async fn overtaken() -> (World, [Digest; 3]) {
    let (world, digests) = world().await;
    back(&world.promoter(), "previous").await.unwrap();
    world.promoter().release_hold(&name("app"), &name("stage"), "ok", now()).await.unwrap();
    let [_, second, third] = &digests;
    let kind = Kind::Promote {
        phase: Phase::Intent,
        from: name("dev"),
        edge: name("dev-stage"),
        plan: third.clone(),
        tags: vec![TagRecord::float(tag("stage"), Some(second.clone()))],
        evidence: Arc::from([]),
        parent: None,
    };
    world.record(Entry::new(kind, name("app"), third.clone(), "tester", now()).in_environment(name("stage"))).await;
    (world, digests)
}

#[tokio::test]
async fn what_was_overtaken_and_killed_is_ended_by_healing_or_by_a_rollback() {
    let (world, [first, ..]) = overtaken().await;
    let found = drift(&world).await;
    assert!(matches!(&found[..], [Deviation::Unfinished { course: Course::Back { .. }, .. }]), "{found:?}");
    let healed = heal(&world).await;
    assert!(healed.failed.is_empty(), "{healed:?}");
    assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(first), vec![]));

    let (world, [first, _, third]) = overtaken().await;
    fixtures::push(&world.stage, &"stage.example/app".parse().unwrap(), &built(&commit(3), 3), &tag("sha-3"))
        .await
        .unwrap();
    let receipt = back(&world.promoter(), first.as_str()).await.unwrap();
    assert_eq!(receipt.bad, Some(third.clone()));
    assert!(receipt.entry.is_some() && receipt.to_string().contains("denied everywhere"), "{receipt}");
    let told = world.chronicle().await;
    assert!(told.denied_everywhere(&name("app"), &third).is_some(), "what it says is so");
    assert!(told.begun(&name("app"), &name("stage")).is_none());
}

#[tokio::test]
async fn every_entry_is_of_the_time_at_which_it_was_written() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-1"]).await;
    let clock = Clock::new();
    let slow = || {
        let clock = clock.clone();
        During(move |_| {
            clock.pass(6);
            Box::pin(async {}) as BoxFuture<'static, ()>
        })
    };
    let promoter = world.promoter_of(graph(|edge| edge.before(slow()).after(slow()))).clock(clock.clone());
    pass(&promoter, "pr:1", "dev-stage").await.unwrap();
    let seconds = |told: &Chronicle| -> Vec<u64> {
        told.entries().iter().map(|one| one.entry.at.duration_since(now()).unwrap().as_secs()).collect()
    };
    let told = world.chronicle().await;
    assert_eq!(seconds(&told), [6, 6, 12], "about to, done, and what follows");
    // Nobody is credited with the time before a tag has moved.
    let (app, stage, held) = (name("app"), name("stage"), digest(&built(COMMIT, 1)));
    assert_eq!(told.time_in(&app, &stage, &held, now() + Duration::from_secs(6), false), Duration::ZERO);
    clock.pass(6);
    promoter.deny(&app, &held.into(), None, "leaks", now()).await.unwrap();
    assert_eq!(seconds(&world.chronicle().await), [6, 6, 12, 18]);
}

/// Somebody denies what is being put back, while that is written down.
#[derive(Clone, Debug)]
struct Interrupted(MemoryLedger, Entry);

#[async_trait::async_trait]
impl History for Interrupted {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        self.0.entries(image).await
    }
}

#[async_trait::async_trait]
impl Ledger for Interrupted {
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError> {
        let id = self.0.append(entry).await?;
        self.0.append(self.1.clone()).await?;
        Ok(id)
    }
}

#[tokio::test]
async fn healing_asks_once_more_before_the_first_tag_is_put_back() {
    let (world, [first, second, _]) = world().await;
    fixtures::push(&world.stage, &"stage.example/app".parse().unwrap(), &built(&commit(1), 1), &tag("stage"))
        .await
        .unwrap();
    let deny = Entry::new(Kind::Deny { reason: "stop".into() }, name("app"), second.clone(), "ops", now());
    let promoter = world.promoter().ledger(Interrupted(world.ledger.clone(), deny));
    let drift = promoter.drift(&name("stage"), None, now()).await.unwrap();
    let healed = promoter.heal(&drift, now()).await.unwrap();
    assert!(healed.failed.is_empty() && healed.images[0].tags.is_empty(), "{healed:?}");
    assert!(healed.images[0].left[0].why.contains("stop"), "{healed:?}");
    assert_eq!(world.held("stage", "stage").await, Some(first), "what is denied is not put back");
}

#[tokio::test]
async fn a_rollback_to_what_is_denied_as_it_begins_moves_no_tag_and_is_over() {
    let (world, [first, second, _]) = world().await;
    let deny = Entry::new(Kind::Deny { reason: "stop".into() }, name("app"), first.clone(), "ops", now());
    let promoter = world.promoter().ledger(Interrupted(world.ledger.clone(), deny));
    let outcome = back(&promoter, "previous").await;
    assert!(matches!(&outcome, Err(PromoteError::Stopped { why, .. }) if why.contains("stop")), "{outcome:?}");
    assert_eq!((world.held("stage", "stage").await, drift(&world).await), (Some(second), vec![]));
}
