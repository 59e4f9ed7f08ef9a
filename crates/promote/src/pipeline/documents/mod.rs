//! Documents: a graph, its gates, steps and conventions as `lockage.toml`, or as YAML.

mod builtin;
mod error;
#[cfg(feature = "http")]
mod events;
mod evidence;
mod factory;
mod lease;
mod ledger;
#[cfg(feature = "http")]
mod outside;
mod place;
mod problem;
mod read;
mod steps;
mod surroundings;
mod values;
mod written;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_registry::Registry;

#[cfg(feature = "http")]
use super::events::Sinks;
use super::lease::Leasing;
use super::lint::{self, Concern};
use super::step::{Pace, Step};
use super::{Conventions, EdgeSpec, EnvironmentSpec, Graph, GraphError, Name};
use crate::Gate;

pub use builtin::BuiltIn;
pub use error::{DocumentError, DocumentProblem};
pub use evidence::EvidenceRules;
pub use factory::{Factories, GateFactory, Parameters};
pub use ledger::{LedgerPlace, LedgerRepository};
#[cfg(feature = "http")]
pub use outside::{Outside, Watches};
pub use problem::TableProblem;
pub use steps::{NoSteps, StepFactories, StepFactory};
pub use surroundings::Surroundings;

use place::Marked;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// YAML 1.2.
    Yaml,
}

/// A document that was read, with the lines on which its pieces stand.
///
/// ```
/// use lockage_promote::pipeline::documents::{BuiltIn, Document, Format};
/// let document = Document::parse("lockage.toml", Format::Toml, r#"
///     [[environments]]
///     name = "dev"
///     repository = "dev.example/{image}"
///
///     [[environments]]
///     name = "prod"
///     repository = "prod.example/{image}"
///     floats = ["prod"]
///
///     [[edges]]
///     from = "dev"
///     to = "prod"
/// "#)?;
/// assert_eq!(document.graph(&BuiltIn::new())?.to_string(), "dev → prod");
///
/// let wrong = Document::parse("lockage.toml", Format::Toml, "[[edges]]\nfrom = 'dev'\nto = 'pord'")?;
/// let said = wrong.graph(&BuiltIn::new()).unwrap_err().to_string();
/// assert_eq!(said, "lockage.toml:1: edges: edge dev-pord: there is no environment dev");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    file: PathBuf,
    ledger: Option<LedgerPlace>,
    credentials: BTreeMap<String, Marked<PathBuf>>,
    conventions: Conventions,
    variables: BTreeMap<String, String>,
    environments: Vec<Marked<EnvironmentSpec>>,
    edges: Vec<Marked<EdgeSpec>>,
    gates: BTreeMap<String, Marked<(String, Parameters)>>,
    steps: BTreeMap<String, Marked<(String, Parameters)>>,
    signers: BTreeMap<String, Marked<Parameters>>,
    evidence: Option<Marked<EvidenceRules>>,
    lease: Option<Marked<lease::LeaseRules>>,
    #[cfg(feature = "http")]
    events: Vec<Marked<events::EventRules>>,
}

impl Document {
    /// Reads a file; one whose name ends in `.yaml` or `.yml` is YAML, every other TOML.
    ///
    /// # Errors
    /// Where it cannot be read, and where it is no such document, with the line.
    pub fn read(file: impl AsRef<Path>) -> Result<Self, DocumentError> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file)
            .map_err(|error| DocumentError::at(file, None, None, DocumentProblem::Unreadable(error)))?;
        let is_yaml =
            file.extension().is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"));
        Self::parse(file, if is_yaml { Format::Yaml } else { Format::Toml }, &text)
    }

    /// Reads a text, which errors call by `file`. Paths in it are taken from the folder of that file.
    ///
    /// # Errors
    /// Where it is no such document, with the line.
    pub fn parse(file: impl AsRef<Path>, format: Format, text: &str) -> Result<Self, DocumentError> {
        read::document(file.as_ref(), format, text)
    }

    /// The graph of a document without steps, its gates made by `factory`.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with the line; also the first step.
    pub fn graph(&self, factory: &dyn GateFactory) -> Result<Graph, DocumentError> {
        self.graph_with(factory, &NoSteps)
    }

    /// The graph, its gates made by `gates`, and its steps by `steps`.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with the line.
    pub fn graph_with(&self, gates: &dyn GateFactory, steps: &dyn StepFactory) -> Result<Graph, DocumentError> {
        place::graph(self, &self.gates(gates)?, &self.steps(steps)?)
    }

    /// The steps, made by `factory`, each called as the document calls it.
    ///
    /// # Errors
    /// The first step of a kind that is not known, or whose parameters are not what it needs, with the line.
    pub fn steps(&self, factory: &dyn StepFactory) -> Result<Vec<Arc<dyn Step>>, DocumentError> {
        let made = self.steps.iter().map(|(name, written)| {
            let (kind, parameters) = &written.value;
            steps::named(factory, name, kind, parameters)
                .map_err(|problem| self.error(written.line, format!("steps.{name}"), DocumentProblem::Step(problem)))
        });
        made.collect()
    }

    /// The gates, made by `factory`, each called as the document calls it.
    ///
    /// # Errors
    /// The first gate of a kind that is not known, or whose parameters are not what it needs, with the line.
    pub fn gates(&self, factory: &dyn GateFactory) -> Result<Vec<Arc<dyn Gate>>, DocumentError> {
        let made = self.gates.iter().map(|(name, written)| {
            let (kind, parameters) = &written.value;
            factory::named(factory, name, kind, parameters)
                .map_err(|problem| self.error(written.line, format!("gates.{name}"), DocumentProblem::Gate(problem)))
        });
        made.collect()
    }

    /// What it allows that few people mean, `graph` being the one that it describes.
    ///
    /// # Errors
    /// As [`lint::concerns`].
    pub fn concerns(&self, graph: &Graph) -> Result<Vec<Concern>, GraphError> {
        let mut found = lint::concerns(graph)?;
        found.extend(lint::unused(graph, self.gates.keys().map(String::as_str), self.steps.keys().map(String::as_str)));
        Ok(found)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder from which the paths in it are taken.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Who may sign: what the document says of each, by the names that gates, approvals and the ledger have for them.
    /// The crate that checks signatures reads it.
    pub fn signers(&self) -> impl Iterator<Item = (&str, &Parameters)> {
        self.signers.iter().map(|(name, written)| (name.as_str(), &written.value))
    }

    /// That what is written of a signer cannot be used, with its line.
    #[must_use]
    pub fn signer_error(&self, name: &str, problem: TableProblem) -> DocumentError {
        let line = self.signers.get(name).and_then(|written| written.line);
        self.error(line, format!("signers.{name}"), DocumentProblem::Signer(problem))
    }

    /// Where the ledger is kept, if the document says it.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerPlace> {
        self.ledger.as_ref()
    }

    /// What is said of the evidence that promotions leave with images, if anything is.
    #[must_use]
    pub fn evidence(&self) -> Option<&EvidenceRules> {
        self.evidence.as_ref().map(|rules| &rules.value)
    }

    /// That the rules for evidence cannot be used, with their line.
    #[must_use]
    pub fn evidence_error(&self, problem: TableProblem) -> DocumentError {
        let line = self.evidence.as_ref().and_then(|rules| rules.line);
        self.error(line, "evidence", DocumentProblem::Table(problem))
    }

    /// The leases that promotions are to be applied under, if any are: in the name of `holder`, where they are in a registry
    /// through `registry`, and by the clock `pace`. A lease is taken when something is applied, and not before.
    ///
    /// # Errors
    /// Leases that this program was built without, and files of a cluster that are not there, with the line.
    pub fn leasing(
        &self,
        surroundings: &Surroundings,
        registry: impl Registry + 'static,
        holder: &str,
        pace: impl Pace + Clone + 'static,
    ) -> Result<Option<Leasing>, DocumentError> {
        let Some(Marked { line, value }) = &self.lease else { return Ok(None) };
        let leasing = value.leasing(surroundings, registry, holder, pace);
        leasing.map(Some).map_err(|problem| self.error(*line, "lease", DocumentProblem::Table(problem)))
    }

    /// Those who are told what happens, if any are.
    ///
    /// # Errors
    /// A secret that is not in the variable that is named, with the line.
    #[cfg(feature = "http")]
    pub fn sinks(
        &self,
        surroundings: &Surroundings,
        pace: impl Pace + 'static,
    ) -> Result<Option<Sinks>, DocumentError> {
        if self.events.is_empty() {
            return Ok(None);
        }
        let mut sinks = Sinks::new(pace);
        // All are told at once, so that the one who may take longest decides.
        if let Some(at_most) = self.events.iter().filter_map(|event| event.value.at_most).max() {
            sinks = sinks.at_most(at_most);
        }
        let all = self.events.iter().try_fold(sinks, |sinks, Marked { line, value }| {
            let added = value.add(sinks, surroundings);
            added.map_err(|problem| self.error(*line, "events", DocumentProblem::Table(problem)))
        });
        all.map(Some)
    }

    /// The file with the credentials of an environment, in the format of docker's `config.json`, if it has its own.
    #[must_use]
    pub fn credentials(&self, environment: &Name) -> Option<&Path> {
        self.credentials.get(environment.as_str()).map(|file| file.value.as_path())
    }

    /// How builds are named.
    #[must_use]
    pub fn conventions(&self) -> &Conventions {
        &self.conventions
    }

    fn error(&self, line: Option<usize>, key: impl Into<String>, problem: DocumentProblem) -> DocumentError {
        DocumentError::at(&self.file, line, Some(key.into()), problem)
    }
}
