//! Leases: never two at once, and a promotion that has lost its own stops before the next floating tag.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockage_promote::pipeline::lease::{Guard, Lease, LeaseError, Leasing, MemoryLease, NoLease, RegistryLease};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError};
use lockage_registry::testing::{Fault, Faulty, Operation};
use lockage_registry::{ErrorKind, Memory, RawManifest, Repository, Source as _, TagOrDigest, Target as _, media_type};

use crate::clock::{Clock, Real};
use crate::world::{COMMIT, World, built, pass};

const TTL: Duration = Duration::from_secs(60);

fn leases() -> Repository {
    "prod.example/leases".parse().unwrap()
}

fn in_registry(registry: impl lockage_registry::Registry + 'static, who: &str, clock: &Clock) -> RegistryLease {
    RegistryLease::new(registry, leases(), who, clock.clone())
}

/// What all of them have to hold to.
async fn keeps_to_the_rules(one: &dyn Lease, other: &dyn Lease, clock: Option<&Clock>) {
    let held = |taken: Result<Box<dyn Guard>, LeaseError>| match taken {
        Err(LeaseError::Held { holder, .. }) => holder,
        other => panic!("{other:?}"),
    };
    let guard = one.acquire("prod/app", TTL).await.unwrap();
    assert_eq!(held(other.acquire("prod/app", TTL).await), "one");
    let elsewhere = other.acquire("prod/web", TTL).await.unwrap();
    guard.renew().await.unwrap();
    guard.release().await.unwrap();
    elsewhere.renew().await.unwrap();
    let guard = other.acquire("prod/app", TTL).await.unwrap();
    assert_eq!(held(one.acquire("prod/app", TTL).await), "other");
    if let Some(clock) = clock {
        // It is kept by renewing, and ends without.
        clock.pass(40);
        guard.renew().await.unwrap();
        clock.pass(40);
        assert_eq!(held(one.acquire("prod/app", TTL).await), "other");
        clock.pass(40);
        let taken = one.acquire("prod/app", TTL).await.unwrap();
        assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })), "who was too slow finds out");
        // And takes nothing from who has it now.
        guard.release().await.unwrap();
        taken.renew().await.unwrap();
        taken.release().await.unwrap();
    } else {
        guard.release().await.unwrap();
    }
    drop(one.acquire("prod/app", TTL).await.unwrap().release().await);
}

#[tokio::test]
async fn a_lease_is_of_one_at_a_time_in_memory_and_in_a_registry() {
    let clock = Clock::new();
    let memory = MemoryLease::new(clock.clone());
    keeps_to_the_rules(&memory.held_by("one"), &memory.held_by("other"), Some(&clock)).await;
    let registry = Memory::new("prod.example".parse().unwrap());
    let (one, other) = (in_registry(registry.clone(), "one", &clock), in_registry(registry.clone(), "other", &clock));
    keeps_to_the_rules(&one, &other, Some(&clock)).await;
    let left = futures::TryStreamExt::try_collect::<Vec<_>>(registry.tags(&leases())).await.unwrap();
    assert_eq!(left.len(), 1, "all but that of who still has one: {left:?}");
    NoLease.acquire("prod/app", TTL).await.unwrap().renew().await.unwrap();
}

#[tokio::test]
async fn a_claim_that_is_being_deleted_by_a_detour_holds_nothing() {
    let clock = Clock::new();
    let registry = Memory::new("prod.example".parse().unwrap());
    let _guard = in_registry(registry.clone(), "one", &clock).acquire("prod/app", TTL).await.unwrap();
    let claims = futures::TryStreamExt::try_collect::<Vec<_>>(registry.tags(&leases())).await.unwrap();
    let at = TagOrDigest::Tag(claims[0].clone());
    let claim = registry.manifest(&leases(), &at).await.unwrap();
    let mut document: serde_json::Value = serde_json::from_slice(claim.bytes()).unwrap();
    document["artifactType"] = media_type::DELETED_TAG.into();
    document["annotations"] = serde_json::json!({});
    let stand_in = RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap();
    registry.put_manifest(&leases(), &stand_in, &at).await.unwrap();
    in_registry(registry.clone(), "other", &clock).acquire("prod/app", TTL).await.unwrap().release().await.unwrap();
    // What nobody can read is told.
    document["artifactType"] = "application/vnd.example.other".into();
    let strange = RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap();
    registry.put_manifest(&leases(), &strange, &at).await.unwrap();
    let error = in_registry(registry, "other", &clock).acquire("prod/app", TTL).await.unwrap_err();
    assert!(matches!(error, LeaseError::Backend { .. }), "{error}");
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_gives_leases_too() {
    let clock = Clock::new();
    let registry = Memory::new("prod.example".parse().unwrap());
    let keeps = |operations: &'static [Operation]| {
        Faulty::new(registry.clone()).script(move |_, call| {
            operations.contains(&call.operation).then_some(Fault::Before(ErrorKind::Unsupported))
        })
    };
    for operations in [&[Operation::DeleteTag][..], &[Operation::DeleteTag, Operation::DeleteManifest]] {
        let one = in_registry(keeps(operations), "one", &clock);
        let other = in_registry(keeps(operations), "other", &clock);
        keeps_to_the_rules(&one, &other, Some(&clock)).await;
        clock.pass(600);
    }
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_or_that_fails_leaves_nobody_waiting_for_ever() {
    let clock = Clock::new();
    let registry = Memory::new("prod.example".parse().unwrap());
    drop(in_registry(registry.clone(), "first", &clock).acquire("prod/app", TTL).await.unwrap().release().await);
    for nth in 0..3 {
        for fault in [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unreachable)] {
            let broken = in_registry(Faulty::new(registry.clone()).fail(nth, fault), "broken", &clock);
            match broken.acquire("prod/app", TTL).await {
                Err(LeaseError::Backend { .. }) => {}
                Ok(guard) => drop(guard.release().await),
                other => panic!("{nth} {fault:?}: {other:?}"),
            }
            clock.pass(120);
            let guard = in_registry(registry.clone(), "next", &clock).acquire("prod/app", TTL).await.unwrap();
            guard.release().await.unwrap();
        }
    }
    // A claim that nobody can read is told; it may be held.
    use lockage_registry::Target as _;
    let image = built(COMMIT, 1);
    let guard = in_registry(registry.clone(), "one", &clock).acquire("prod/app", TTL).await.unwrap();
    let tag = futures::TryStreamExt::try_collect::<Vec<_>>(registry.tags(&leases())).await.unwrap().remove(0);
    lockage_registry::testing::fixtures::push(&registry, &leases(), &image, &"x".parse().unwrap()).await.unwrap();
    registry.put_manifest(&leases(), image.root(), &tag.into()).await.unwrap();
    let taken = in_registry(registry.clone(), "other", &clock).acquire("prod/app", TTL).await;
    assert!(matches!(taken, Err(LeaseError::Backend { .. })), "{taken:?}");
    drop(guard);
}

/// Tries again and again, and looks whether somebody else is inside.
async fn contend(
    lease: Arc<dyn Lease>,
    inside: Arc<AtomicUsize>,
    entered: Arc<AtomicUsize>,
    rounds: usize,
    yields: u64,
) {
    let mut state = yields | 1;
    let mut pause = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 60) as usize
    };
    for _ in 0..rounds {
        if let Ok(guard) = lease.acquire("prod/app", TTL).await {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
            for _ in 0..pause() {
                tokio::task::yield_now().await;
            }
            guard.renew().await.unwrap();
            assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1, "two at once");
            entered.fetch_add(1, Ordering::SeqCst);
            guard.release().await.unwrap();
        }
        for _ in 0..pause() {
            tokio::task::yield_now().await;
        }
    }
}

/// A registry whose every answer takes a while, by a seed.
fn jittery(registry: &Memory, seed: u64) -> impl lockage_registry::Registry + use<> {
    jitter::Jittery::new(registry.clone(), seed)
}

#[test]
fn never_two_hold_a_lease_in_a_registry_whatever_comes_between_and_somebody_always_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for seed in 0..60_u64 {
        runtime.block_on(async {
            let (clock, registry) = (Clock::new(), Memory::new("prod.example".parse().unwrap()));
            let (inside, entered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let tasks = (0..5_u64).map(|n| {
                let lease = in_registry(jittery(&registry, seed * 31 + n), &format!("task {n}"), &clock);
                contend(Arc::new(lease), Arc::clone(&inside), Arc::clone(&entered), 6, seed * 7 + n)
            });
            futures::future::join_all(tasks).await;
            assert!(entered.load(Ordering::SeqCst) > 0, "{seed}: nobody got it");
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_two_hold_a_lease_over_http() {
    use lockage_registry::client::Client;
    use lockage_registry::server::Server;
    let registry = Memory::new("localhost".parse().unwrap());
    let builder = Server::builder(Arc::new(registry), "localhost".parse().unwrap());
    let server = builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let repository: Repository = format!("{}/leases", server.address()).parse().unwrap();
    let (inside, entered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..5_u64)
        .map(|n| {
            let client = Client::builder().build().unwrap();
            let lease: Arc<dyn Lease> =
                Arc::new(RegistryLease::new(client, repository.clone(), format!("task {n}"), Real));
            let (inside, entered) = (Arc::clone(&inside), Arc::clone(&entered));
            tokio::spawn(async move {
                // Until it had its turn: whoever goes on asking gets it.
                let own = Arc::new(AtomicUsize::new(0));
                while own.load(Ordering::SeqCst) < 2 {
                    contend(Arc::clone(&lease), Arc::clone(&inside), Arc::clone(&own), 1, n).await;
                    tokio::time::sleep(Duration::from_millis(20 + 7 * n)).await;
                }
                entered.fetch_add(own.load(Ordering::SeqCst), Ordering::SeqCst);
            })
        })
        .collect();
    tokio::time::timeout(Duration::from_secs(60), futures::future::join_all(tasks)).await.unwrap();
    assert_eq!(entered.load(Ordering::SeqCst), 10);
}

#[cfg(feature = "ledger")]
#[tokio::test]
async fn a_lease_in_a_folder_is_of_one_at_a_time_and_lost_where_its_file_is_replaced() {
    use lockage_promote::pipeline::lease::FileLease;
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (FileLease::new(folder.path(), "one"), FileLease::new(folder.path(), "other"));
    keeps_to_the_rules(&one, &other, None).await;
    let guard = one.acquire("prod/app", TTL).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })));
    let taken = other.acquire("prod/app", TTL).await.unwrap();
    assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })), "it is another's");
    taken.renew().await.unwrap();
    let nowhere = FileLease::new(folder.path().join("none"), "one").acquire("prod/app", TTL).await;
    assert!(matches!(nowhere, Err(LeaseError::Backend { .. })));
}

/// Counts, and is lost after so many confirmations.
#[derive(Clone, Debug)]
struct Brittle(Arc<AtomicUsize>, usize);

#[async_trait::async_trait]
impl Lease for Brittle {
    async fn acquire(&self, _: &str, _: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl Guard for Brittle {
    async fn renew(&self) -> Result<(), LeaseError> {
        match self.0.fetch_add(1, Ordering::SeqCst) < self.1 {
            true => Ok(()),
            false => Err(LeaseError::Lost { key: "stage/app".into(), why: "it had ended".into() }),
        }
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        Err(LeaseError::Backend { key: "stage/app".into(), what: "given back", source: "no route".into() })
    }
}

/// Never done sleeping.
#[derive(Clone, Copy, Debug)]
struct Still;

#[async_trait::async_trait]
impl lockage_promote::pipeline::step::Pace for Still {
    fn now(&self) -> std::time::SystemTime {
        crate::world::now()
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_lost_lease_stops_before_the_next_floating_tag() {
    for confirmed in 0..3 {
        let world = World::new();
        world.push(&built(COMMIT, 1), &["pr-42"]).await;
        let stage = EnvironmentSpec::new("stage", "stage.example/{image}").float("first").float("second");
        let graph = Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(stage)
            .edge(EdgeSpec::new("dev", "stage"))
            .build()
            .unwrap();
        let promoter = world.promoter_of(graph);
        let leasing = Leasing::new(Brittle(Arc::default(), confirmed), Still);
        let outcome = pass(&promoter.clone().lease(leasing), "pr:42", "dev-stage").await;
        let moved = [world.held("stage", "first").await.is_some(), world.held("stage", "second").await.is_some()];
        assert_eq!(moved, [confirmed > 0, confirmed > 1], "{confirmed}");
        match outcome {
            Ok(receipt) => {
                assert_eq!(confirmed, 2);
                assert!(
                    receipt.to_string().contains("trouble  lease: the lease for stage/app could not be given back")
                );
            }
            Err(error) => {
                assert!(matches!(error.cause(), PromoteError::Lease(LeaseError::Lost { .. })), "{error:?}");
                assert!(error.details().iter().any(|(word, text)| *word == "beside" && text.contains("given back")));
                pass(&promoter, "pr:42", "dev-stage").await.unwrap();
                assert!(world.held("stage", "second").await.is_some());
            }
        }
    }
}

#[tokio::test]
async fn one_promotes_at_a_time_and_the_next_waits_or_is_told_who() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let clock = Clock::new();
    let lease = MemoryLease::new(clock.clone());
    let guard = lease.held_by("job 41").acquire("stage/app", TTL).await.unwrap();
    let leasing = || Leasing::new(lease.held_by("job 42"), clock.clone());
    match pass(&world.promoter().lease(leasing()), "pr:42", "dev-stage").await {
        Err(error @ PromoteError::Lease(LeaseError::Held { .. })) => {
            assert_eq!(error.to_string(), "stage/app is being promoted by job 41");
        }
        other => panic!("{other:?}"),
    }
    assert!(world.chronicle().await.entries().is_empty());
    // The clock runs while it waits, and the lease of who was killed ends.
    pass(&world.promoter().lease(leasing().wait(2 * TTL)), "pr:42", "dev-stage").await.unwrap();
    assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })));
    drop(lease.acquire("stage/app", TTL).await.unwrap());
}

/// dev and stage, with two tags that move; twice promoted.
async fn twice() -> (World, lockage_promote::pipeline::Promoter) {
    let world = World::new();
    let stage = EnvironmentSpec::new("stage", "stage.example/{image}").float("first").float("second");
    let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "dev.example/{image}")).environment(stage);
    let promoter = world.promoter_of(graph.edge(EdgeSpec::new("dev", "stage")).build().unwrap());
    for n in [1_u64, 2] {
        world.push(&built(&n.to_string().repeat(40), n), &[&format!("pr-{n}")]).await;
        pass(&promoter, &format!("pr:{n}"), "dev-stage").await.unwrap();
    }
    (world, promoter)
}

#[tokio::test]
async fn a_lost_lease_stops_a_rollback_before_the_next_tag_and_it_is_done_again() {
    use lockage_promote::pipeline::RollbackTo;
    for confirmed in 0..3 {
        let (world, promoter) = twice().await;
        let (app, stage, now) = (crate::world::name("app"), crate::world::name("stage"), crate::world::now());
        let old = crate::world::digest(&built(&"1".repeat(40), 1));
        let back = async |promoter: &lockage_promote::pipeline::Promoter| {
            let to = RollbackTo::Image(old.to_string().parse().unwrap());
            let plan = promoter.plan_rollback(&app, &stage, &to, "latency", now).await?;
            promoter.apply_rollback(promoter.clear_rollback(plan, now).await?, now).await
        };
        let leasing = Leasing::new(Brittle(Arc::default(), confirmed), Still);
        let outcome = back(&promoter.clone().lease(leasing)).await;
        let held = [world.held("stage", "first").await, world.held("stage", "second").await];
        assert_eq!(held.map(|held| held.as_ref() == Some(&old)), [confirmed > 0, confirmed > 1], "{confirmed}");
        if confirmed < 2 {
            let error = outcome.unwrap_err();
            assert!(matches!(error.cause(), PromoteError::Lease(LeaseError::Lost { .. })), "{error:?}");
            back(&promoter).await.unwrap();
            assert_eq!(world.held("stage", "second").await.as_ref(), Some(&old));
        }
    }
}

#[tokio::test]
async fn healing_takes_the_lease_of_what_it_heals_and_stops_where_that_is_lost() {
    let (world, promoter) = twice().await;
    let (stage, now, clock) = (crate::world::name("stage"), crate::world::now(), Clock::new());
    let old = crate::world::digest(&built(&"1".repeat(40), 1));
    let repo: Repository = "stage.example/app".parse().unwrap();
    let raw = world.stage.manifest(&repo, &TagOrDigest::Digest(old)).await.unwrap();
    for tag in ["first", "second"] {
        let tag = TagOrDigest::Tag(tag.parse().unwrap());
        lockage_registry::Target::put_manifest(&world.stage, &repo, &raw, &tag).await.unwrap();
    }
    let lease = MemoryLease::new(clock.clone());
    let guard = lease.held_by("job 41").acquire("stage/app", TTL).await.unwrap();
    let healer = promoter.clone().lease(Leasing::new(lease.held_by("healer"), clock.clone()));
    let drift = healer.drift(&stage, None, now).await.unwrap();
    let healed = healer.heal(&drift, now).await.unwrap();
    assert!(healed.failed[0].error.contains("is being promoted by job 41"), "{healed}");
    guard.release().await.unwrap();
    let brittle = promoter.clone().lease(Leasing::new(Brittle(Arc::default(), 1), Still));
    let healed = brittle.heal(&drift, now).await.unwrap();
    assert_eq!(healed.failed.len(), 1, "{healed}");
    let new = crate::world::digest(&built(&"2".repeat(40), 2));
    let held = [world.held("stage", "first").await, world.held("stage", "second").await];
    assert_eq!(held.map(|held| held.as_ref() == Some(&new)), [true, false]);
    let drift = healer.drift(&stage, None, now).await.unwrap();
    let healed = healer.heal(&drift, now).await.unwrap();
    assert!(healed.failed.is_empty() && world.held("stage", "second").await.as_ref() == Some(&new), "{healed}");
    drop(lease.acquire("stage/app", TTL).await.expect("it was given back"));
}

mod jitter {
    //! A registry whose every answer takes a while.

    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use futures::stream::{BoxStream, StreamExt as _};
    use lockage_registry::{
        ByteStream, Descriptor, Digest, Memory, Opened, Prune, RawManifest, Repository, Result, Source, Stored, Tag,
        TagOrDigest, Target,
    };

    #[derive(Debug)]
    pub(super) struct Jittery {
        inner: Memory,
        state: AtomicU64,
    }

    impl Jittery {
        pub(super) fn new(inner: Memory, seed: u64) -> Self {
            Self { inner, state: AtomicU64::new(seed) }
        }

        async fn pause(&self) {
            let next = self.state.load(Ordering::SeqCst).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99_991);
            self.state.store(next, Ordering::SeqCst);
            for _ in 0..next >> 61 {
                tokio::task::yield_now().await;
            }
        }
    }

    impl std::fmt::Display for Jittery {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("jittery")
        }
    }

    #[async_trait]
    impl Source for Jittery {
        async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
            self.pause().await;
            let found = self.inner.resolve(repo, what).await;
            self.pause().await;
            found
        }
        async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
            self.pause().await;
            let found = self.inner.manifest(repo, what).await;
            self.pause().await;
            found
        }
        async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
            self.inner.stat_blob(repo, blob).await
        }
        async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
            self.inner.blob(repo, blob, from).await
        }
        fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
            // What is listed is what is there at one moment, somewhere between question and answer.
            futures::stream::once(async move {
                self.pause().await;
                let listed: Vec<_> = self.inner.tags(repo).collect().await;
                self.pause().await;
                futures::stream::iter(listed)
            })
            .flatten()
            .boxed()
        }
        async fn referrers(&self, repo: &Repository, subject: &Digest, kind: Option<&str>) -> Result<Vec<Descriptor>> {
            self.inner.referrers(repo, subject, kind).await
        }
    }

    #[async_trait]
    impl Target for Jittery {
        async fn put_manifest(&self, repo: &Repository, raw: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
            self.pause().await;
            let stored = self.inner.put_manifest(repo, raw, at).await;
            self.pause().await;
            stored
        }
        async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
            self.inner.open_blob(repo, blob, from).await
        }
    }

    #[async_trait]
    impl Prune for Jittery {
        async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
            self.inner.delete_manifest(repo, digest).await
        }
        async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
            self.pause().await;
            let deleted = self.inner.delete_tag(repo, tag).await;
            self.pause().await;
            deleted
        }
    }
}
