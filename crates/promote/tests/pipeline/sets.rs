//! Sets: all of the images arrive, or none does; killed anywhere they are gone on with, or taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockage_promote::ledger::{Entry, History, Kind, Ledger, LedgerError, MemoryLedger, Phase, Recorded};
use lockage_promote::pipeline::approval::{ApprovalGate, approve, approve_set};
use lockage_promote::pipeline::evidence::{self, Evident};
use lockage_promote::pipeline::set::{MemberState, SetError, SetPlan, SetReceipt};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name, Override, PromoteError, Promoter};
use lockage_promote::{Cleared, Draft};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::testing::{Fault, Faulty, Operation};
use lockage_registry::{Digest, ErrorKind, Memory, Repository, Source as _, TagOrDigest};

use crate::notary::{Notary, pen};
use crate::proofs::signing;
use crate::world::{World, built, digest, name, now, select, tag};

const OLD: &str = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
const NEW: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
const IMAGES: [&str; 2] = ["app", "web"];

fn repo(environment: &str, image: &str) -> Repository {
    format!("{environment}.example/{image}").parse().unwrap()
}

fn image(commit: &str, image: &str) -> Image {
    built(commit, u64::from(image.as_bytes()[0]) + u64::from(commit.as_bytes()[0]))
}

/// dev with an old and a new build of each image.
async fn world() -> World {
    let world = World::new();
    for one in IMAGES {
        for (commit, number) in [(OLD, "pr-41"), (NEW, "pr-42")] {
            fixtures::push(&world.dev, &repo("dev", one), &image(commit, one), &tag(number)).await.unwrap();
        }
    }
    world
}

async fn plan(promoter: &Promoter, select: &str) -> Result<SetPlan<Draft>, PromoteError> {
    let edge = name("dev-stage");
    let mut members = Vec::new();
    for one in IMAGES {
        members.push((promoter.resolve(&name(one), &self::select(select), &edge).await?, edge.clone()));
    }
    promoter.plan_set(&members).await
}

async fn cleared(promoter: &Promoter, select: &str) -> Result<SetPlan<Cleared>, PromoteError> {
    promoter.clear_set(plan(promoter, select).await?, now()).await
}

async fn pass(promoter: &Promoter, select: &str) -> Result<SetReceipt, PromoteError> {
    promoter.apply_set(cleared(promoter, select).await?, now()).await
}

async fn held(world: &World, image: &str) -> Option<Digest> {
    let at = TagOrDigest::Tag(tag("stage"));
    world.stage.resolve(&repo("stage", image), &at).await.ok().map(|held| held.digest)
}

async fn floats(world: &World) -> Vec<Option<Digest>> {
    vec![held(world, "app").await, held(world, "web").await]
}

fn all(commit: &str) -> Vec<Option<Digest>> {
    IMAGES.map(|one| Some(digest(&image(commit, one)))).into()
}

/// Fails one append, before or after it has taken effect.
#[derive(Clone, Debug)]
struct Torn {
    inner: MemoryLedger,
    calls: Arc<AtomicUsize>,
    fail: Option<(usize, bool)>,
}

impl Torn {
    fn new(inner: &MemoryLedger, fail: Option<(usize, bool)>) -> Self {
        Self { inner: inner.clone(), calls: Arc::default(), fail }
    }
}

#[async_trait::async_trait]
impl History for Torn {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        self.inner.entries(image).await
    }
}

#[async_trait::async_trait]
impl Ledger for Torn {
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError> {
        let nth = self.calls.fetch_add(1, Ordering::SeqCst);
        let failed = || LedgerError::Backend { what: "append to", source: "the wire was cut".into() };
        match self.fail {
            Some((at, false)) if at == nth => Err(failed()),
            Some((at, true)) if at == nth => {
                self.inner.append(entry).await?;
                Err(failed())
            }
            _ => self.inner.append(entry).await,
        }
    }
}

fn promoter(world: &World, stage: Faulty<Memory>, ledger: Torn) -> Promoter {
    Promoter::new(World::graph().build().unwrap(), "tester")
        .reads("dev", world.dev.clone())
        .writes("stage", stage)
        .registry(world.prod.clone())
        .ledger(ledger)
        .signing(signing())
}

fn calm(world: &World) -> Promoter {
    promoter(world, Faulty::new(world.stage.clone()), Torn::new(&world.ledger, None))
}

#[tokio::test]
async fn several_images_arrive_together_and_each_entry_names_the_set() {
    let world = world().await;
    let promoter = calm(&world);
    let set = plan(&promoter, "pr:42").await.unwrap();
    let text = serde_json::to_string(&set).unwrap();
    let kept: SetPlan<Draft> = serde_json::from_str(&text).unwrap();
    assert_eq!(kept.id().unwrap(), set.id().unwrap());
    assert!(set.members().iter().all(|plan| plan.id().unwrap() != set.id().unwrap()));
    let cleared = promoter.clear_set(kept, now()).await.unwrap();
    let receipt = promoter.apply_set(cleared, now()).await.unwrap();
    assert_eq!((receipt.set.clone(), receipt.members.len()), (set.id().unwrap(), 2));
    assert_eq!(floats(&world).await, all(NEW));
    let told = world.chronicle().await;
    let phases: Vec<_> = told
        .entries()
        .iter()
        .map(|Recorded { entry, .. }| match &entry.kind {
            Kind::Promote { phase, plan, .. } => {
                assert_eq!((plan, entry.set.as_ref().unwrap().members.len()), (&receipt.set, 2));
                (*phase, entry.image.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [Phase::Intent, Phase::Done].map(|phase| IMAGES.map(|one| (phase, one.to_owned())));
    assert_eq!(phases, expected.concat(), "all are about to, before any has");
    assert!(promoter.open_sets().await.unwrap().is_empty());
    // What is there is not said again.
    pass(&promoter, "pr:42").await.unwrap();
    assert_eq!(world.chronicle().await.entries().len(), 4);
}

#[tokio::test]
async fn one_image_that_cannot_be_copied_moves_nothing_of_any() {
    let world = world().await;
    pass(&calm(&world), "pr:41").await.unwrap();
    let before = world.chronicle().await.entries().len();
    let faulty = Faulty::new(world.stage.clone()).script(|_, call| {
        let is_web = call.repository.path() == "web" && call.operation == Operation::PutManifest;
        is_web.then_some(Fault::Before(ErrorKind::Denied))
    });
    let outcome = pass(&promoter(&world, faulty, Torn::new(&world.ledger, None)), "pr:42").await;
    assert!(outcome.is_err());
    assert_eq!(floats(&world).await, all(OLD));
    assert_eq!(world.chronicle().await.entries().len(), before, "nothing is about to happen");
}

#[tokio::test]
async fn an_image_that_may_not_move_keeps_the_set_and_all_refusals_are_told() {
    let world = world().await;
    let deny = |one: &str| {
        Entry::new(Kind::Deny { reason: "leaks".into() }, name(one), digest(&image(NEW, one)), "ops", now())
    };
    world.record(deny("web")).await;
    let promoter = calm(&world);
    match pass(&promoter, "pr:42").await {
        Err(PromoteError::Set(SetError::NotCleared(refusal))) => {
            assert_eq!((refusal.refusals.len(), refusal.is_waiting()), (1, false));
            assert!(refusal.to_string().contains("denied: leaks"), "{refusal}");
        }
        other => panic!("{other:?}"),
    }
    world.record(deny("app")).await;
    let Err(PromoteError::Set(SetError::NotCleared(refusal))) = pass(&promoter, "pr:42").await else { panic!() };
    assert_eq!(refusal.refusals.len(), 2);
    assert_eq!(floats(&world).await, [None, None]);
}

#[tokio::test]
async fn an_approval_is_of_the_set_and_of_no_image_of_it_alone() {
    let world = world().await;
    let gate = || ApprovalGate::new(Notary::of(&["alice"]), 1);
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(gate()));
    let promoter = world.promoter_of(graph.build().unwrap());
    let set = plan(&promoter, "pr:42").await.unwrap();
    for plan in set.members() {
        approve(&world.dev, plan, &pen("alice"), "alone", now()).await.unwrap();
    }
    let Err(PromoteError::Set(SetError::NotCleared(refusal))) = pass(&promoter, "pr:42").await else { panic!() };
    assert!(refusal.is_waiting() && refusal.refusals.len() == 2, "{refusal}");
    assert_eq!(approve_set(&world.dev, &set, &pen("alice"), "together", now()).await.unwrap().len(), 2);
    let old = plan(&promoter, "pr:41").await.unwrap();
    assert!(promoter.clear_set(old, now()).await.is_err(), "another set");
    pass(&promoter, "pr:42").await.unwrap();
    assert_eq!(floats(&world).await, all(NEW));
}

/// What can be done to a set that was killed, and where that has to end.
#[derive(Clone, Copy, Debug)]
enum Then {
    Resume,
    Again,
    Revert,
}

async fn ends(world: &World, then: Then, case: &str) {
    let promoter = calm(world);
    let open = promoter.open_sets().await.unwrap();
    let held = floats(world).await;
    let moved = held != all(OLD);
    let Some(open) = open.first() else {
        // Nothing of it is in the ledger, or everything.
        let told = world.chronicle().await;
        let is_done = IMAGES.iter().all(|one| {
            let current = told.current(&name(one), &name("stage"));
            current.is_some_and(|current| current.entry.digest == digest(&image(NEW, one)))
        });
        assert!(held == all(OLD) || (held == all(NEW) && is_done), "{case}: {held:?}");
        pass(&promoter, "pr:42").await.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(floats(world).await, all(NEW), "{case}");
        return;
    };
    for one in IMAGES {
        // Every image whose float has moved has its evidence and its intent, and so have all others by then.
        let (image, notary) = (digest(&image(NEW, one)), Notary::of(&["pipeline"]));
        let (repo, stage) = (repo("stage", one), name("stage"));
        let found = evidence::promoted_to(&world.stage, &repo, &image, &stage, &notary, now()).await.unwrap();
        assert!(!moved || matches!(found, Evident::Promoted(_)), "{case}");
    }
    let id = &open.set.id;
    match then {
        Then::Resume => {
            let alone = promoter.resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
            let alone = promoter.plan(&alone, &name("dev-stage")).await.unwrap();
            let alone = promoter.clear(alone, now()).await.unwrap();
            let has_begun = matches!(open.states[0], MemberState::Begun { .. });
            let alone = promoter.apply(alone, now()).await;
            let is_refused = matches!(alone, Err(PromoteError::Set(SetError::Open { .. })));
            assert!(is_refused || !has_begun, "{case}: {alone:?}");
            promoter.resume_set(id, now()).await.unwrap();
        }
        Then::Again => drop(pass(&promoter, "pr:42").await.unwrap()),
        Then::Revert => match promoter.revert_set(id, "it was killed", now()).await {
            Ok(_) => {
                assert_eq!(floats(world).await, all(OLD), "{case}");
                assert!(promoter.open_sets().await.unwrap().is_empty(), "{case}");
                let told = world.chronicle().await;
                for one in IMAGES {
                    let current = told.current(&name(one), &name("stage")).unwrap();
                    assert_eq!(current.entry.digest, digest(&image(OLD, one)), "{case}");
                }
                let gone = promoter.resume_set(id, now()).await;
                assert!(matches!(gone, Err(PromoteError::Set(SetError::Reverted { .. }))), "{case}");
                // And it can be promoted anew.
                pass(&promoter, "pr:42").await.unwrap();
            }
            Err(PromoteError::Set(SetError::Arrived { .. })) => {
                assert_eq!(floats(world).await, all(NEW), "{case}");
                promoter.resume_set(id, now()).await.unwrap();
            }
            other => panic!("{case}: {other:?}"),
        },
    }
    assert_eq!(floats(world).await, all(NEW), "{case}");
    assert!(promoter.open_sets().await.unwrap().is_empty(), "{case}");
    let told = world.chronicle().await;
    for one in IMAGES {
        let last = told.current(&name(one), &name("stage")).unwrap();
        assert_eq!(last.entry.digest, digest(&image(NEW, one)), "{case}");
        let Kind::Promote { tags, .. } = &last.entry.kind else { panic!() };
        let float = tags.iter().find(|record| record.floats).unwrap();
        assert_eq!(float.former, Some(digest(&image(OLD, one))), "{case}: what it held before is known after all");
    }
}

async fn prepared() -> World {
    let world = world().await;
    pass(&world.promoter(), "pr:41").await.unwrap();
    world
}

#[tokio::test]
async fn killed_at_every_request_a_set_is_gone_on_with_or_taken_back() {
    let counted = prepared().await;
    let (stage, ledger) = (Faulty::new(counted.stage.clone()), Torn::new(&counted.ledger, None));
    pass(&promoter(&counted, stage.clone(), ledger.clone()), "pr:42").await.unwrap();
    let (calls, appends) = (stage.calls(), ledger.calls.load(Ordering::SeqCst));
    assert!(calls > 40 && appends == 4, "{calls} {appends}");
    for nth in 0..calls {
        // Both faults for every request, and the ways by turns.
        let faults = [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)];
        for (n, fault) in faults.into_iter().enumerate() {
            let then = [Then::Resume, Then::Again, Then::Revert][(n + nth) % 3];
            let world = prepared().await;
            let broken = Faulty::new(world.stage.clone()).fail(nth, fault);
            drop(pass(&promoter(&world, broken, Torn::new(&world.ledger, None)), "pr:42").await);
            ends(&world, then, &format!("request {nth}, {fault:?}, {then:?}")).await;
        }
    }
    for nth in 0..appends {
        for after in [false, true] {
            for then in [Then::Resume, Then::Again, Then::Revert] {
                let world = prepared().await;
                let torn = Torn::new(&world.ledger, Some((nth, after)));
                pass(&promoter(&world, Faulty::new(world.stage.clone()), torn), "pr:42").await.unwrap_err();
                ends(&world, then, &format!("append {nth}, after {after}, {then:?}")).await;
            }
        }
    }
}

/// A set whose first float has moved, and nothing since.
async fn halfway() -> (World, Digest) {
    let world = prepared().await;
    let moved = Faulty::new(world.stage.clone()).script(|_, call| {
        let is_web =
            call.repository.path() == "web" && call.what == "stage" && call.operation == Operation::PutManifest;
        is_web.then_some(Fault::Before(ErrorKind::Unavailable))
    });
    pass(&promoter(&world, moved, Torn::new(&world.ledger, None)), "pr:42").await.unwrap_err();
    assert_eq!(floats(&world).await, [all(NEW)[0].clone(), all(OLD)[1].clone()]);
    let id = calm(&world).open_sets().await.unwrap()[0].set.id.clone();
    (world, id)
}

#[tokio::test]
async fn killed_at_every_request_taking_back_is_done_again_to_the_former_end() {
    let (world, id) = halfway().await;
    let counted = Faulty::new(world.stage.clone());
    let back = promoter(&world, counted.clone(), Torn::new(&world.ledger, None));
    let reverted = back.revert_set(&id, "no", now()).await.unwrap();
    assert_eq!(reverted.tags, [("stage.example/app:stage".parse().unwrap(), all(OLD)[0].clone())]);
    for nth in 0..counted.calls() + 4 {
        for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
            let (world, id) = halfway().await;
            let torn =
                nth.checked_sub(counted.calls()).map(|nth| (nth / 2, fault != Fault::Before(ErrorKind::Unavailable)));
            let faulty = Faulty::new(world.stage.clone()).fail(nth, fault);
            drop(promoter(&world, faulty, Torn::new(&world.ledger, torn)).revert_set(&id, "no", now()).await);
            calm(&world).revert_set(&id, "no", now()).await.unwrap();
            assert_eq!(floats(&world).await, all(OLD), "{nth}");
            assert!(calm(&world).open_sets().await.unwrap().is_empty(), "{nth}");
        }
    }
}

#[tokio::test]
async fn taking_back_deletes_only_where_it_was_given_something_to_do_that() {
    let world = world().await;
    let half = Faulty::new(world.stage.clone()).script(|_, call| {
        let is_web =
            call.repository.path() == "web" && call.what == "stage" && call.operation == Operation::PutManifest;
        is_web.then_some(Fault::Before(ErrorKind::Unavailable))
    });
    pass(&promoter(&world, half, Torn::new(&world.ledger, None)), "pr:42").await.unwrap_err();
    let calm = calm(&world);
    let id = calm.open_sets().await.unwrap()[0].set.id.clone();
    let outcome = calm.revert_set(&id, "no", now()).await;
    assert!(matches!(outcome, Err(PromoteError::Set(SetError::NoDelete { .. }))), "{outcome:?}");
    assert_eq!(floats(&world).await, [all(NEW)[0].clone(), None], "nothing was written");
    calm.prunes("stage", world.stage.clone()).revert_set(&id, "no", now()).await.unwrap();
    assert_eq!(floats(&world).await, [None, None]);
}

#[tokio::test]
async fn what_has_moved_since_is_neither_overrun_nor_taken_back() {
    let (world, id) = halfway().await;
    let other = built("77c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081", 99);
    fixtures::push(&world.stage, &repo("stage", "web"), &other, &tag("stage")).await.unwrap();
    let outcome = calm(&world).revert_set(&id, "no", now()).await;
    assert!(matches!(outcome, Err(PromoteError::Set(SetError::Moved { .. }))), "{outcome:?}");
    assert_eq!(floats(&world).await, [all(NEW)[0].clone(), Some(digest(&other))], "nothing was written");

    // Another image has passed properly: the set is not gone on with, and taking it back leaves that alone.
    let (world, id) = halfway().await;
    fixtures::push(&world.dev, &repo("dev", "web"), &other, &tag("pr-43")).await.unwrap();
    let promoter = calm(&world);
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("web"), &select("pr:43"), &edge).await.unwrap();
    let cleared = promoter.clear(promoter.plan(&app, &edge).await.unwrap(), now()).await.unwrap();
    promoter.apply(cleared, now()).await.unwrap();
    let outcome = promoter.resume_set(&id, now()).await;
    assert!(matches!(outcome, Err(PromoteError::Set(SetError::Superseded { .. }))), "{outcome:?}");
    promoter.revert_set(&id, "no", now()).await.unwrap();
    assert_eq!(floats(&world).await, [all(OLD)[0].clone(), Some(digest(&other))]);
}

#[tokio::test]
async fn two_of_a_set_never_write_one_tag_and_none_is_no_set() {
    let world = world().await;
    let promoter = world.promoter();
    assert!(matches!(promoter.plan_set(&[]).await, Err(PromoteError::Set(SetError::Empty))));
    let edge = name("dev-stage");
    let mut members = Vec::new();
    for text in ["pr:41", "pr:42"] {
        members.push((promoter.resolve(&name("app"), &select(text), &edge).await.unwrap(), edge.clone()));
    }
    assert!(matches!(promoter.plan_set(&members).await, Err(PromoteError::Set(SetError::Twice { .. }))));
    let unknown = promoter.resume_set(&digest(&built(NEW, 5)), now()).await;
    assert!(matches!(unknown, Err(PromoteError::Set(SetError::Unknown { .. }))));
}

#[tokio::test]
async fn a_set_is_not_taken_back_to_what_is_denied_since() {
    let (world, id) = halfway().await;
    let old = digest(&image(OLD, "app"));
    let deny = |environment: Option<&str>| {
        let entry = Entry::new(Kind::Deny { reason: "leaks".into() }, name("app"), old.clone(), "ops", now());
        match environment {
            Some(at) => entry.in_environment(name(at)),
            None => entry,
        }
    };
    world.record(deny(Some("stage"))).await;
    let held = floats(&world).await;
    let outcome = calm(&world).revert_set(&id, "no", now()).await;
    assert!(matches!(outcome, Err(PromoteError::Stopped { .. })), "{outcome:?}");
    assert_eq!(floats(&world).await, held, "nothing was written");
    calm(&world).resume_set(&id, now()).await.unwrap();
    assert_eq!(floats(&world).await, all(NEW));
}

#[tokio::test]
async fn what_a_release_was_called_is_known_to_whoever_goes_on() {
    let world = world().await;
    let graph = || {
        let stage = EnvironmentSpec::new("stage", "stage.example/{image}").pin("{version}").float("stage");
        let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "dev.example/{image}")).environment(stage);
        graph.edge(EdgeSpec::new("dev", "stage")).build().unwrap()
    };
    let through = |stage: Faulty<Memory>| {
        Promoter::new(graph(), "tester")
            .reads("dev", world.dev.clone())
            .writes("stage", stage)
            .ledger(world.ledger.clone())
    };
    let half = Faulty::new(world.stage.clone()).script(|_, call| {
        let is_web =
            call.repository.path() == "web" && call.what == "stage" && call.operation == Operation::PutManifest;
        is_web.then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let (promoter, edge) = (through(half), name("dev-stage"));
    let mut members = Vec::new();
    for one in IMAGES {
        let pinned = promoter.resolve(&name(one), &select("pr:42"), &edge).await.unwrap();
        members.push((pinned.released_as("1.4.0"), edge.clone()));
    }
    let set = promoter.plan_set(&members).await.unwrap();
    let cleared = promoter.clear_set(set, now()).await.unwrap();
    promoter.apply_set(cleared, now()).await.unwrap_err();
    let calm = through(Faulty::new(world.stage.clone()));
    let id = calm.open_sets().await.unwrap()[0].set.id.clone();
    let receipt = calm.resume_set(&id, now()).await.unwrap();
    assert_eq!(receipt.set, id);
    let pins: Vec<_> = receipt.members.iter().flat_map(|one| &one.pins).map(|pin| pin.tag.to_string()).collect();
    assert_eq!(pins, ["1.4.0", "1.4.0"]);
    assert_eq!(floats(&world).await, all(NEW));
}

#[tokio::test]
async fn gates_are_passed_by_of_those_images_about_which_they_do_not_pass_and_each_is_recorded() {
    let world = world().await;
    let bad = digest(&image(NEW, "web"));
    let scan = lockage_promote::gate("scan", move |context: &lockage_promote::GateContext<'_>| {
        Ok(match *context.digest() == bad {
            true => lockage_promote::Verdict::fail("1 critical"),
            false => lockage_promote::Verdict::Pass(lockage_promote::Evidence::new("clean")),
        })
    });
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(scan));
    let promoter = world.promoter_of(graph.build().unwrap());
    let set = plan(&promoter, "pr:42").await.unwrap();
    let Err(PromoteError::Set(SetError::NotCleared(refusal))) = promoter.clear_set(set.clone(), now()).await else {
        panic!()
    };
    let (member, clearances) = &refusal.passed[0];
    assert_eq!((member.image.as_str(), refusal.passed.len()), ("app", 1));
    assert!(clearances.iter().any(|one| one.gate == "scan" && one.evidence.summary == "clean"));

    let unknown = Override::because("outage").gate("signature");
    let outcome = promoter.clear_set_with_override(set.clone(), &unknown, now()).await;
    assert!(matches!(outcome, Err(PromoteError::Override(_))), "{outcome:?}");
    let by = Override::because("outage").gate("scan");
    let cleared = promoter.clear_set_with_override(set, &by, now()).await.unwrap();
    let receipt = promoter.apply_set(cleared, now()).await.unwrap();
    let told = world.chronicle().await;
    let overrides: Vec<_> = told
        .entries()
        .iter()
        .filter_map(|one| match &one.entry.kind {
            Kind::Override { plan, gates, reason } => Some((one.entry.image.as_str(), plan, gates, reason.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(overrides.len(), 1, "of the one that did not pass");
    assert_eq!((overrides[0].0, overrides[0].1, overrides[0].3), ("web", &receipt.set, "outage"));
    assert!(overrides[0].2["scan"].contains("1 critical"));
}

/// Healing finishes each image by itself, and what it finishes is of the set: the set has arrived then, and nothing of it is
/// in the way of going on.
#[tokio::test]
async fn a_set_that_is_healed_has_arrived() {
    let (world, id) = halfway().await;
    let calm = calm(&world);
    let drift = calm.drift(&name("stage"), None, now()).await.unwrap();
    let healed = calm.heal(&drift, now()).await.unwrap();
    assert!(healed.failed.is_empty(), "{healed}");
    assert_eq!(floats(&world).await, all(NEW));
    assert!(calm.open_sets().await.unwrap().is_empty());
    let outcome = calm.revert_set(&id, "no", now()).await;
    assert!(matches!(outcome, Err(PromoteError::Set(SetError::Arrived { .. }))), "{outcome:?}");
    calm.resume_set(&id, now()).await.unwrap();
}
