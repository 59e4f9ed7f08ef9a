//! What the ledger remembers: tables of queries, drift and its healing, and what runs asked again.

use std::time::{Duration, Instant, SystemTime};

use futures::stream::BoxStream;
use lockage_promote::ledger::{Chronicle, Entry, ImageFacts, Kind, Phase, Recorded, Standing};
use lockage_promote::pipeline::gates::SupersededGate;
use lockage_promote::pipeline::memory::{
    self, Arrived, Course, Deviation, Lapse, Proof, Resident, Wanted, history, running, where_is,
};
use lockage_promote::pipeline::output::Standing as Outcome;
use lockage_promote::pipeline::{EdgeSpec, Override, PromoteError, Promoter};
use lockage_promote::{GateContext, GateError, Verdict, gate};
use lockage_registry::testing::{Fault, Faulty, Operation, fixtures};
use lockage_registry::{
    Algorithm, Body, ByteStream, Descriptor, Digest, DigestTag, DigestTagKind, ErrorKind, Memory, Prune as _,
    RawManifest, Repository, Source, Tag, TagOrDigest, Target as _, TargetExt as _, digest_of, media_type, referrers,
};

use crate::world::{COMMIT, OTHER, World, built, digest, name, now, pass, repo, select, tag, two};

fn later(minutes: u64) -> SystemTime {
    now() + Duration::from_secs(60 * minutes)
}

fn some(n: u8) -> Digest {
    format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap()
}

/// An image that came along `stage-prod`, as version `1.N.0` of pull request N.
fn came(image: &str, n: u8, at: u64) -> Entry {
    let kind = Kind::Promote {
        phase: Phase::Done,
        from: name("stage"),
        edge: name("stage-prod"),
        plan: some(200),
        tags: serde_json::from_str(&format!(r#"[{{"tag":"1.{n}.0","floats":false}},{{"tag":"prod","floats":true}}]"#))
            .unwrap(),
        evidence: serde_json::from_str(r#"[{"gate":"scan","evidence":{"summary":"clean"},"overridden":"outage 7"}]"#)
            .unwrap(),
        parent: None,
    };
    let mut facts = ImageFacts::default();
    facts.commit = Some(format!("{n:07x}").repeat(5) + "00000");
    facts.version = Some(format!("1.{n}.0"));
    facts.pull_request = Some(n.into());
    Entry::new(kind, name(image), some(n), "ada", later(at)).in_environment(name("prod")).with_facts(facts)
}

/// In the order in which they were written, each knowing of the one before.
fn chain(entries: impl IntoIterator<Item = Entry>) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    for mut entry in entries {
        entry.parents = all.last().map(|last| last.id.clone()).into_iter().collect();
        all.push(Recorded::new(entry).unwrap());
    }
    all
}

#[test]
fn what_runs_is_told_with_since_by_whom_plan_evidence_and_overrides() {
    let told = Chronicle::of(chain([came("app", 1, 0), came("app", 2, 10), came("app", 1, 20), came("web", 3, 30)]));
    let running = running(&told, &name("prod"), later(60));
    let [app, web] = running.images.as_slice() else { panic!("{running:?}") };
    assert_eq!((app.image.as_str(), web.image.as_str()), ("app", "web"));
    assert_eq!((&app.digest, app.since, app.by.as_str(), app.arrived), (&some(1), later(20), "ada", Arrived::Promoted));
    assert_eq!((app.seconds, app.seconds_in_total), (40 * 60, 50 * 60), "soak, in this stay and in all");
    assert_eq!(app.tags, [tag("1.1.0"), tag("prod")]);
    assert_eq!(app.passed.as_ref().unwrap().plan, some(200));
    assert_eq!(app.overridden().count(), 1);
    let text = running.to_string();
    for words in
        ["1.1.0  commit 0000001  PR #1", "since 2023-11-14T22:33:20Z (40 minutes) by ada", "(overridden: outage 7)"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let json = serde_json::to_value(&running).unwrap();
    assert_eq!(json["images"][0]["since"], "2023-11-14T22:33:20Z");
    assert_eq!(json["images"][0]["passed"]["evidence"][0]["overridden"], "outage 7");
}

#[test]
fn an_image_is_found_by_commit_digest_version_or_pull_request() {
    let told = Chronicle::of(chain([came("app", 1, 0), came("app", 2, 10)]));
    for (text, found) in [
        ("0000001", Some(1)),
        ("sha:0000002", Some(2)),
        ("0101010", Some(1)),
        ("sha256:0202020", Some(2)),
        ("digest:sha256:0202020", Some(2)),
        ("v1.1.0", Some(1)),
        ("version:1.2.0", Some(2)),
        ("#2", Some(2)),
        ("pr:1", Some(1)),
        ("1.3.0", None),
        ("#7", None),
    ] {
        let wanted: Wanted = text.parse().unwrap();
        let found_images = where_is(&told, &wanted, later(60)).images;
        assert_eq!(
            found_images.iter().map(|one| one.digest.clone()).collect::<Vec<_>>(),
            found.map(some).into_iter().collect::<Vec<_>>(),
            "{text}"
        );
        assert_eq!(wanted.to_string().parse::<Wanted>().unwrap(), wanted, "{text}");
    }
    for text in ["latest", "sha:12", "pr:0", "#x", "sha256:xyz", "version:1", "", "md5:0123456789"] {
        assert!(text.parse::<Wanted>().is_err(), "{text}");
    }
    let gone = where_is(&told, &"1.1.0".parse().unwrap(), later(60));
    let [stage, prod] = gone.images[0].places.as_slice() else { panic!("{gone:?}") };
    assert_eq!((stage.environment.as_str(), stage.left, stage.current), ("stage", Some(later(0)), false));
    assert_eq!((prod.visits[0].until, prod.current), (Some(later(10)), false));
    assert_eq!(prod.tags, [tag("1.1.0")], "the tag that moves has moved on");
    assert!(
        gone.to_string().contains("prod   until 2023-11-14T22:23:20Z (50 minutes) by ada, plan c8c8c8c8c8c8  1.1.0"),
        "{gone}"
    );
}

#[test]
fn the_history_tells_what_came_to_no_end() {
    let mut begun = came("app", 2, 10);
    if let Kind::Promote { phase, .. } = &mut begun.kind {
        *phase = Phase::Intent;
    }
    let done = came("app", 2, 20);
    let told = Chronicle::of(chain([came("app", 1, 0), begun.clone()]));
    assert!(history(&told, None, None).to_string().contains("promoting  app  prod"));
    assert!(told.begun(&name("app"), &name("prod")).is_some());
    let told = Chronicle::of(chain([came("app", 1, 0), begun, done]));
    let whole = history(&told, Some(&name("app")), Some(&name("prod")));
    assert_eq!((whole.lines.len(), whole.to_string().lines().count()), (3, 2), "{whole}");
    assert!(history(&told, Some(&name("web")), None).lines.is_empty());
    assert!(history(&told, None, Some(&name("stage"))).lines.is_empty());
}

/// What lies between two entries of an image says which was first, whatever the clocks say.
#[tokio::test]
async fn clocks_that_disagree_change_nothing_for_an_image() {
    let all = chain([came("app", 1, 50), came("web", 9, 0), came("app", 2, 0)]);
    let current = |told: &Chronicle| told.current(&name("app"), &name("prod")).unwrap().entry.digest.clone();
    assert_eq!(current(&Chronicle::of(all.clone())), some(2));
    assert_eq!(current(&Chronicle::of(all.clone()).of_image(&name("app"))), some(2));
    let world = World::new();
    for recorded in all {
        world.record((*recorded.entry).clone()).await;
    }
    let stage = memory::resident(&world.chronicle().await, &name("app"), &name("prod"), later(60)).unwrap();
    assert_eq!(stage.digest, some(2));
}

#[test]
fn ten_thousand_entries_are_asked_in_no_time() {
    let entries = (0..10_000_u64).map(|n| {
        let mut entry = came(if n % 2 == 0 { "app" } else { "web" }, (n % 97) as u8, n);
        entry.facts.version = Some(format!("1.{n}.0"));
        entry
    });
    let mut all = chain(entries);
    all.reverse();
    let begun = Instant::now();
    let told = Chronicle::of(all);
    let there = running(&told, &name("prod"), later(20_000));
    let found = where_is(&told, &"v1.5000.0".parse().unwrap(), later(20_000));
    let lines = history(&told, None, None);
    let in_force = memory::in_force(&told, later(20_000));
    let took = begun.elapsed();
    assert_eq!((there.images.len(), found.images.len(), lines.lines.len()), (2, 1, 10_000));
    assert!(in_force.denials.is_empty());
    // A second is what is asked of a release build; this is none, and machines are busy.
    assert!(took < Duration::from_secs(3), "{took:?}");
}

async fn move_tag(registry: &Memory, text: &str, to: &Digest) {
    let raw = registry.manifest(&repo(), &to.clone().into()).await.unwrap();
    registry.put_manifest(&repo(), &raw, &TagOrDigest::Tag(tag(text))).await.unwrap();
}

async fn drift(promoter: &Promoter) -> Vec<Deviation> {
    let drift = promoter.drift(&name("stage"), None, later(5)).await.unwrap();
    assert_eq!((drift.unread.as_slice(), drift.looked), (&[][..], 1));
    drift.images.into_iter().flat_map(|one| one.deviations).collect()
}

async fn heal(promoter: &Promoter) -> memory::Healed {
    let drift = promoter.drift(&name("stage"), None, later(5)).await.unwrap();
    promoter.heal(&drift, later(6)).await.unwrap()
}

#[tokio::test]
async fn tags_that_were_moved_deleted_or_made_outside_the_pipeline_are_found_and_put_back() {
    let (world, first, second) = two().await;
    let promoter = world.promoter();
    assert_eq!(drift(&promoter).await, []);
    move_tag(&world.stage, "stage", &first).await;
    world.stage.delete_tag(&repo(), &tag("sha-2b2e927")).await.unwrap();
    let stranger = built(&"7".repeat(40), 7);
    fixtures::push(&world.stage, &repo(), &stranger, &tag("by-hand")).await.unwrap();
    // Of an image that is there a tag more is nothing, and pins of what was there before may be gone.
    move_tag(&world.stage, "kept", &first).await;
    world.stage.delete_tag(&repo(), &tag("sha-91c0d1e")).await.unwrap();
    let found = drift(&promoter).await;
    let [
        Deviation::TagGone { tag: gone, floats: false, recorded: pinned, .. },
        Deviation::TagMoved { tag: moved, floats: true, recorded, found: holds, .. },
        Deviation::Unrecorded { tag: unknown, found: strange },
    ] = found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_eq!((gone, pinned), (&tag("sha-2b2e927"), &second));
    assert_eq!((moved, recorded, holds), (&tag("stage"), &second, &first));
    assert_eq!((unknown, strange), (&tag("by-hand"), &digest(&stranger)));

    let healed = heal(&promoter).await;
    assert!(healed.failed.is_empty() && healed.images[0].entry.is_some(), "{healed}");
    assert_eq!(world.held("stage", "stage").await, Some(second.clone()));
    assert_eq!(world.held("stage", "sha-2b2e927").await, Some(second.clone()));
    assert_eq!(drift(&promoter).await.len(), 1, "what was never recorded is not deleted");
    let told = world.chronicle().await;
    assert_eq!(told.stays(&name("app"), &name("stage")).len(), 2, "it has not left");
    let entries = told.entries().len();
    heal(&promoter).await;
    assert_eq!(world.chronicle().await.entries().len(), entries, "what is put back is not said again");
}

#[tokio::test]
async fn a_tag_is_not_healed_to_what_is_denied_nor_where_somebody_was_quicker() {
    let (world, first, second) = two().await;
    let promoter = world.promoter();
    move_tag(&world.stage, "stage", &first).await;
    let found = promoter.drift(&name("stage"), None, later(5)).await.unwrap();
    promoter.deny(&name("app"), &second.clone().into(), None, "leaks", later(5)).await.unwrap();
    let healed = promoter.heal(&found, later(6)).await.unwrap();
    assert!(healed.images[0].left[0].why.contains("is denied: leaks"), "{healed}");
    assert_eq!(world.held("stage", "stage").await, Some(first));
    promoter.release_denial(&name("app"), &second.into(), None, "no leak", later(7)).await.unwrap();
    let stranger = built(&"7".repeat(40), 7);
    fixtures::push(&world.stage, &repo(), &stranger, &tag("stage")).await.unwrap();
    let healed = promoter.heal(&found, later(8)).await.unwrap();
    assert!(healed.failed[0].error.contains("does not hold what was expected"), "{healed}");
    assert_eq!(world.held("stage", "stage").await, Some(digest(&stranger)));
}

/// Whoever denies one platform denies the index that would bring it along, for healing as well.
#[tokio::test]
async fn a_tag_is_not_healed_to_an_index_of_which_a_part_is_denied() {
    let (world, first, second) = two().await;
    let promoter = world.promoter();
    move_tag(&world.stage, "stage", &first).await;
    let raw = world.stage.manifest(&repo(), &second.clone().into()).await.unwrap();
    let part = raw.view().unwrap().children()[0].digest.clone();
    promoter.deny(&name("app"), &part.clone().into(), None, "leaks", later(5)).await.unwrap();
    let found = promoter.drift(&name("stage"), None, later(5)).await.unwrap();
    let healed = promoter.heal(&found, later(6)).await.unwrap();
    assert!(healed.images[0].left[0].why.contains("is denied: leaks"), "{healed}");
    assert_eq!(world.held("stage", "stage").await, Some(first));

    // A promotion that was killed does not go on with it either.
    let (world, first, _) = two().await;
    let third = built(&"3".repeat(40), 3);
    world.push(&third, &["pr-3"]).await;
    let broken = Faulty::new(world.stage.clone()).script(|_, call| {
        (call.what == "stage" && call.operation == Operation::PutManifest)
            .then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let graph = World::graph().build().unwrap();
    let killed = Promoter::new(graph, "tester").reads("dev", world.dev.clone()).writes("stage", broken);
    pass(&killed.ledger(world.ledger.clone()), "pr:3", "dev-stage").await.unwrap_err();
    let before = world.held("stage", "stage").await;
    let part = third.root().view().unwrap().children()[0].digest.clone();
    let promoter = world.promoter();
    promoter.deny(&name("app"), &part.into(), None, "leaks", later(5)).await.unwrap();
    let found = promoter.drift(&name("stage"), None, later(5)).await.unwrap();
    assert!(found.to_string().contains("is denied: leaks"), "{found}");
    promoter.heal(&found, later(6)).await.unwrap();
    assert_eq!(world.held("stage", "stage").await, before);
    assert_ne!(before, Some(first));
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_no_good_news() {
    let (world, ..) = two().await;
    let away = Faulty::new(world.stage.clone()).script(|_, _| Some(Fault::Before(ErrorKind::Unreachable)));
    let graph = World::graph().build().unwrap();
    let blind = Promoter::new(graph, "tester").writes("stage", away).ledger(world.ledger.clone());
    let drift = blind.drift(&name("stage"), None, later(5)).await.unwrap();
    assert!(!drift.is_none() && drift.unread.len() == 1, "{drift}");
    let recheck = blind.recheck(&name("stage"), later(5)).await.unwrap();
    assert_eq!((recheck.standing(), recheck.unread.len()), (Outcome::Undecided, 1), "{recheck}");
}

#[derive(Debug)]
struct Says(Result<Vec<Lapse>, &'static str>);

#[async_trait::async_trait]
impl Proof for Says {
    async fn lapses(
        &self,
        one: &Resident,
        source: &dyn Source,
        repository: &Repository,
        _: SystemTime,
    ) -> Result<Vec<Lapse>, GateError> {
        source.manifest(repository, &one.digest.clone().into()).await?;
        self.0.clone().map_err(Into::into)
    }
}

#[tokio::test]
async fn evidence_that_is_missing_or_too_old_is_drift_and_evidence_that_cannot_be_read_is_an_error() {
    let (world, ..) = two().await;
    let promoter = world.promoter();
    let lapses = vec![
        Lapse::Missing { what: "summary of dev-stage".into() },
        Lapse::Expired { what: "scan".into(), since: later(1) },
    ];
    let drift = promoter.drift(&name("stage"), Some(&Says(Ok(lapses))), later(5)).await.unwrap();
    assert!(matches!(
        drift.images[0].deviations[..],
        [Deviation::EvidenceMissing { .. }, Deviation::EvidenceExpired { .. }]
    ));
    assert!(drift.to_string().contains("scan is too old since 2023-11-14T22:14:20Z (4 minutes)"), "{drift}");
    let drift = promoter.drift(&name("stage"), Some(&Says(Err("no list"))), later(5)).await.unwrap();
    assert!(drift.unread[0].error.ends_with("no list"), "{drift}");
    let drift = promoter.drift(&name("stage"), Some(&Says(Ok(Vec::new()))), later(5)).await.unwrap();
    assert!(drift.is_none());
}

/// A promotion is killed at every request after its intent, healed, and healing is killed at every request too.
#[tokio::test]
async fn healing_goes_on_with_what_was_killed_and_killed_anywhere_comes_to_the_same_end() {
    let killed = || async {
        let world = World::new();
        let (first, second) = (built(OTHER, 2), built(COMMIT, 1));
        world.push(&first, &["pr-41"]).await;
        world.push(&second, &["pr-42"]).await;
        pass(&world.promoter(), "pr:41", "dev-stage").await.unwrap();
        // The float is the last request that writes.
        let stage = Faulty::new(world.stage.clone()).script(|_, call| {
            (call.operation.name() == "push manifest" && call.what == "stage")
                .then_some(Fault::After(ErrorKind::Unreachable))
        });
        let graph = World::graph().build().unwrap();
        let broken = Promoter::new(graph, "tester").reads("dev", world.dev.clone()).writes("stage", stage);
        pass(&broken.registry(world.prod.clone()).ledger(world.ledger.clone()), "pr:42", "dev-stage")
            .await
            .unwrap_err();
        (world, digest(&first), digest(&second))
    };
    let through = |world: &World, stage: Faulty<Memory>| {
        let graph = World::graph().build().unwrap();
        Promoter::new(graph, "healer").writes("stage", stage).ledger(world.ledger.clone())
    };
    let (world, _, second) = killed().await;
    let found = drift(&world.promoter()).await;
    assert!(
        matches!(&found[..], [Deviation::Unfinished { digest, course: Course::On, .. }] if *digest == second),
        "{found:?}"
    );
    let calm = Faulty::new(world.stage.clone());
    let healed = heal(&through(&world, calm.clone())).await;
    assert!(healed.images[0].finished.is_some(), "{healed}");
    for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
        for nth in 0..calm.calls() {
            let (world, _, second) = killed().await;
            world.stage.delete_tag(&repo(), &tag("sha-91c0d1e")).await.unwrap();
            heal(&through(&world, Faulty::new(world.stage.clone()).fail(nth, fault))).await;
            heal(&world.promoter()).await;
            assert_eq!(world.held("stage", "stage").await, Some(second.clone()), "{nth}");
            let told = world.chronicle().await;
            assert_eq!(told.current(&name("app"), &name("stage")).unwrap().entry.digest, second, "{nth}");
            assert!(told.begun(&name("app"), &name("stage")).is_none(), "{nth}");
            assert_eq!(drift(&world.promoter()).await, [], "{nth}");
        }
    }
    // Denied or held since, it goes back.
    for hold in [false, true] {
        let (world, first, second) = killed().await;
        let promoter = world.promoter();
        match hold {
            true => drop(promoter.hold(&name("app"), &name("stage"), "party", None, later(4)).await.unwrap()),
            false => drop(promoter.deny(&name("app"), &second.into(), None, "leaks", later(4)).await.unwrap()),
        }
        let found = drift(&promoter).await;
        assert!(
            matches!(
                &found[..],
                [Deviation::Unfinished { course: Course::Back { .. }, .. }, Deviation::TagMoved { .. }, ..]
            ),
            "{found:?}"
        );
        heal(&promoter).await;
        assert_eq!(world.held("stage", "stage").await, Some(first.clone()));
        let told = world.chronicle().await;
        assert!(told.begun(&name("app"), &name("stage")).is_none());
        assert_eq!(told.current(&name("app"), &name("stage")).unwrap().entry.digest, first);
        assert!(drift(&promoter).await.iter().all(|one| matches!(one, Deviation::PinOnly { .. })), "its pin is told");
    }
}

#[tokio::test]
async fn what_runs_is_asked_again_and_revoked_where_a_gate_refuses_it_today() {
    let (world, _, second) = two().await;
    let bad = second.clone();
    let scan = gate("scan", move |context: &GateContext<'_>| {
        assert_eq!(context.plan.source().repository().to_string(), "stage.example/app", "where it is");
        Ok(if *context.digest() == bad { Verdict::fail("CVE-2026-1") } else { Verdict::wait("later") })
    });
    let edge = EdgeSpec::new("dev", "stage").gate(scan).gate(gate("window", |_| Ok(Verdict::wait("Friday"))));
    let graph = lockage_promote::pipeline::Graph::builder()
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(edge)
        .build()
        .unwrap();
    let promoter = Promoter::new(graph, "auditor").writes("stage", world.stage.clone()).ledger(world.ledger.clone());
    let recheck = promoter.recheck(&name("stage"), later(5)).await.unwrap();
    assert_eq!(recheck.standing(), Outcome::Refused);
    assert!(recheck.to_string().contains("FAIL  scan  CVE-2026-1"), "{recheck}");
    let revoked = promoter.revoke(&recheck, "CVE-2026-1", later(6)).await.unwrap();
    assert_eq!(revoked.len(), 1);
    let told = world.chronicle().await;
    assert!(told.denied(&name("app"), &name("prod"), &second).unwrap().reason.contains("CVE-2026-1"));
    let refused = pass(&world.promoter(), "env:stage", "stage-prod").await.unwrap_err().to_string();
    assert!(refused.contains("is denied"), "{refused}");
}

#[tokio::test]
async fn an_older_image_does_not_replace_a_newer_one_unless_it_is_a_rollback() {
    let world = World::new();
    let (first, second) = (built(OTHER, 2), built(COMMIT, 1));
    world.push(&first, &["pr-41"]).await;
    world.push(&second, &["pr-42"]).await;
    let graph = lockage_promote::pipeline::Graph::builder()
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(lockage_promote::pipeline::EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(SupersededGate::new()))
        .build()
        .unwrap();
    let promoter = world.promoter_of(graph);
    let promote = |select_text: &'static str, version: Option<&'static str>, over: bool| {
        let promoter = promoter.clone();
        async move {
            let edge = name("dev-stage");
            let app = promoter.resolve(&name("app"), &select(select_text), &edge).await?;
            let app = version.map_or(app.clone(), |version| app.released_as(version));
            let plan = promoter.plan(&app, &edge).await?;
            let by = Override::because("on purpose").gate("superseded");
            let cleared = match over {
                true => promoter.clear_with_override(plan, &by, now()).await?,
                false => promoter.clear(plan, now()).await?,
            };
            promoter.apply(cleared, now()).await
        }
    };
    let refused = |outcome: Result<_, PromoteError>| -> String {
        let _: &Result<lockage_promote::pipeline::PassageReceipt, _> = &outcome;
        outcome.unwrap_err().to_string()
    };
    promote("pr:41", Some("1.0.0"), false).await.unwrap();
    assert!(refused(promote("pr:42", Some("0.9.0"), false).await).contains("version 0.9.0 is older than 1.0.0"));
    promote("pr:42", Some("1.1.0"), false).await.unwrap();
    let again = refused(promote("pr:41", None, false).await);
    assert!(again.contains("was in stage and was replaced since"), "{again}");
    promote("pr:41", None, true).await.unwrap();
    let to = digest(&second).into();
    let to = lockage_promote::pipeline::RollbackTo::Image(to);
    let plan = promoter.plan_rollback(&name("app"), &name("stage"), &to, "worse", later(9)).await.unwrap();
    promoter.clear_rollback(plan, later(9)).await.unwrap();
}

#[test]
fn a_release_that_was_said_is_told_with_what_it_ended() {
    let of = |kind: Kind, at| Entry::new(kind, name("app"), some(1), "ops", later(at)).in_environment(name("prod"));
    let told = Chronicle::of(chain([
        came("app", 1, 0),
        of(Kind::Hold { reason: "party".into(), until: None }, 1),
        of(Kind::Release { of: Standing::Hold, reason: "over".into() }, 2),
    ]));
    let text = history(&told, Some(&name("app")), None).to_string();
    assert!(text.contains("hold       app  prod") && text.contains("of the hold: over  (ops)"), "{text}");
}

#[tokio::test]
async fn two_environments_are_compared_by_commits_packages_and_vulnerabilities() {
    let world = World::new();
    let (first, second) = (built(OTHER, 2), built(COMMIT, 1));
    world.push(&first, &["pr-41"]).await;
    world.push(&second, &["pr-42"]).await;
    let promoter = world.promoter();
    for (pull_request, edge) in [("pr:41", "dev-stage"), ("env:stage", "stage-prod"), ("pr:42", "dev-stage")] {
        pass(&promoter, pull_request, edge).await.unwrap();
    }
    let bare = promoter.diff(&name("prod"), &name("stage"), later(5)).await.unwrap();
    let [one] = bare.images.as_slice() else { panic!("{bare}") };
    assert_eq!(one.from.as_ref().unwrap().facts.commit.as_deref(), Some(OTHER));
    assert_eq!(one.to.as_ref().unwrap().facts.commit.as_deref(), Some(COMMIT));
    assert!(one.packages.is_none() && one.vulnerabilities.is_none());
    assert_eq!(one.notes.len(), 4, "what is not there is said: {:?}", one.notes);

    for (registry, host, image, zlib, cves) in [
        (&world.prod, "prod", &first, "1.2", r#"[{"id":"CVE-1"},{"id":"CVE-2"}]"#),
        (&world.stage, "stage", &second, "1.3", r#"[{"id":"CVE-2"},{"id":"CVE-3"}]"#),
    ] {
        let repo: Repository = format!("{host}.example/app").parse().unwrap();
        let platform = &image.manifests[0];
        let sbom = format!(
            r#"{{"bomFormat":"CycloneDX","components":[{{"name":"zlib","version":"{zlib}"}},{{"name":"{host}","version":"1"}}]}}"#
        );
        attach(registry, &repo, platform, "application/vnd.cyclonedx+json", sbom).await;
        let statement = format!(
            r#"{{"subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"https://in-toto.io/attestation/vulns/v0.2","predicate":{{"scanner":{{"result":{cves}}}}}}}"#,
            digest(image).hex()
        );
        attach(registry, &repo, image.root(), "application/vnd.in-toto+json", statement).await;
    }
    let whole = promoter.diff(&name("prod"), &name("stage"), later(5)).await.unwrap();
    let one = &whole.images[0];
    let packages = one.packages.as_ref().unwrap();
    let names = |all: &[memory::Change]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&packages.added), names(&packages.removed)), (vec!["stage".to_owned()], vec!["prod".to_owned()]));
    assert_eq!((packages.changed[0].from.join(","), packages.changed[0].to.join(",")), ("1.2".into(), "1.3".into()));
    let found = one.vulnerabilities.as_ref().unwrap();
    assert_eq!((found.new.join(","), found.fixed.join(",")), ("CVE-3".to_owned(), "CVE-1".to_owned()));
    assert!(one.notes.is_empty(), "{:?}", one.notes);
    assert!(whole.to_string().contains("~ zlib  1.2 → 1.3"), "{whole}");
    let same = promoter.diff(&name("stage"), &name("stage"), later(5)).await.unwrap();
    assert_eq!((same.same, same.images.len()), (1, 0));
}

/// A registry whose tag of one SBOM holds what is no manifest.
#[derive(Debug)]
struct Garbled(Memory, Tag);

impl std::fmt::Display for Garbled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait::async_trait]
impl Source for Garbled {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> lockage_registry::Result<Descriptor> {
        self.0.resolve(repo, what).await
    }
    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> lockage_registry::Result<RawManifest> {
        match what {
            TagOrDigest::Tag(tag) if *tag == self.1 => RawManifest::new(media_type::OCI_MANIFEST, "[]".into()),
            what => self.0.manifest(repo, what).await,
        }
    }
    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> lockage_registry::Result<u64> {
        self.0.stat_blob(repo, blob).await
    }
    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> lockage_registry::Result<ByteStream> {
        self.0.blob(repo, blob, from).await
    }
    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, lockage_registry::Result<Tag>> {
        self.0.tags(repo)
    }
    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        kind: Option<&str>,
    ) -> lockage_registry::Result<Vec<Descriptor>> {
        self.0.referrers(repo, subject, kind).await
    }
}

#[tokio::test]
async fn what_is_attached_and_is_no_manifest_is_no_silence() {
    let (world, _, second) = two().await;
    pass(&world.promoter(), "pr:41", "hotfix").await.unwrap();
    let sbom = DigestTag::new(&second, DigestTagKind::Sbom).to_tag();
    let promoter = world.promoter().reads("stage", Garbled(world.stage.clone(), sbom));
    let told = promoter.diff(&name("prod"), &name("stage"), later(5)).await.unwrap();
    let is_told = |note: &String| note.contains("cannot be read: it is no manifest");
    assert!(told.images[0].notes.iter().any(is_told), "{:?}", told.images[0].notes);
}

/// Attaches a document, as a referrer.
async fn attach(registry: &Memory, repo: &Repository, subject: &RawManifest, kind: &str, document: String) {
    let put = async |media_type: &str, bytes: String| {
        let bytes: bytes::Bytes = bytes.into();
        let blob = Descriptor::new(media_type, digest_of(Algorithm::Sha256, &bytes).unwrap(), bytes.len() as u64);
        registry.put_blob(repo, &blob, Body::from(bytes)).await.unwrap();
        serde_json::to_value(&blob).unwrap()
    };
    let (config, layer) = (put(media_type::OCI_EMPTY, "{}".to_owned()).await, put(kind, document).await);
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": kind, "config": config,
        "layers": [layer], "subject": subject.descriptor(),
    });
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    referrers::attach(registry, repo, &raw).await.unwrap();
}
