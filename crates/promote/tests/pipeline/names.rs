//! A digest that is denied moves under no name: random histories of two images that have the same digests, and what each
//! reader says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use futures::TryStreamExt as _;
use lockage_promote::ledger::{Entry, Kind, LedgerError, Standing};
use lockage_promote::pipeline::memory::{self, Wanted};
use lockage_promote::pipeline::{
    EdgeSpec, EnvironmentSpec, Graph, Name, OrderProblem, PassageReceipt, PromoteError, Promoter, RollbackTo,
};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Digest, Memory, Repository, Source as _, TagOrDigest};
use proptest::prelude::*;

use crate::world::{World, built, digest, name, now, pass, select, tag};

const NAMES: [&str; 2] = ["app", "web"];
const PLACES: [&str; 2] = ["stage", "prod"];
const EDGES: [(&str, usize); 3] = [("dev-stage", 0), ("stage-prod", 1), ("hotfix", 1)];
const IMAGES: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Deny { named: usize, image: usize, at: Option<usize> },
    Release { named: usize, image: usize, at: Option<usize> },
    EndHold { named: usize, at: usize },
    Promote { named: usize, image: usize, edge: usize, by: usize },
    Rollback { named: usize, at: usize, to: Option<usize> },
    Heal { at: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let (named, image, place) = (|| 0..NAMES.len(), || 0..IMAGES, || 0..PLACES.len());
    let somewhere = || prop::option::of(0..PLACES.len());
    prop_oneof![
        2 => (named(), image(), somewhere()).prop_map(|(named, image, at)| Op::Deny { named, image, at }),
        3 => (named(), image(), somewhere()).prop_map(|(named, image, at)| Op::Release { named, image, at }),
        2 => (named(), place()).prop_map(|(named, at)| Op::EndHold { named, at }),
        8 => (named(), image(), 0..EDGES.len(), 0..3_usize)
            .prop_map(|(named, image, edge, by)| Op::Promote { named, image, edge, by }),
        2 => (named(), place(), prop::option::of(image())).prop_map(|(named, at, to)| Op::Rollback { named, at, to }),
        1 => place().prop_map(|at| Op::Heal { at }),
    ]
}

/// The world, and what is denied as which image, read from the entries by nothing of the crate.
struct Model {
    world: World,
    images: Vec<Image>,
    now: SystemTime,
    denied: BTreeSet<(usize, usize, Option<usize>)>,
    tags: BTreeMap<(usize, usize, String), Digest>,
    promoted: usize,
}

fn repo(place: &str, named: &str) -> Repository {
    format!("{place}.example/{named}").parse().unwrap()
}

impl Model {
    async fn new() -> Self {
        let world = World::new();
        let images: Vec<Image> = (0..IMAGES).map(|n| built(&format!("{n}").repeat(40), n as u64)).collect();
        for named in NAMES {
            for (n, image) in images.iter().enumerate() {
                fixtures::push(&world.dev, &repo("dev", named), image, &tag(&format!("pr-{}", n + 1))).await.unwrap();
            }
        }
        Self { world, images, now: now(), denied: BTreeSet::new(), tags: BTreeMap::new(), promoted: 0 }
    }

    fn is_denied(&self, image: usize, at: usize) -> bool {
        self.denied.iter().any(|(_, one, there)| *one == image && there.is_none_or(|there| there == at))
    }

    /// Whatever the entries say.
    async fn learn(&mut self) {
        self.denied.clear();
        for Entry { kind, image, environment, digest: of, .. } in
            self.world.chronicle().await.entries().iter().map(|recorded| &*recorded.entry)
        {
            let named = NAMES.iter().position(|one| *one == image.as_str()).unwrap();
            let image = self.images.iter().position(|image| digest(image) == *of).unwrap();
            let at = environment.as_ref().map(|at| PLACES.iter().position(|one| *one == at.as_str()).unwrap());
            match kind {
                Kind::Deny { .. } => drop(self.denied.insert((named, image, at))),
                Kind::Release { of: Standing::Denial, .. } => {
                    self.denied.retain(|(n, i, a)| (*n, *i) != (named, image) || (at.is_some() && *a != at));
                }
                _ => {}
            }
        }
    }

    async fn promote(&mut self, named: usize, image: usize, edge: usize, by: usize) {
        let promoter = self.world.promoter();
        let (way, to) = EDGES[edge];
        let selects =
            [format!("digest:{}", digest(&self.images[image])), format!("pr:{}", image + 1), "env:stage".to_owned()];
        let text = match way {
            // Where builds arrive, and nothing is current.
            "stage-prod" if by == 1 => &selects[2],
            "stage-prod" => &selects[0],
            _ => &selects[by % 2],
        };
        let (app, at) = (name(NAMES[named]), name(PLACES[to]));
        let held = self.world.chronicle().await.held(&app, &at, self.now).is_some();
        let outcome = go(&promoter, &app, text, &name(way), self.now).await;
        let meant = match &outcome {
            Ok(receipt) => self.images.iter().position(|image| digest(image) == receipt.digest).unwrap(),
            Err(_) => image,
        };
        assert!(outcome.is_err() || !self.is_denied(meant, to), "{app} {text} along {way}: what is denied has moved");
        // Nothing but a denial and a hold stops what comes from a build.
        if way != "stage-prod" && !self.is_denied(image, to) && !held {
            outcome.as_ref().unwrap();
        }
        if let (Err(PromoteError::NotCleared(refusal)), false) = (&outcome, text == &selects[2]) {
            let others = self.denied.iter().filter(|(n, i, a)| *n != named && *i == image && a.is_none_or(|a| a == to));
            let own = self.denied.iter().any(|(n, i, a)| *n == named && *i == image && a.is_none_or(|a| a == to));
            if let (false, Some((other, ..))) = (own, others.into_iter().next()) {
                let other = NAMES[*other];
                let said = refusal.to_string();
                assert!(said.contains(&format!("it was denied as {other}, and is released as {other}")), "{said}");
            }
        }
        self.promoted += usize::from(outcome.is_ok());
    }

    async fn release(&self, named: usize, image: usize, at: Option<usize>) {
        let whole: Wanted = digest(&self.images[image]).into();
        let place = at.map(|at| name(PLACES[at]));
        let promoter = self.world.promoter();
        let outcome =
            promoter.release_denial(&name(NAMES[named]), &whole, place.as_ref(), "looked at it", self.now).await;
        let own = |at: Option<usize>| self.denied.contains(&(named, image, at));
        let is_own = self.denied.iter().any(|(n, i, a)| (*n, *i) == (named, image) && (at.is_none() || *a == at));
        let is_others =
            self.denied.iter().any(|(n, i, a)| *n != named && *i == image && (at.is_none() || a.is_none() || *a == at));
        match outcome {
            Ok(_) => assert!(is_own && (at.is_none() || !own(None))),
            Err(PromoteError::Order(problem)) => match problem {
                OrderProblem::DeniedEverywhere { .. } => assert!(at.is_some() && own(None)),
                OrderProblem::DeniedAs { named: other, .. } => {
                    assert!(!is_own && is_others && other.as_str() != NAMES[named]);
                }
                OrderProblem::NotInForce { .. } => assert!(!is_own && !is_others),
                other => panic!("{other:?}"),
            },
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn run(&mut self, op: Op) {
        self.now += Duration::from_secs(60);
        let promoter = self.world.promoter();
        let said = format!("{op:?}");
        let whole = |image: usize| -> Wanted { digest(&self.images[image]).into() };
        match op {
            Op::Deny { named, image, at } => {
                let place = at.map(|at| name(PLACES[at]));
                promoter.deny(&name(NAMES[named]), &whole(image), place.as_ref(), "bad", self.now).await.unwrap();
            }
            Op::Release { named, image, at } => self.release(named, image, at).await,
            Op::EndHold { named, at } => {
                drop(promoter.release_hold(&name(NAMES[named]), &name(PLACES[at]), "over", self.now).await);
            }
            Op::Promote { named, image, edge, by } => self.promote(named, image, edge, by).await,
            Op::Rollback { named, at, to } => {
                let to = to.map_or(RollbackTo::Previous, |image| RollbackTo::Image(whole(image)));
                let (app, at) = (name(NAMES[named]), name(PLACES[at]));
                if let Ok(plan) = promoter.plan_rollback(&app, &at, &to, "worse", self.now).await
                    && let Ok(cleared) = promoter.clear_rollback(plan, self.now).await
                {
                    let receipt = promoter.apply_rollback(cleared, self.now).await.unwrap();
                    let told = self.world.chronicle().await;
                    // Whoever releases another image does not let this one go on.
                    if let (Some(bad), Some(_)) = (&receipt.bad, &receipt.entry) {
                        assert!(told.denials_of(bad).iter().any(|one| one.image == app && one.environment.is_none()));
                    }
                }
            }
            Op::Heal { at } => {
                let drift = promoter.drift(&name(PLACES[at]), None, self.now).await.unwrap();
                promoter.heal(&drift, self.now).await.unwrap();
            }
        }
        // Whatever was denied before it was done, or is since.
        let mut before = self.denied.clone();
        self.learn().await;
        before.retain(|one| self.denied.contains(one));
        self.look(&said, &before).await;
    }

    /// No tag has come to hold what was and is denied, and every reader says the same.
    async fn look(&mut self, said: &str, denied: &BTreeSet<(usize, usize, Option<usize>)>) {
        let told = self.world.chronicle().await;
        for (n, named) in NAMES.iter().enumerate() {
            let app = name(named);
            let about = told.clone().of_image(&app);
            for (at, place) in PLACES.iter().enumerate() {
                let registry: &Memory = if at == 0 { &self.world.stage } else { &self.world.prod };
                let repo = repo(place, named);
                let tags: Vec<lockage_registry::Tag> = registry.tags(&repo).try_collect().await.unwrap_or_default();
                for one in tags {
                    let held = registry.resolve(&repo, &TagOrDigest::Tag(one.clone())).await.unwrap().digest;
                    let before = self.tags.insert((n, at, one.to_string()), held.clone());
                    let image = self.images.iter().position(|image| digest(image) == held).unwrap();
                    let is_denied = denied.iter().any(|(_, i, a)| *i == image && a.is_none_or(|a| a == at));
                    assert!(before == Some(held) || !is_denied, "{said}: {repo}:{one} was moved to what is denied");
                }
                let place = name(place);
                for (image, built) in self.images.iter().enumerate() {
                    let is_denied = self.is_denied(image, at);
                    let digest = digest(built);
                    for chronicle in [&told, &about] {
                        assert_eq!(chronicle.denied(&app, &place, &digest).is_some(), is_denied, "{said}");
                    }
                }
                if let Some(resident) = memory::resident(&told, &app, &place, self.now) {
                    let image = self.images.iter().position(|image| digest(image) == resident.digest).unwrap();
                    assert_eq!(resident.denied.is_some(), self.is_denied(image, at), "{said}: running");
                }
            }
            for (image, built) in self.images.iter().enumerate() {
                let everywhere = self.denied.iter().any(|(_, i, a)| *i == image && a.is_none());
                let found = memory::where_is(&told, &digest(built).into(), self.now);
                let mut own = found.images.iter().filter(|one| one.image == app);
                assert!(own.all(|one| one.denied.is_some() == everywhere), "{said}: where-is");
            }
        }
        let in_force: BTreeSet<_> = memory::in_force(&told, self.now)
            .denials
            .into_iter()
            .map(|one| {
                let named = NAMES.iter().position(|name| *name == one.image.as_str()).unwrap();
                let image = self.images.iter().position(|image| digest(image) == one.digest).unwrap();
                (named, image, one.environment.map(|at| PLACES.iter().position(|one| *one == at.as_str()).unwrap()))
            })
            .collect();
        let is_said = |(n, i, a): &(usize, usize, Option<usize>)| a.is_none() || !self.denied.contains(&(*n, *i, None));
        assert_eq!(in_force, self.denied.iter().copied().filter(is_said).collect(), "{said}: in force");
    }
}

async fn go(
    promoter: &Promoter,
    image: &Name,
    text: &str,
    edge: &Name,
    now: SystemTime,
) -> Result<PassageReceipt, PromoteError> {
    let pinned = promoter.resolve(image, &select(text), edge).await?;
    let plan = promoter.plan(&pinned, edge).await?;
    let cleared = promoter.clear(plan, now).await?;
    promoter.apply(cleared, now).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_denied_digest_moves_under_no_name_until_whoever_denied_it_releases_it(
        ops in prop::collection::vec(op(), 10..40),
    ) {
        futures::executor::block_on(async {
            let mut model = Model::new().await;
            for op in ops {
                model.run(op).await;
            }
        });
    }
}

/// The histories do come to something.
#[test]
fn histories_of_two_names_promote_and_do_not_only_refuse() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut promoted = 0;
    futures::executor::block_on(async {
        for _ in 0..8 {
            let ops = prop::collection::vec(op(), 40).new_tree(&mut runner).unwrap().current();
            let mut model = Model::new().await;
            for op in ops {
                model.run(op).await;
            }
            promoted += model.promoted;
        }
    });
    assert!(promoted > 20, "{promoted}");
}

/// dev, and prod, which takes one platform alone.
fn one_platform() -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").platform("linux/arm64").float("prod"))
        .edge(EdgeSpec::new("dev", "prod"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_platform_is_denied_with_its_index_and_an_index_with_its_platform_under_any_name() {
    let model = Model::new().await;
    let world = &model.world;
    let promoter = Promoter::new(one_platform(), "tester").reads("dev", world.dev.clone());
    let promoter = promoter.writes("prod", world.prod.clone()).ledger(world.ledger.clone());
    let (app, web, edge) = (name("app"), name("web"), name("dev-prod"));
    let index: Wanted = digest(&model.images[0]).into();
    let child = go(&promoter, &web, "pr:1", &edge, now()).await.unwrap().digest;
    assert_ne!(Wanted::from(child.clone()), index);
    promoter.deny(&app, &index, None, "leaks", now()).await.unwrap();
    let told = model.world.chronicle().await;
    let denial = told.denied(&web, &name("prod"), &child).unwrap();
    assert_eq!((&denial.image, &denial.digest), (&app, &digest(&model.images[0])), "the ledger knows what it is of");
    for text in ["pr:1".to_owned(), format!("digest:{}", digest(&model.images[0]))] {
        match go(&promoter, &web, &text, &edge, now()).await {
            Err(PromoteError::NotCleared(refusal)) => {
                assert!(refusal.to_string().contains("is denied: leaks (tester); it was denied as app"), "{refusal}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    promoter.release_denial(&app, &index, None, "no leak", now()).await.unwrap();
    promoter.deny(&app, &child.clone().into(), None, "leaks there", now()).await.unwrap();
    match go(&model.world.promoter(), &web, "pr:1", &name("dev-stage"), now()).await {
        Err(PromoteError::NotCleared(refusal)) => assert!(refusal.to_string().contains("leaks there"), "{refusal}"),
        other => panic!("{other:?}"),
    }
}

/// Who denies an image that nobody has ever heard of has mistyped it, or says so.
#[tokio::test]
async fn an_image_that_is_nowhere_is_denied_by_nobody_who_does_not_say_so() {
    let world = World::new();
    let (first, bad) = (built(&"1".repeat(40), 1), digest(&built(&"2".repeat(40), 2)));
    world.push(&first, &["pr-1"]).await;
    let promoter = world.promoter();
    let wanted: Wanted = bad.clone().into();
    // It is in an environment, and the ledger has not begun.
    promoter.deny(&name("app"), &wanted, None, "leaks", now()).await.unwrap();
    let refused = promoter.deny(&name("ap"), &wanted, None, "leaks", now()).await.unwrap_err();
    let PromoteError::Order(OrderProblem::NoSuchImage { image, known, unread }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!((image, &known[..], unread.len()), (&name("ap"), &[name("app")][..], 0));
    assert!(refused.remedy().unwrap().contains("The ledger knows: app."), "{refused}");
    assert_eq!(world.chronicle().await.entries().len(), 1);
    // What could not be asked is named, and is no reason to believe it.
    let alone = Promoter::new(World::graph().build().unwrap(), "tester").writes("stage", world.stage.clone());
    let refused =
        alone.ledger(world.ledger.clone()).deny(&name("ap"), &wanted, None, "leaks", now()).await.unwrap_err();
    assert!(refused.to_string().ends_with("(could not be asked: dev; prod)"), "{refused}");
    promoter.deny_ahead(&name("ap"), &wanted, None, "leaks", now()).await.unwrap();
    // From here on the ledger knows it.
    promoter.deny(&name("ap"), &wanted, None, "leaks more", now()).await.unwrap();
}

#[tokio::test]
async fn nothing_is_promoted_in_nobodys_name_and_not_a_byte_moves() {
    let world = World::new();
    world.push(&built(&"1".repeat(40), 1), &["pr-1"]).await;
    for actor in [" ", "ev\u{1b}]0;x\u{7}"] {
        let promoter = Promoter::new(World::graph().build().unwrap(), actor).ledger(world.ledger.clone());
        let promoter = promoter.writes("dev", world.dev.clone()).writes("stage", world.stage.clone());
        let refused = pass(&promoter, "pr:1", "dev-stage").await.unwrap_err();
        assert!(matches!(refused, PromoteError::Ledger(LedgerError::Nobody { .. })), "{refused:?}");
        assert!(refused.remedy().unwrap().contains("Name who"), "{refused}");
    }
    let stage: Repository = "stage.example/app".parse().unwrap();
    assert!(world.stage.tags(&stage).try_next().await.unwrap_err().is_not_found());
}
