//! The graph, the registries, the ledger and whoever acts: what these commands need before they begin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use lockage_promote::ledger::{Chronicle, FileLedger, History, MemoryLedger};
use lockage_promote::pipeline::approval::StatementSigner;
use lockage_promote::pipeline::documents::{Document, DocumentError, Surroundings};
use lockage_promote::pipeline::evidence::PromotionProof;
use lockage_promote::pipeline::{Graph, Name, PromoteError, Promoter};
use lockage_promote::{Draft, Plan};
use lockage_registry::Digest;
use lockage_tagging::OneLine;

use super::evidence;
use super::kinds::Kinds;
use super::merged::Selected;
use super::steps::Clock;
use super::{Trouble, ends};
use crate::clients::{self, Registries};
use crate::ledger::place::{self, For, Place};
use crate::progress::Progress;
use crate::report::Failure;
use crate::signing::seal::{self, MayBy, Seal};

#[derive(clap::Args)]
pub(crate) struct Setup {
    /// The document with environments, edges and gates: TOML, or YAML by its name.
    #[arg(long, value_name = "FILE", default_value = "lockage.toml")]
    pub(super) config: PathBuf,

    /// The file or the repository that keeps who promoted what; else the one that the document names.
    #[arg(long, value_name = "REPO|FILE", value_parser = place::place)]
    ledger: Option<Place>,

    /// Sign what is written into a ledger in a repository with this private key.
    #[arg(long, value_name = "FILE")]
    ledger_key: Option<PathBuf>,

    /// Cut off a last line of the ledger that ends in the middle, which a machine leaves that was switched off.
    #[arg(long)]
    mend_ledger: bool,

    /// In whose name; else who the CI system says, or the user.
    #[arg(long, value_name = "NAME", value_parser = somebody)]
    actor: Option<String>,

    /// How many requests to one host may be under way at once.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Leave signatures, attestations and SBOMs behind.
    #[arg(long)]
    no_attachments: bool,

    #[command(flatten)]
    reach: clients::Reach,

    /// Where SARIF that gates read is passed on to; `promote` has an argument for it.
    #[arg(skip)]
    pub(super) sarif: Option<PathBuf>,
}

impl Setup {
    /// What somebody has to answer for is done in nobody's name by nobody.
    ///
    /// # Errors
    /// Where nobody was named, and the surroundings name nobody.
    pub(crate) fn answers(&self) -> Result<(), Failure> {
        if self.actor.is_some() || known().is_some() {
            return Ok(());
        }
        let trouble = Trouble::new("nobody says who does this; it is recorded");
        Err(Failure::usage(&trouble.remedy("Name who with --actor NAME.")))
    }
}

pub(crate) struct World {
    pub(crate) promoter: Promoter,
    history: Box<dyn History>,
    progress: Progress,
    registries: BTreeMap<Name, Registries>,
    client: Registries,
    proof: Option<PromotionProof>,
}

/// What for these commands open their world.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// To say what would become of it.
    Try,
    /// To promote.
    Write,
    /// To write entries, and to move tags back.
    Order,
    /// The same, where the ledger has begun.
    OrderMore,
    Read,
    /// To read no more than who is where.
    Glance,
}

impl Use {
    fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Glance)
    }

    fn orders(self) -> bool {
        matches!(self, Self::Order | Self::OrderMore)
    }

    fn of_ledger(self) -> For {
        match self {
            Self::Try | Self::Write | Self::Order => For::Writing,
            Self::OrderMore => For::Adding,
            Self::Read => For::Reading,
            Self::Glance => For::Glancing,
        }
    }
}

impl World {
    /// Whoever writes needs a ledger that outlives the process.
    pub(crate) fn open(setup: &Setup, writes: bool) -> Result<Self, Failure> {
        Self::open_signing(setup, writes, None)
    }

    /// The same for whoever promotes, with who signs: evidence, and entries where the ledger has no signer of its own.
    pub(crate) fn open_signing(
        setup: &Setup,
        writes: bool,
        signer: Option<Arc<dyn StatementSigner>>,
    ) -> Result<Self, Failure> {
        Self::open_for(setup, if writes { Use::Write } else { Use::Try }, signer.clone(), signer)
    }

    /// The same for whoever writes entries and no evidence, signed by whom `by` names.
    pub(crate) async fn open_by(setup: &Setup, by: &MayBy) -> Result<Self, Failure> {
        let signer = by.open().await?.map(Seal::statements);
        Self::open_for(setup, Use::Order, None, signer)
    }

    /// The same, into a ledger that has to be there, if it is not the document's.
    pub(crate) async fn open_begun(setup: &Setup, by: &MayBy) -> Result<Self, Failure> {
        let signer = by.open().await?.map(Seal::statements);
        Self::open_for(setup, Use::OrderMore, None, signer)
    }

    /// The same for whoever reads a ledger that has to be there: tells nobody what they see, and keeps nobody waiting.
    pub(crate) fn quiet(setup: &Setup) -> Result<Self, Failure> {
        Self::open_for(setup, Use::Read, None, None)
    }

    /// The same for whoever asks what runs where: of what gates found, the line for people is enough.
    pub(crate) fn brief(setup: &Setup) -> Result<Self, Failure> {
        Self::open_for(setup, Use::Glance, None, None)
    }

    fn open_for(
        setup: &Setup,
        what_for: Use,
        signer: Option<Arc<dyn StatementSigner>>,
        for_ledger: Option<Arc<dyn StatementSigner>>,
    ) -> Result<Self, Failure> {
        let document = Document::read(&setup.config).map_err(invalid)?;
        // The document's ledger is the one that everybody asks: it may begin with any order.
        let what_for = if what_for == Use::OrderMore && setup.ledger.is_none() { Use::Order } else { what_for };
        // Of whoever promotes, who signs the ledger signs evidence as well.
        let signs_ledger = setup.ledger_key.is_some() || (what_for.orders() && for_ledger.is_some());
        if let (Some(file), true) = (place::file(setup.ledger.as_ref(), &document), signs_ledger) {
            return Err(place::unsigned(file));
        }
        let client = clients::registries(&setup.reach, setup.concurrency.into())?;
        let credentials = setup.reach.credentials();
        let kinds = match what_for {
            Use::Try | Use::Write => Kinds::asked(&document, client.clone(), credentials, setup.sarif.as_deref()),
            Use::Order | Use::OrderMore | Use::Read | Use::Glance => {
                Kinds::asked_perhaps(&document, client.clone(), credentials)
            }
        };
        let Kinds { gates, steps } = kinds?;
        let graph = document.graph_with(&gates, &steps).map_err(invalid)?;
        let own: Vec<(Name, PathBuf)> = graph
            .environments()
            .filter_map(|environment| {
                let file = document.credentials(environment.name())?;
                Some((environment.name().clone(), file.to_owned()))
            })
            .collect();
        let progress = Progress::start();
        let mut promoter = Promoter::new(graph, actor(setup.actor.as_deref()))
            .conventions(document.conventions().clone())
            .observed_by(progress.observer("blobs".to_owned()))
            .clock(Clock);
        let mut registries = BTreeMap::new();
        for (environment, credentials) in own {
            let reach = setup.reach.with_credentials(credentials);
            let registry = clients::registries(&reach, setup.concurrency.into())?;
            promoter = promoter.writes(environment.as_str(), registry.clone());
            registries.insert(environment, registry);
        }
        let ledgers = client.clone();
        promoter = promoter.registry(client.clone());
        if setup.no_attachments {
            promoter = promoter.without_attachments();
        }
        if let Some(signer) = &signer {
            promoter = promoter.signing(evidence::signing(&document, Arc::clone(signer))?);
        }
        let around = Surroundings::new(document.folder()).variables(|name| std::env::var(name).ok());
        // Whoever only reads needs neither the secrets of those who are told nor a cluster for leases.
        if !what_for.reads()
            && let Some(leasing) =
                document.leasing(&around, client.clone(), &actor(setup.actor.as_deref()), Clock).map_err(invalid)?
        {
            promoter = promoter.lease(leasing);
        }
        let sinks = match what_for {
            Use::Write => document.sinks(&around, Clock).map_err(invalid)?,
            // Whoever goes back on a bad day may not have the secrets of a pipeline; that nobody is told is not passed over.
            Use::Order | Use::OrderMore => document.sinks(&around, Clock).unwrap_or_else(|error| {
                eprintln!("nobody will be told: {}", OneLine(error));
                None
            }),
            Use::Try | Use::Read | Use::Glance => None,
        };
        if let Some(sinks) = sinks {
            promoter = promoter.events(sinks);
        }
        let for_ledger = setup.ledger_key.as_deref().map(seal::signer).transpose()?.or(for_ledger);
        if let (Some(Place::File(file)), true) = (&setup.ledger, what_for.of_ledger() != For::Writing) {
            place::is_there(file)?;
        }
        let opened = place::open(setup.ledger.as_ref(), &document, &ledgers, for_ledger, what_for.of_ledger())?;
        let (promoter, history): (_, Box<dyn History>) = match opened {
            Some(opened) => {
                if let (Some(file), true) = (&opened.file, setup.mend_ledger) {
                    mend(file)?;
                }
                (promoter.ledger(opened.ledger.clone()), Box::new(opened.ledger))
            }
            None if what_for != Use::Try => {
                let trouble = Trouble::new("nobody said where to remember what is promoted");
                let remedy =
                    "Name a file or a repository with --ledger FILE, or with ledger = \"FILE\" in the document.";
                return Err(Failure::usage(&trouble.remedy(remedy)));
            }
            None => {
                let ledger = MemoryLedger::new();
                (promoter.ledger(ledger.clone()), Box::new(ledger))
            }
        };
        let proof = evidence::proof(&document)?;
        Ok(Self { promoter, history, progress, registries, client, proof })
    }

    /// What an environment is read and written by: its own credentials, where it has some.
    pub(crate) fn registry(&self, environment: &Name) -> &Registries {
        self.registries.get(environment).unwrap_or(&self.client)
    }

    /// Which evidence has to be there, where the document says that there is any.
    pub(crate) fn proof(&self) -> Option<&PromotionProof> {
        self.proof.as_ref()
    }

    /// The edge of this name, which has to lead where the image is to go.
    pub(crate) fn edge(&self, edge: &Name, to: &Name) -> Result<Name, Failure> {
        let graph = self.promoter.graph();
        graph.environment(to).map_err(|error| ends::failure(error.into()))?;
        let found = graph.edge(edge).map_err(|error| ends::failure(error.into()))?;
        if found.to() != to {
            let trouble = Trouble::new(format_args!("the edge {edge} leads to {}, and not to {to}", found.to()));
            let into: Vec<_> = graph.leading_into(to).map(|edge| edge.name().as_str()).collect();
            return Err(Failure::usage(&trouble.remedy(format!("Into {to} lead: {}.", into.join(", ")))));
        }
        Ok(edge.clone())
    }

    pub(crate) async fn plan(
        &self,
        image: &Name,
        selected: &Selected,
        edge: &Name,
        release: Option<&str>,
    ) -> Result<Plan<Draft>, PromoteError> {
        let mut pinned = self.promoter.resolve(image, &selected.select, edge).await?;
        pinned.notes.extend(selected.note.clone());
        let pinned = match release {
            Some(version) => pinned.released_as(version),
            None => pinned,
        };
        self.promoter.plan(&pinned, edge).await
    }

    pub(crate) async fn chronicle(&self, image: Option<&Name>) -> Result<Chronicle, PromoteError> {
        let all = Chronicle::of(self.history.entries(None).await?);
        Ok(match image {
            Some(image) => all.of_image(image),
            None => all,
        })
    }

    /// The same with all that these entries say.
    pub(crate) async fn in_full(
        &self,
        chronicle: Chronicle,
        ids: &BTreeSet<Digest>,
    ) -> Result<Chronicle, PromoteError> {
        Ok(chronicle.with(self.history.whole(ids).await?))
    }

    pub(crate) fn finish(self) {
        self.progress.finish();
    }
}

fn mend(ledger: &FileLedger) -> Result<(), Failure> {
    if let Some(torn) = ledger.mend().map_err(|error| Failure::error(&error))? {
        eprintln!("{}: cut off {} bytes of an entry that was never finished", ledger.file().display(), torn.len());
    }
    Ok(())
}

/// The environments of a document and what leads from one to the next: its gates are judged, and none is asked.
pub(crate) fn graph(document: &Document) -> Result<Graph, Failure> {
    let Kinds { gates, steps } = Kinds::judged(document)?;
    document.graph_with(&gates, &steps).map_err(invalid)
}

pub(crate) fn invalid(error: DocumentError) -> Failure {
    Failure::usage(&error)
}

/// A name that somebody can be asked by.
pub(crate) fn somebody(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is recorded, and has to name somebody".to_owned()),
        _ if text.contains(char::is_control) => Err("it is recorded, and has control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Whoever was named, or who the CI system says, or the user.
pub(crate) fn actor(named: Option<&str>) -> String {
    named.map(str::to_owned).or_else(known).unwrap_or_else(|| "unknown".to_owned())
}

/// Who the CI system says, or the user.
fn known() -> Option<String> {
    let variables = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"];
    variables.iter().find_map(|name| somebody(&std::env::var(name).ok()?).ok())
}
