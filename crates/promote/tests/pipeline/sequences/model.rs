//! The world that it is done to, and what is known of it without asking the crate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{
    Chronicle, Entry, History as _, Kind, Ledger as _, MemoryLedger, Phase, Recorded, Standing,
};
use lockage_promote::pipeline::approval::{ARTIFACT_TYPE, ApprovalGate, approve};
use lockage_promote::pipeline::{
    EdgeSpec, EnvironmentSpec, Graph, Name, Override, PassageReceipt, PromoteError, Promoter, RollbackTo, Upstream,
};
use lockage_promote::{Evidence, GateContext, Verdict, gate};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{
    Digest, ErrorKind, Memory, RawManifest, Repository, Source as _, TagOrDigest, Target as _, referrers,
};

use crate::notary::{Notary, pen};
use crate::world::{built, digest, name, now, select, tag};

use super::IMAGES;
use super::ops::{By, Op, Shape};

/// What an edge asks beside what every edge does.
const GATES: [&str; 5] = ["upstream", "denied", "held", "luck", "approval"];

/// The world, and what is known of it without asking the crate.
pub(super) struct Model {
    shape: Shape,
    edges: Vec<(usize, usize, bool)>,
    images: Vec<Image>,
    registries: Vec<Memory>,
    ledger: MemoryLedger,
    now: SystemTime,
    tags: BTreeMap<usize, usize>,
    current: BTreeMap<usize, usize>,
    arrived: BTreeSet<(usize, usize)>,
    denied: BTreeSet<(usize, Option<usize>)>,
    held: BTreeSet<usize>,
    approved: BTreeSet<Digest>,
    kept: Vec<(usize, usize, String)>,
    /// Environments whose tags somebody has moved past the pipeline, or could not be put back.
    meddled: BTreeSet<usize>,
    /// What the tags held before.
    before: BTreeMap<(usize, &'static str), Option<Digest>>,
    pub(super) promoted: usize,
    pub(super) rolled_back: usize,
    pub(super) healed: usize,
}

fn environment(n: usize) -> String {
    format!("e{n}")
}

fn repo(n: usize) -> Repository {
    format!("e{n}.example/app").parse().unwrap()
}

/// Whether an edge likes an image.
fn luck(seed: u64, edge: &str, digest: &Digest) -> bool {
    let text = format!("{seed} {edge} {digest}");
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 32) % 3 != 0
}

impl Model {
    pub(super) fn new(shape: Shape) -> Self {
        let mut edges = Vec::new();
        for to in 1..shape.environments {
            for from in 0..to {
                let is_chain = from + 1 == to;
                if is_chain || shape.edges[from * 4 + to] {
                    edges.push((from, to, from == 0 && !is_chain));
                }
            }
        }
        let images = (0..IMAGES).map(|n| built(&format!("{n}").repeat(40), n as u64)).collect();
        let registries =
            (0..shape.environments).map(|n| Memory::new(format!("e{n}.example").parse().unwrap())).collect();
        Self {
            shape,
            edges,
            images,
            registries,
            ledger: MemoryLedger::new(),
            now: now(),
            tags: BTreeMap::new(),
            current: BTreeMap::new(),
            arrived: BTreeSet::new(),
            denied: BTreeSet::new(),
            held: BTreeSet::new(),
            approved: BTreeSet::new(),
            kept: Vec::new(),
            meddled: BTreeSet::new(),
            before: BTreeMap::new(),
            promoted: 0,
            rolled_back: 0,
            healed: 0,
        }
    }

    fn edge_name(&self, edge: usize) -> Name {
        let (from, to, _) = self.edges[edge];
        name(&format!("e{from}-e{to}"))
    }

    fn promoter(&self, fault: Option<(usize, usize, Fault)>) -> Promoter {
        let mut graph = Graph::builder();
        for n in 0..self.shape.environments {
            let mut spec = EnvironmentSpec::new(environment(n), format!("e{n}.example/{{image}}"));
            if n > 0 {
                spec = spec.pin("sha-{sha}").float("now").float("other");
                spec = if self.shape.all[n] { spec.upstream(Upstream::All) } else { spec };
            }
            graph = graph.environment(spec);
        }
        for (n, (from, to, hotfix)) in self.edges.iter().enumerate() {
            let (seed, edge) = (self.shape.luck, self.edge_name(n).to_string());
            let spec = EdgeSpec::new(environment(*from), environment(*to));
            let spec = if *hotfix { spec.hotfix(edge.clone()) } else { spec };
            let likes = gate("luck", move |context: &GateContext<'_>| {
                Ok(match luck(seed, &edge, context.digest()) {
                    true => Verdict::Pass(Evidence::new("liked")),
                    false => Verdict::fail("not liked"),
                })
            });
            graph = graph.edge(spec.gate(likes).gate(ApprovalGate::new(Notary::of(&["alice"]), 1).not_actor()));
        }
        let mut promoter = Promoter::new(graph.build().unwrap(), "tester").ledger(self.ledger.clone());
        for (n, memory) in self.registries.iter().enumerate() {
            promoter = match fault {
                Some((at, nth, fault)) if at == n => {
                    promoter.writes(environment(n), Faulty::new(memory.clone()).fail(nth, fault))
                }
                _ => promoter.writes(environment(n), memory.clone()),
            };
        }
        promoter
    }

    /// The image that is meant, if there is one where the edge begins.
    fn meant(&self, edge: usize, by: By) -> (String, Option<usize>) {
        let (from, ..) = self.edges[edge];
        match by {
            By::Tag(number) if from == 0 => (format!("pr:{}", number + 1), self.tags.get(&number).copied()),
            By::Tag(_) => ("tag:now".to_owned(), None),
            By::Digest(image) => (format!("digest:{}", digest(&self.images[image])), Some(image)),
            By::Current => (format!("env:e{from}"), self.current.get(&from).copied()),
        }
    }

    /// The gates that have to be against it.
    fn against(&self, edge: usize, image: usize) -> BTreeSet<&'static str> {
        let (from, to, hotfix) = self.edges[edge];
        let mut against = BTreeSet::new();
        let upstream: Vec<usize> = match self.shape.all[to] && !hotfix {
            true => self.edges.iter().filter(|one| one.1 == to && !one.2).map(|one| one.0).collect(),
            false => vec![from],
        };
        // It was found where builds arrive only if the way begins there.
        let has_been = |n: &usize| (*n == 0 && from == 0) || self.arrived.contains(&(*n, image));
        if !upstream.iter().all(has_been) {
            against.insert("upstream");
        }
        if self.denied.contains(&(image, None)) || self.denied.contains(&(image, Some(to))) {
            against.insert("denied");
        }
        if self.held.contains(&to) {
            against.insert("held");
        }
        if !luck(self.shape.luck, self.edge_name(edge).as_str(), &digest(&self.images[image])) {
            against.insert("luck");
        }
        against
    }

    async fn record(&self, kind: Kind, image: usize, at: Option<usize>) {
        let entry = Entry::new(kind, name("app"), digest(&self.images[image]), "ops", self.now);
        let entry = match at {
            Some(n) => entry.in_environment(name(&environment(n))),
            None => entry,
        };
        self.ledger.append(entry).await.unwrap();
    }

    async fn told(&self) -> Vec<Recorded> {
        Chronicle::of(self.ledger.entries(None).await.unwrap()).entries().to_vec()
    }

    /// It has passed: was it allowed to, and is it what was meant?
    async fn passed(&mut self, edge: usize, meant: usize, receipt: &PassageReceipt, over: Option<&Override>) {
        assert_eq!(receipt.digest, digest(&self.images[meant]), "it is what was resolved");
        let to = self.edges[edge].1;
        let overridden: BTreeSet<&str> =
            receipt.evidence.iter().filter(|one| one.overridden.is_some()).map(|one| one.gate.as_str()).collect();
        let asked: Vec<&str> = receipt.evidence.iter().map(|one| one.gate.as_str()).collect();
        assert_eq!(asked, GATES, "every gate was asked");
        let named = |gate: &&str| over.is_some_and(|over| over.gates().iter().any(|one| one == gate));
        assert!(overridden.iter().all(named), "only what is named is passed by: {overridden:?}");
        for against in self.against(edge, meant) {
            assert!(overridden.contains(against), "{against} was against it");
        }
        let told = self.told().await;
        if !overridden.contains("approval") {
            // The plan, or one by which a run before has begun or done the very same.
            let of_it = told.iter().filter_map(|recorded| match &recorded.entry.kind {
                Kind::Promote { plan, edge: by, .. }
                    if recorded.entry.digest == receipt.digest
                        && *by == receipt.passage.edge
                        && recorded.entry.environment.as_ref() == Some(&receipt.environment) =>
                {
                    Some(plan)
                }
                _ => None,
            });
            let was = of_it.chain([&receipt.plan]).any(|plan| self.approved.contains(plan));
            assert!(was, "nobody has approved {}", receipt.plan);
        }
        self.current.insert(to, meant);
        self.arrived.insert((to, meant));
        self.meddled.remove(&to);
        self.promoted += 1;
    }

    /// What holds at all times, by the ledger and the registries alone.
    pub(super) async fn check(&self) {
        let told = self.told().await;
        let chronicle = Chronicle::of(told.clone());
        for n in 1..self.shape.environments {
            let at = name(&environment(n));
            let current = chronicle.current(&name("app"), &at);
            let expected = self.current.get(&n).map(|image| digest(&self.images[*image]));
            assert_eq!(current.map(|one| one.entry.digest.clone()), expected, "e{n}");
            let mut about = Vec::new();
            for recorded in &told {
                let entry = &recorded.entry;
                match &entry.kind {
                    Kind::Promote { phase, edge, plan, evidence, .. } if entry.environment.as_ref() == Some(&at) => {
                        about.push((*phase, entry.digest.clone()));
                        for one in evidence.iter() {
                            let is_liked = one.gate != "luck" || luck(self.shape.luck, edge.as_str(), &entry.digest);
                            assert!(is_liked || one.overridden.is_some(), "{edge} does not like it");
                            let is_said = || {
                                told.iter().take_while(|other| other.id != recorded.id).any(|other| {
                                    matches!(&other.entry.kind, Kind::Override { plan: of, gates, .. }
                                        if of == plan && gates.contains_key(&one.gate))
                                })
                            };
                            assert!(one.overridden.is_none() || is_said(), "an override that nobody was told of");
                        }
                    }
                    Kind::Rollback { phase, .. } if entry.environment.as_ref() == Some(&at) => {
                        about.push((*phase, entry.digest.clone()));
                        let image = self.images.iter().position(|image| digest(image) == entry.digest).unwrap();
                        assert!(self.arrived.contains(&(n, image)), "back in e{n}, where it never was");
                    }
                    Kind::Observe { .. } if entry.environment.as_ref() == Some(&at) => {
                        about.push((Phase::Done, entry.digest.clone()));
                    }
                    _ => {}
                }
            }
            if self.meddled.contains(&n) {
                continue;
            }
            // A tag that moves holds what is current, or what is about to be.
            let begun = about.iter().rev().take_while(|(phase, _)| *phase == Phase::Intent).map(|(_, digest)| digest);
            let allowed: Vec<&Digest> = begun.chain(current.map(|one| &one.entry.digest)).collect();
            for float in ["now", "other"] {
                if let Ok(held) = self.registries[n].resolve(&repo(n), &TagOrDigest::Tag(tag(float))).await {
                    assert!(allowed.contains(&&held.digest), "e{n}:{float} holds what nobody has promoted");
                }
            }
        }
    }

    async fn go(
        &mut self,
        edge: usize,
        by: By,
        promoter: &Promoter,
        over: Option<&Override>,
        race: bool,
    ) -> Result<(), PromoteError> {
        let (text, meant) = self.meant(edge, by);
        let edge_name = self.edge_name(edge);
        let app = promoter.resolve(&name("app"), &select(&text), &edge_name).await?;
        let meant = meant.or_else(|| self.images.iter().position(|image| digest(image) == *app.digest())).unwrap();
        if race {
            // The tag moves while it is planned: it is what it was.
            let other = (meant + 1) % IMAGES;
            if let By::Tag(number) = by {
                self.build(other, number).await;
            }
        }
        let plan = promoter.plan(&app, &edge_name).await?;
        let cleared = match over {
            Some(over) => promoter.clear_with_override(plan, over, self.now).await?,
            None => promoter.clear(plan, self.now).await?,
        };
        let receipt = promoter.apply(cleared, self.now).await?;
        self.passed(edge, meant, &receipt, over).await;
        Ok(())
    }

    pub(super) async fn build(&mut self, image: usize, number: usize) {
        let under = tag(&format!("pr-{}", number + 1));
        fixtures::push(&self.registries[0], &repo(0), &self.images[image], &under).await.unwrap();
        self.tags.insert(number, image);
    }

    async fn replay(&self, from: usize, to: usize) {
        let memory = &self.registries[0];
        let (from, onto) = (digest(&self.images[from]), digest(&self.images[to]));
        let Ok(onto) = memory.resolve(&repo(0), &onto.into()).await else { return };
        for entry in memory.referrers(&repo(0), &from, Some(ARTIFACT_TYPE)).await.unwrap() {
            let raw = memory.manifest(&repo(0), &entry.digest.into()).await.unwrap();
            let mut document: serde_json::Value = serde_json::from_slice(raw.bytes()).unwrap();
            document["subject"] =
                serde_json::json!({"mediaType": onto.media_type, "digest": onto.digest, "size": onto.size});
            let forged = RawManifest::new(raw.media_type(), document.to_string().into()).unwrap();
            referrers::attach(memory, &repo(0), &forged).await.unwrap();
        }
    }

    /// What the tags hold that move or are created in each environment.
    async fn floats(&self) -> BTreeMap<(usize, &'static str), Option<Digest>> {
        let mut floats = BTreeMap::new();
        for n in 1..self.shape.environments {
            for float in ["now", "other", "sha-0000000", "sha-1111111", "sha-2222222"] {
                let held = self.registries[n].resolve(&repo(n), &TagOrDigest::Tag(tag(float))).await.ok();
                floats.insert((n, float), held.map(|held| held.digest));
            }
        }
        floats
    }

    /// Does it; and what is denied moves nowhere by it, nor anything by hand or automatically into what is held.
    pub(super) async fn run(&mut self, op: Op) {
        let (denied, held) = (self.denied.clone(), self.held.clone());
        let is_meddling = matches!(op, Op::Meddle { .. });
        let puts_back = matches!(op, Op::Rollback { .. } | Op::Heal { .. });
        let said = format!("{op:?}");
        self.carry_out(op).await;
        let now = self.floats().await;
        let before = std::mem::replace(&mut self.before, now.clone());
        for ((n, float), now) in now {
            let is_same = before.get(&(n, float)).cloned().flatten() == now;
            let (Some(now), false) = (&now, is_same || is_meddling) else { continue };
            let image = self.images.iter().position(|image| digest(image) == *now).unwrap();
            let is_denied = denied.contains(&(image, None)) || denied.contains(&(image, Some(n)));
            assert!(!is_denied, "{said}: e{n}:{float} was moved to what is denied");
            let is_pin = float.starts_with("sha-");
            assert!(puts_back || is_pin || !held.contains(&n), "{said}: e{n}:{float} was moved, which is held");
        }
    }

    /// What a rollback, or healing, has written, by the ledger.
    async fn learn(&mut self) {
        let told = self.told().await;
        let number = |at: &Option<Name>| at.as_ref().map(|at| at.as_str()[1..].parse::<usize>().unwrap());
        (self.denied, self.held) = Default::default();
        for Recorded { entry, .. } in &told {
            let image = self.images.iter().position(|image| digest(image) == entry.digest).unwrap();
            let at = number(&entry.environment);
            match (&entry.kind, at) {
                (Kind::Deny { .. }, at) => drop(self.denied.insert((image, at))),
                (Kind::Release { of: Standing::Denial, .. }, None) => self.denied.retain(|(one, _)| *one != image),
                (Kind::Release { of: Standing::Denial, .. }, at) => drop(self.denied.remove(&(image, at))),
                (Kind::Hold { .. }, Some(at)) => drop(self.held.insert(at)),
                (Kind::Release { of: Standing::Hold, .. }, Some(at)) => drop(self.held.remove(&at)),
                _ => {}
            }
        }
    }

    fn killed(killed: Option<(usize, bool)>, environment: usize) -> Option<(usize, usize, Fault)> {
        let (nth, after) = killed?;
        let fault = if after { Fault::After(ErrorKind::Unreachable) } else { Fault::Before(ErrorKind::Unavailable) };
        Some((environment, nth, fault))
    }

    async fn roll_back(&mut self, at: usize, to: Option<usize>, killed: Option<(usize, bool)>) {
        let promoter = self.promoter(Self::killed(killed, at));
        let to = match to {
            Some(image) => RollbackTo::Image(digest(&self.images[image]).into()),
            None => RollbackTo::Previous,
        };
        let (app, there) = (name("app"), name(&environment(at)));
        let bad = self.current.get(&at).copied();
        let Ok(plan) = promoter.plan_rollback(&app, &there, &to, "worse", self.now).await else { return };
        let Ok(cleared) = promoter.clear_rollback(plan, self.now).await else { return };
        let outcome = promoter.apply_rollback(cleared, self.now).await;
        self.learn().await;
        let Ok(receipt) = outcome else { return };
        let image = self.images.iter().position(|image| digest(image) == receipt.digest).unwrap();
        assert!(self.arrived.contains(&(at, image)), "back where it never was");
        if receipt.entry.is_some() {
            assert!(self.held.contains(&at), "a rollback holds");
            assert!(bad.is_none_or(|bad| bad == image || receipt.bad.is_none() || self.is_denied(&receipt.bad)));
            self.rolled_back += 1;
        }
        self.current.insert(at, image);
        match receipt.left.is_empty() {
            true => drop(self.meddled.remove(&at)),
            false => drop(self.meddled.insert(at)),
        }
    }

    fn is_denied(&self, bad: &Option<Digest>) -> bool {
        let image = self.images.iter().position(|image| Some(digest(image)) == *bad).unwrap();
        self.denied.contains(&(image, None))
    }

    async fn heal(&mut self, at: usize, killed: Option<(usize, bool)>) {
        let promoter = self.promoter(Self::killed(killed, at));
        let there = name(&environment(at));
        let drift = promoter.drift(&there, None, self.now).await.unwrap();
        let (denied, held) = (self.denied.clone(), self.held.contains(&at));
        let healed = promoter.heal(&drift, self.now).await.unwrap();
        self.learn().await;
        // What it went on with is what was begun, and was neither denied nor, if it is a promotion, held.
        let told = self.told().await;
        let mut about = told.iter().map(|one| &one.entry).filter(|entry| entry.environment.as_ref() == Some(&there));
        let last = about.rfind(|entry| entry.arrives());
        if let Some(entry) = last {
            let image = self.images.iter().position(|image| digest(image) == entry.digest).unwrap();
            if self.current.get(&at) != Some(&image) {
                assert!(!denied.contains(&(image, None)) && !denied.contains(&(image, Some(at))));
                assert!(!held || matches!(entry.kind, Kind::Rollback { .. }), "a promotion into what is held");
                self.current.insert(at, image);
                self.arrived.insert((at, image));
            }
        }
        if drift.unread.is_empty() && healed.failed.is_empty() {
            let is_whole = healed.images.iter().all(|one| one.left.is_empty());
            // Without anything that ever arrived there is nothing to put back.
            if is_whole && self.current.contains_key(&at) {
                self.meddled.remove(&at);
                self.healed += usize::from(!drift.images.is_empty());
            } else {
                self.meddled.insert(at);
            }
        }
    }

    async fn meddle(&mut self, at: usize, image: usize) {
        let registry = &self.registries[at];
        let by_digest = digest(&self.images[image]).into();
        let Ok(raw) = registry.manifest(&repo(at), &by_digest).await else { return };
        registry.put_manifest(&repo(at), &raw, &TagOrDigest::Tag(tag("now"))).await.unwrap();
        self.meddled.insert(at);
    }

    async fn carry_out(&mut self, op: Op) {
        self.now += Duration::from_secs(60);
        let edges = self.edges.len();
        let environments = self.shape.environments;
        match op {
            Op::Build { image, tag } => self.build(image, tag).await,
            Op::Promote { edge, by, race } => {
                let promoter = self.promoter(None);
                drop(self.go(edge % edges, by, &promoter, None, race).await);
            }
            Op::Override { edge, by, gates } => {
                let named = GATES.iter().enumerate().filter(|(n, _)| gates & (1 << n) != 0);
                let over = named.fold(Override::because("outage"), |over, (_, gate)| over.gate(*gate));
                let promoter = self.promoter(None);
                drop(self.go(edge % edges, by, &promoter, Some(&over), false).await);
            }
            Op::Killed { edge, by, nth, after } => {
                let edge = edge % edges;
                let fault =
                    if after { Fault::After(ErrorKind::Unreachable) } else { Fault::Before(ErrorKind::Unavailable) };
                let promoter = self.promoter(Some((self.edges[edge].1, nth, fault)));
                drop(self.go(edge, by, &promoter, None, false).await);
            }
            Op::Keep { edge, by } => {
                let edge = edge % edges;
                let promoter = self.promoter(None);
                let (text, _) = self.meant(edge, by);
                let Ok(app) = promoter.resolve(&name("app"), &select(&text), &self.edge_name(edge)).await else {
                    return;
                };
                let meant = self.images.iter().position(|image| digest(image) == *app.digest()).unwrap();
                if let Ok(plan) = promoter.plan(&app, &self.edge_name(edge)).await {
                    self.kept.push((edge, meant, serde_json::to_string(&plan).unwrap()));
                }
            }
            Op::ApplyKept { which } => {
                let Some((edge, meant, text)) = self.kept.get(which).cloned() else { return };
                let promoter = self.promoter(None);
                let Ok(cleared) = promoter.clear(serde_json::from_str(&text).unwrap(), self.now).await else { return };
                if let Ok(receipt) = promoter.apply(cleared, self.now).await {
                    self.passed(edge, meant, &receipt, None).await;
                }
            }
            Op::Approve { edge, by } => {
                let edge = edge % edges;
                let (text, _) = self.meant(edge, by);
                let promoter = self.promoter(None);
                let Ok(app) = promoter.resolve(&name("app"), &select(&text), &self.edge_name(edge)).await else {
                    return;
                };
                if let Ok(plan) = promoter.plan(&app, &self.edge_name(edge)).await {
                    let source = &self.registries[self.edges[edge].0];
                    approve(source, &plan, &pen("alice"), "", self.now).await.unwrap();
                    self.approved.insert(plan.id().unwrap());
                }
            }
            Op::Press { edge, by } => {
                Box::pin(self.carry_out(Op::Approve { edge, by })).await;
                Box::pin(self.carry_out(Op::Promote { edge, by, race: false })).await;
            }
            Op::Replay { from, to } => self.replay(from, to).await,
            Op::Deny { image, environment } => {
                let at = environment.filter(|n| *n < environments);
                self.record(Kind::Deny { reason: "bad".into() }, image, at).await;
                self.denied.insert((image, at));
            }
            Op::Release { image, environment } => {
                let at = environment.filter(|n| *n < environments);
                self.record(Kind::Release { of: Standing::Denial, reason: "good".into() }, image, at).await;
                match at {
                    Some(at) => drop(self.denied.remove(&(image, Some(at)))),
                    None => self.denied.retain(|(denied, _)| *denied != image),
                }
            }
            Op::Hold { environment } if environment < environments => {
                self.record(Kind::Hold { reason: "party".into(), until: None }, 0, Some(environment)).await;
                self.held.insert(environment);
            }
            Op::EndHold { environment } if environment < environments => {
                self.record(Kind::Release { of: Standing::Hold, reason: "over".into() }, 0, Some(environment)).await;
                self.held.remove(&environment);
            }
            Op::Rollback { environment, to, killed } => {
                let at = 1 + environment % (environments - 1);
                // Often to what was there.
                let there: Vec<usize> =
                    self.arrived.iter().filter(|(n, _)| *n == at).map(|(_, image)| *image).collect();
                let to = to.map(|n| there.get(n).copied().unwrap_or(n));
                self.roll_back(at, to, killed).await;
            }
            Op::Meddle { environment, image } => self.meddle(1 + environment % (environments - 1), image).await,
            Op::Heal { environment, killed } => self.heal(1 + environment % (environments - 1), killed).await,
            Op::Hold { .. } | Op::EndHold { .. } => {}
        }
    }
}
