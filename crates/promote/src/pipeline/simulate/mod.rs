//! `Simulation`: a whole graph on registries in memory, with images that are made up.

mod image;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use lockage_registry::{Digest, Host, Memory, Tag};

use super::{Conventions, Graph, Name, PassageReceipt, PromoteError, Promoter, Select};
use crate::ledger::{Chronicle, History as _, LedgerError, MemoryLedger};

#[cfg(feature = "documents")]
mod stand_in;

#[cfg(feature = "documents")]
pub use stand_in::StandIns;

/// A graph, tried: every host that it names is a registry in memory, the ledger is in memory too, and time is what the
/// caller says.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, simulate::{Build, Simulation}};
/// # futures::executor::block_on(async {
/// let graph = Graph::builder()
///     .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
///     .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("sha-{sha}").float("prod"))
///     .edge(EdgeSpec::new("dev", "prod"))
///     .build()?;
/// let simulation = Simulation::of(graph)?;
/// let (app, dev, now) = ("app".parse()?, "dev".parse()?, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
/// let digest = simulation.push(&app, &dev, &Build::of_pull_request(42)).await?;
/// let receipt = simulation.promote(&app, &"pr:42".parse()?, &"dev-prod".parse()?, now).await?;
/// assert_eq!(receipt.digest, digest);
/// assert_eq!(simulation.chronicle().await?.current(&app, &"prod".parse()?).unwrap().entry.digest, digest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Simulation {
    promoter: Promoter,
    registries: BTreeMap<Name, Memory>,
    ledger: MemoryLedger,
    conventions: Conventions,
}

/// A build that is made up: an index of two platforms, with the label of its commit.
#[derive(Clone, Debug)]
#[must_use]
pub struct Build {
    number: u64,
    pull_request: Option<u64>,
    version: Option<String>,
    tags: Vec<String>,
}

/// What became of one edge of a [`Simulation::run`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Taken {
    /// The edge.
    pub edge: Name,
    /// What was done, or why not.
    pub outcome: Result<PassageReceipt, PromoteError>,
}

impl Simulation {
    /// A simulation in which nothing has been built.
    ///
    /// # Errors
    /// Where the templates of the graph give no repositories.
    pub fn of(graph: Graph) -> Result<Self, PromoteError> {
        Self::with(graph, Conventions::default())
    }

    /// The same with other names for builds.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn with(graph: Graph, conventions: Conventions) -> Result<Self, PromoteError> {
        let mut hosts: BTreeMap<Host, Memory> = BTreeMap::new();
        let mut registries = BTreeMap::new();
        let any = image::any_name()?;
        for environment in graph.environments() {
            let host = graph.repository(&any, environment.name())?.host().clone();
            let memory = hosts.entry(host.clone()).or_insert_with(|| Memory::new(host));
            registries.insert(environment.name().clone(), memory.clone());
        }
        let ledger = MemoryLedger::new();
        let mut promoter = Promoter::new(graph, "simulation").ledger(ledger.clone()).conventions(conventions.clone());
        for (environment, memory) in &registries {
            promoter = promoter.writes(environment.as_str(), memory.clone());
        }
        Ok(Self { promoter, registries, ledger, conventions })
    }

    /// Pushes a build to an environment, as a CI system would. Gives back its digest.
    ///
    /// # Errors
    /// Where there is no such environment.
    pub async fn push(&self, image: &Name, environment: &Name, build: &Build) -> Result<Digest, PromoteError> {
        let repository = self.promoter.graph().repository(image, environment)?;
        let registry = self.registry(environment)?;
        image::push(registry, &repository, build, &build.names(&self.conventions)?).await
    }

    /// Selects, plans, clears and applies along one edge.
    ///
    /// # Errors
    /// Whatever would keep it from happening.
    pub async fn promote(
        &self,
        image: &Name,
        select: &Select,
        edge: &Name,
        now: SystemTime,
    ) -> Result<PassageReceipt, PromoteError> {
        let pinned = self.promoter.resolve(image, select, edge).await?;
        let plan = self.promoter.plan(&pinned, edge).await?;
        let cleared = self.promoter.clear(plan, now).await?;
        self.promoter.apply(cleared, now).await
    }

    /// Takes a digest along every edge that is no hotfix, upstream first. Edges behind one that was not taken are tried too,
    /// and say why they cannot be.
    pub async fn run(&self, image: &Name, digest: &Digest, now: SystemTime) -> Vec<Taken> {
        let mut all = Vec::new();
        for environment in self.promoter.graph().environments() {
            for edge in self.promoter.graph().leading_into(environment.name()).filter(|edge| !edge.is_hotfix()) {
                // An environment may have taken one platform alone, which has a digest of its own.
                let current = Select::CurrentIn(edge.from().clone());
                let is_source = self.promoter.graph().is_source(edge.from());
                let select = if is_source { Select::Digest(digest.clone()) } else { current };
                let outcome = self.promote(image, &select, edge.name(), now).await;
                all.push(Taken { edge: edge.name().clone(), outcome });
            }
        }
        all
    }

    /// What promotes: to plan, or to look at its graph.
    pub fn promoter(&self) -> &Promoter {
        &self.promoter
    }

    /// The registry of an environment.
    ///
    /// # Errors
    /// Where there is no such environment.
    pub fn registry(&self, environment: &Name) -> Result<&Memory, PromoteError> {
        let registry = self.registries.get(environment);
        registry.ok_or_else(|| PromoteError::NoRegistry { environment: environment.clone() })
    }

    /// What the ledger says.
    ///
    /// # Errors
    /// None that can happen: the ledger is in memory.
    pub async fn chronicle(&self) -> Result<Chronicle, LedgerError> {
        Ok(Chronicle::of(self.ledger.entries(None).await?))
    }

    /// The ledger, to tell it of what happened elsewhere: a denial, a hold.
    #[must_use]
    pub fn ledger(&self) -> &MemoryLedger {
        &self.ledger
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("promoter", &self.promoter).finish_non_exhaustive()
    }
}

impl Build {
    /// A build that no pull request and no release asked for. Two of one number are the same bytes.
    pub fn number(number: u64) -> Self {
        Self { number, pull_request: None, version: None, tags: Vec::new() }
    }

    /// The build of a pull request.
    pub fn of_pull_request(number: u64) -> Self {
        Self { number, pull_request: Some(number), version: None, tags: Vec::new() }
    }

    /// Makes it a release, such as `1.4.0`: by its label, and by a tag with a `v`.
    pub fn version(self, version: impl Into<String>) -> Self {
        let version = version.into();
        Self { version: Some(version.clone()), ..self.tag(format!("v{version}")) }
    }

    /// Gives it a tag more, beside that of its commit.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Its commit: forty digits, that begin with its number.
    #[must_use]
    pub fn commit(&self) -> String {
        format!("{:07x}{:033x}", self.number, self.number)
    }

    fn names(&self, conventions: &Conventions) -> Result<Vec<Tag>, PromoteError> {
        let commit = format!("{}{:07x}", conventions.commit, self.number);
        let pull_request = self.pull_request.map(|number| format!("{}{number}", conventions.pull_request));
        let all = std::iter::once(commit).chain(pull_request).chain(self.tags.iter().cloned());
        all.map(|text| text.parse().map_err(image::invalid)).collect()
    }
}
