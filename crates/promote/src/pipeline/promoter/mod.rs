//! `Promoter`: resolves, plans, clears and applies promotions along the edges of a graph.

mod apply;
mod at;
mod break_glass;
mod deny;
mod error;
pub(super) mod held;
mod intent;
mod move_tags;
mod orders;
pub(super) mod plan;
mod receipt;
mod reread;
pub(super) mod rollback;
mod set;
pub(super) mod standing;
mod steps;
mod tell;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lockage_registry::{Digest, Prune, Repository, Source, Target};

use self::held::Held;
use self::tell::About;
use super::events::{Sinks, What};
use super::evidence::EvidenceSigning;
use super::lease::Leasing;
use super::resolve::{Conventions, Place, resolve};
use super::step::Pace;
use super::{Edge, Graph, Name, Passage, Pinned, Select};
use crate::gate::{Promoted, Way};
use crate::ledger::{Chronicle, Ledger, MemoryLedger};
use crate::promotion::{ask, decide};
use crate::{Cleared, Draft, Flights, GateContext, Observer, Opinion, Plan};

pub use break_glass::{Override, OverrideProblem};
pub use error::PromoteError;
pub(crate) use intent::intent;
pub use orders::{OrderProblem, Ordered};
pub use receipt::{PassageReceipt, Trouble, WrittenTag};
pub use rollback::{Canary, LeftTag, MovedTag, RollbackPlan, RollbackReceipt, RollbackTo};

/// Promotes images along the edges of a graph.
///
/// ```
/// use std::time::SystemTime;
/// use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Promoter, Select};
/// use lockage_promote::{Evidence, Verdict, gate};
/// # use lockage_registry::{Memory, Registry, Source as _, TagOrDigest, testing::fixtures};
/// # futures::executor::block_on(async {
/// # let (dev, prod) = (Memory::new("dev.example".parse()?), Memory::new("prod.example".parse()?));
/// # fixtures::push(&dev, &"dev.example/app".parse()?, &fixtures::image(1), &"pr-42".parse()?).await?;
/// let graph = Graph::builder()
///     .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
///     .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
///     .edge(EdgeSpec::new("dev", "prod").gate(gate("tests", |_| Ok(Verdict::Pass(Evidence::new("all green"))))))
///     .build()?;
/// let promoter = Promoter::new(graph, "ci").reads("dev", dev).writes("prod", prod.clone());
///
/// let app = promoter.resolve(&"app".parse()?, &Select::PullRequest(42), &"dev-prod".parse()?).await?;
/// let plan = promoter.plan(&app, &"dev-prod".parse()?).await?;
/// let now = SystemTime::now();
/// let cleared = promoter.clear(plan, now).await?;
/// let receipt = promoter.apply(cleared, now).await?;
/// assert_eq!(prod.resolve(&"prod.example/app".parse()?, &TagOrDigest::Tag("prod".parse()?)).await?.digest, receipt.digest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct Promoter {
    pub(super) graph: Arc<Graph>,
    sources: BTreeMap<String, Arc<dyn Source>>,
    targets: BTreeMap<String, Arc<dyn Target>>,
    prunes: BTreeMap<String, Arc<dyn Prune>>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) conventions: Conventions,
    pub(super) actor: String,
    observer: Option<Arc<dyn Observer>>,
    flights: Flights,
    attachments: bool,
    signing: Option<EvidenceSigning>,
    leasing: Option<Leasing>,
    sinks: Option<Sinks>,
    clock: Option<Arc<dyn Pace>>,
}

impl Promoter {
    /// Promotes along the edges of `graph`, in the name of `actor`, and remembers it as long as it lives: a
    /// [`ledger`](Self::ledger) remembers it longer.
    pub fn new(graph: impl Into<Arc<Graph>>, actor: impl Into<String>) -> Self {
        Self {
            graph: graph.into(),
            sources: BTreeMap::new(),
            targets: BTreeMap::new(),
            prunes: BTreeMap::new(),
            ledger: Arc::new(MemoryLedger::new()),
            conventions: Conventions::default(),
            actor: actor.into(),
            observer: None,
            flights: Flights::new(),
            attachments: true,
            signing: None,
            leasing: None,
            sinks: None,
            clock: None,
        }
    }

    /// Reads an environment through this, and never writes there.
    pub fn reads(mut self, environment: impl Into<String>, source: impl Source + 'static) -> Self {
        self.sources.insert(environment.into(), Arc::new(source));
        self
    }

    /// Reads and writes an environment through this.
    pub fn writes(mut self, environment: impl Into<String>, target: impl Target + 'static) -> Self {
        let (environment, target) = (environment.into(), Arc::new(target));
        self.sources.insert(environment.clone(), target.clone());
        self.targets.insert(environment, target);
        self
    }

    /// Deletes tags of an environment through this; nothing else is ever deleted. Needed only by
    /// [`revert_set`](Self::revert_set), for tags that did not exist before.
    pub fn prunes(mut self, environment: impl Into<String>, prune: impl Prune + 'static) -> Self {
        self.prunes.insert(environment.into(), Arc::new(prune));
        self
    }

    /// Reads and writes every environment of the graph that has nothing yet through this, such as one client for all.
    pub fn registry(mut self, registry: impl Target + 'static) -> Self {
        let registry = Arc::new(registry);
        for environment in self.graph.environments().map(|environment| environment.name().to_string()) {
            if !self.sources.contains_key(&environment) {
                self.targets.entry(environment.clone()).or_insert_with(|| registry.clone());
            }
            self.sources.entry(environment).or_insert_with(|| registry.clone());
        }
        self
    }

    /// Remembers what is promoted there.
    pub fn ledger(mut self, ledger: impl Ledger + 'static) -> Self {
        self.ledger = Arc::new(ledger);
        self
    }

    /// Says how builds are named.
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }

    /// Tells `observer` of every step of the copies.
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Signs what was verified of an image, and attaches it to the image and its platforms where they are promoted to
    /// ([`evidence`](super::evidence)). Without a signer nothing is signed, and receipts say so.
    pub fn signing(mut self, signing: EvidenceSigning) -> Self {
        self.signing = Some(signing);
        self
    }

    /// Applies only while nobody else does for the same image and environment. A lease that is lost stops the promotion before
    /// the next floating tag.
    pub fn lease(mut self, leasing: Leasing) -> Self {
        self.leasing = Some(leasing);
        self
    }

    /// Dates what it writes by this clock: each entry is of the time at which it is written, and not of that at which the run
    /// began. Without one, all of a run has the time that the run was given.
    pub fn clock(mut self, clock: impl Pace + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Tells these what happens ([`events`](super::events)).
    pub fn events(mut self, sinks: Sinks) -> Self {
        self.sinks = Some(sinks);
        self
    }

    /// Leaves behind what is attached to the images.
    pub fn without_attachments(mut self) -> Self {
        self.attachments = false;
        self
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The edge into `to` that is usually taken: the only one that is no hotfix.
    ///
    /// # Errors
    /// Where there is none, or more than one.
    pub fn edge_into(&self, to: &Name) -> Result<&Edge, PromoteError> {
        self.graph.environment(to)?;
        let usual: Vec<_> = self.graph.leading_into(to).filter(|edge| !edge.is_hotfix()).collect();
        match usual.as_slice() {
            [one] => Ok(one),
            several => Err(PromoteError::Edges {
                to: to.clone(),
                edges: several.iter().map(|edge| edge.name().clone()).collect(),
            }),
        }
    }

    /// The image that is meant, where `edge` begins.
    ///
    /// # Errors
    /// As [`resolve`](super::resolve()).
    pub async fn resolve(&self, image: &Name, select: &Select, edge: &Name) -> Result<Pinned, PromoteError> {
        let edge = self.graph.edge(edge)?;
        if let Select::CurrentIn(environment) = select {
            self.graph.environment(environment)?;
        }
        let repository = self.graph.repository(image, edge.from())?;
        let chronicle = self.chronicle(image).await?;
        let source = self.source(edge.from())?;
        let place = Place::new(image, edge.from(), &repository, source, &chronicle).sharing(&self.flights);
        Ok(resolve(place, select, &self.conventions).await?)
    }

    /// Looks, without writing, what has to be done so that the image passes along `edge`.
    ///
    /// # Errors
    /// [`PromoteError`]: also for a pin that holds another image, before anything moves.
    pub async fn plan(&self, pinned: &Pinned, edge: &Name) -> Result<Plan<Draft>, PromoteError> {
        plan::plan(self, pinned, self.graph.edge(edge)?).await
    }

    /// Asks every gate of the edge, and the ledger; clears the plan if all that block have passed. Where it has to wait, those
    /// who asked to be told are.
    ///
    /// # Errors
    /// [`PromoteError::NotCleared`] with the word of every gate; it gives the plan back.
    pub async fn clear(&self, plan: Plan<Draft>, now: SystemTime) -> Result<Plan<Cleared>, PromoteError> {
        let plan = self.own(plan).await?;
        let opinions = self.opinions(&plan, &plan.id()?, now).await?;
        let refused = match decide(plan, opinions) {
            Ok(plan) => return Ok(plan),
            Err(refusal) => PromoteError::NotCleared(Box::new(refusal)),
        };
        let PromoteError::NotCleared(refusal) = &refused else { return Err(refused) };
        let (true, Some(passage)) = (refusal.is_waiting(), refusal.plan().passage()) else { return Err(refused) };
        let (passage, plan) = (passage.clone(), refusal.plan().id()?);
        Err(self.tell_of(&About { passages: vec![&passage], plan, now }, refused, Vec::new()).await)
    }

    /// Asks every gate as [`clear`](Self::clear) does, and passes by those that are named where they do not pass.
    ///
    /// What they said stands in the plan, in the receipt, in the ledger before the first byte moves, and with the entry of
    /// the promotion. A gate that is not named blocks as ever, those that every edge has (`upstream`, `denied`, `held`)
    /// included.
    ///
    /// # Errors
    /// As [`clear`](Self::clear); and [`PromoteError::Override`] where no reason is given, or a gate is named that is not
    /// asked.
    pub async fn clear_with_override(
        &self,
        plan: Plan<Draft>,
        by: &Override,
        now: SystemTime,
    ) -> Result<Plan<Cleared>, PromoteError> {
        by.judge()?;
        let plan = self.own(plan).await?;
        let opinions = self.opinions(&plan, &plan.id()?, now).await?;
        break_glass::decide(plan, opinions, by)
    }

    /// Whether a plan, which may come from a file, is one that this graph makes of this image: the way, the platforms, the
    /// commit, the pull request and the tags. No gate is asked; clearing looks for itself.
    ///
    /// # Errors
    /// [`PromoteError::OtherGraph`], [`PromoteError::OtherFacts`] and [`PromoteError::OtherTags`] where it is not; and where
    /// the image cannot be read.
    pub async fn examine(&self, plan: &Plan<Draft>) -> Result<(), PromoteError> {
        let passage = self.passage(plan)?;
        match plan.is_own() {
            true => Ok(()),
            false => reread::agrees(self, passage, &self.chronicle(&passage.pinned.image).await?).await,
        }
    }

    /// The plan, if it was made here. Of one from a file, in which somebody may have written, what it says of the image is read
    /// again, and what is to be copied is found again.
    async fn own(&self, plan: Plan<Draft>) -> Result<Plan<Draft>, PromoteError> {
        if plan.is_own() {
            return Ok(plan);
        }
        self.examine(&plan).await?;
        let passage = self.passage(&plan)?.clone();
        let copy = plan::copy(self, &passage)?.plan().await?;
        Ok(Plan::draft(copy).along(passage))
    }

    /// `id` is what approvals are bound to: the plan, or the set that it is of.
    async fn opinions(&self, plan: &Plan<Draft>, id: &Digest, now: SystemTime) -> Result<Vec<Opinion>, PromoteError> {
        let passage = self.passage(plan)?.clone();
        let edge = self.graph.edge(&passage.edge)?;
        let chronicle = self.chronicle(&passage.pinned.image).await?;
        let way = if edge.is_hotfix() { Way::Hotfix } else { Way::Promotion };
        let promoted = Promoted::new(&passage, &chronicle, id, &self.actor).going(way);
        let context = GateContext::new(plan.copy(), self.source(&passage.from)?, now).along(promoted);
        let standing = standing::gates(&self.graph);
        let gates = standing.iter().map(|gate| (&**gate, None));
        let placed = edge.gates().iter().map(|placed| (&*placed.gate, placed.advisory.as_deref()));
        Ok(ask(&context, gates.chain(placed)).await)
    }

    /// The passage of a plan, which may come from a file: what is copied, from where and to where, is what it says and what
    /// the graph says.
    fn passage<'p, S>(&self, plan: &'p Plan<S>) -> Result<&'p Passage, PromoteError> {
        let passage = plan.passage().ok_or(PromoteError::NoPassage)?;
        let edge = self.graph.edge(&passage.edge)?;
        let (from, to) = self.repositories(&passage.pinned.image, edge)?;
        let copy = plan.copy();
        let of_platform = match &passage.parent {
            None => passage.pinned.digest() == passage.digest(),
            Some(parent) => parent == passage.pinned.digest() && passage.pinned.platforms.len() == 1,
        };
        let is_one = copy.digest() == passage.digest()
            && of_platform
            && *copy.source().repository() == from
            && *copy.target().repository() == to
            && (edge.from(), edge.to()) == (&passage.from, &passage.to)
            && passage.pinned.environment == passage.from
            && passage.pinned.repository == from;
        if is_one { Ok(passage) } else { Err(PromoteError::OtherGraph { edge: edge.name().clone() }) }
    }

    /// Does what the plan says: gates that were passed by into the ledger, the copy and what is attached, the pins, the steps
    /// before, the evidence, what is about to happen into the ledger, the floating tags, that it has happened, and the steps after. Killed
    /// anywhere and done again, it comes to the same end; steps that the ledger says to be done are not done again.
    ///
    /// # Errors
    /// [`PromoteError`]: also where the world has moved since the plan was made. No floating tag moves before its evidence is
    /// attached and its entry is in the ledger, nor after a step before it has failed; [`PromoteError::Step`] says whether they have moved.
    /// [`PromoteError::Stopped`] where somebody has denied the image or holds the environment by then, which is asked once more
    /// right before the first of them moves; what was begun is taken back then.
    pub async fn apply(&self, plan: Plan<Cleared>, now: SystemTime) -> Result<PassageReceipt, PromoteError> {
        let passage = self.passage(&plan)?;
        let about = About { passages: vec![passage], plan: plan.id()?, now };
        let held = Held::take(self.leasing.as_ref(), [held::key(passage)]).await?;
        let mut troubles = self.tell(&about, &What::Started).await;
        let outcome = held.during(apply::apply(self, &plan, now, &held)).await;
        troubles.extend(held.release().await);
        let mut receipt = match outcome {
            Ok(receipt) => receipt,
            Err(error) => return Err(self.tell_of(&about, error, troubles).await),
        };
        if receipt.entry.is_some() {
            troubles.extend(self.tell(&about, &What::Done).await);
        }
        receipt.troubles.extend(troubles);
        Ok(receipt)
    }

    /// What time it is for a run that began at `now`.
    pub(super) fn time(&self, now: SystemTime) -> SystemTime {
        self.clock.as_ref().map_or(now, |clock| clock.now())
    }

    pub(super) fn leasing(&self) -> Option<&Leasing> {
        self.leasing.as_ref()
    }

    pub(super) async fn chronicle(&self, image: &Name) -> Result<Chronicle, PromoteError> {
        // All of them: the entries about other images lie between those about this one, and say which was first.
        Ok(Chronicle::of(self.ledger.entries(None).await?).of_image(image))
    }

    pub(super) fn source(&self, environment: &Name) -> Result<&dyn Source, PromoteError> {
        let source = self.sources.get(environment.as_str());
        source.map(|source| &**source).ok_or_else(|| PromoteError::NoRegistry { environment: environment.clone() })
    }

    pub(super) fn target(&self, environment: &Name) -> Result<&dyn Target, PromoteError> {
        let target = self.targets.get(environment.as_str());
        target.map(|target| &**target).ok_or_else(|| PromoteError::NoRegistry { environment: environment.clone() })
    }

    fn repositories(&self, image: &Name, edge: &Edge) -> Result<(Repository, Repository), PromoteError> {
        Ok((self.graph.repository(image, edge.from())?, self.graph.repository(image, edge.to())?))
    }
}

impl fmt::Debug for Promoter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promoter")
            .field("graph", &self.graph)
            .field("ledger", &self.ledger)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
