//! What is known besides: what a ledger of promotions says, and what runs in a cluster.

use std::fs;
use std::path::PathBuf;

use lockage_policy::facts::{FactsError, LedgerFacts, verify, what_runs};
use lockage_policy::retain::{DigestKey, Facts, Policy, Snapshot};
use lockage_promote::ledger::{Chronicle, Ledger};
use lockage_promote::pipeline::Graph;
use lockage_promote::pipeline::documents::Document;
use lockage_registry::{Digest, Repository, Source};

use super::cluster::Cluster;
use super::policy::Made;
use crate::clients::{self, Reach, Registries};
use crate::ledger::place::{self, For, Place};
use crate::promote::{Trouble, world};
use crate::report::{Failure, Unusable};

#[derive(Clone, clap::Args)]
pub(crate) struct Known {
    /// The ledger of promotions: what is in an environment is in use, what was ever in one was promoted there, and what may
    /// still go further down stays. A file or a repository; else the one that the document of --config names.
    #[arg(long, value_name = "REPO|FILE", value_parser = place::place)]
    ledger: Option<Place>,

    /// The document with the environments, the ledger and its signers: lockage.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    cluster: Cluster,
}

fn unknown(error: &FactsError) -> Failure {
    let mut trouble = Trouble::new(error).remedy(error.remedy());
    if let Some(source) = std::error::Error::source(error) {
        trouble = trouble.because(source.to_string());
    }
    match error {
        FactsError::NoEnvironment { .. } => Failure::usage(&trouble),
        _ => Failure::error(&trouble),
    }
}

impl Known {
    /// Adds what is known of what the snapshot has.
    pub(crate) async fn add(&self, made: &mut Made, snapshot: &Snapshot, reach: &Reach) -> Result<(), Failure> {
        self.add_to_all(vec![made], snapshot, reach).await
    }

    /// Adds to each what is known of what the snapshot has, as far as its policy asks for it.
    pub(crate) async fn add_to_all(
        &self,
        mut all: Vec<&mut Made>,
        snapshot: &Snapshot,
        reach: &Reach,
    ) -> Result<(), Failure> {
        if self.ledger.is_some() || self.config.is_some() {
            self.of_ledger(&mut all, snapshot, reach).await?;
        }
        let Some(facts) = of_cluster(&self.cluster).await? else { return Ok(()) };
        all.into_iter().for_each(|made| made.facts.add(facts.clone()));
        Ok(())
    }

    async fn of_ledger(&self, all: &mut [&mut Made], snapshot: &Snapshot, reach: &Reach) -> Result<(), Failure> {
        let registries = clients::registries(reach, 8)?;
        let document = self.config.as_ref().map(Document::read).transpose().map_err(world::invalid)?;
        let opened = match (&self.ledger, &document) {
            (Some(Place::File(file)), None) => place::of_file_alone(file)?,
            (asked, Some(document)) => match place::open(asked.as_ref(), document, &registries, None, For::Glancing)? {
                Some(opened) => opened,
                None => {
                    let trouble = Trouble::at(document.file(), "it names no ledger");
                    return Err(Failure::usage(&trouble.remedy("Name a file or a repository with --ledger.")));
                }
            },
            (_, None) => {
                let trouble = Trouble::new("nobody said whose signatures in the ledger count");
                return Err(Failure::usage(&trouble.remedy("Name the document with its signers with --config FILE.")));
            }
        };
        // A ledger that is not there knows nothing, and everything would be free to go.
        if let Some(file) = &opened.file {
            fs::metadata(file.file()).map_err(|error| Failure::usage(&Unusable::of(file.file())(error.into())))?;
        }
        let graph = document.as_ref().map(world::graph).transpose()?;
        let chronicle = chronicle(&*opened.ledger).await?;
        for made in all {
            add_chronicle(&chronicle, graph.as_ref(), made, snapshot, &registries).await?;
        }
        Ok(())
    }
}

/// Adds what runs in the cluster, where one is named.
pub(super) async fn add_cluster(cluster: &Cluster, made: &mut Made) -> Result<(), Failure> {
    if let Some(facts) = of_cluster(cluster).await? {
        made.facts.add(facts);
    }
    Ok(())
}

async fn of_cluster(cluster: &Cluster) -> Result<Option<Facts>, Failure> {
    let Some(cluster) = cluster.open()? else { return Ok(None) };
    what_runs(&[&cluster]).await.map(Some).map_err(|error| unknown(&error))
}

/// Adds what a ledger says of what the snapshot has.
pub(super) async fn add_ledger(
    ledger: &dyn Ledger,
    graph: Option<&Graph>,
    made: &mut Made,
    snapshot: &Snapshot,
    registries: &Registries,
) -> Result<(), Failure> {
    add_chronicle(&chronicle(ledger).await?, graph, made, snapshot, registries).await
}

async fn chronicle(ledger: &dyn Ledger) -> Result<Chronicle, Failure> {
    Ok(Chronicle::of(ledger.entries(None).await.map_err(|error| Failure::error(&error))?))
}

async fn add_chronicle(
    chronicle: &Chronicle,
    graph: Option<&Graph>,
    made: &mut Made,
    snapshot: &Snapshot,
    registries: &Registries,
) -> Result<(), Failure> {
    let mut known = LedgerFacts::of(chronicle).for_policy(&made.policy);
    if let Some(graph) = graph {
        known = known.graph(graph);
    }
    known.knows(&made.policy).map_err(|error| unknown(&error))?;
    let mut facts = known.facts(made.now).map_err(|error| unknown(&error))?;
    if requires(&made.policy) {
        let source = |at: &Repository| -> &dyn Source { registries.of(at) };
        verify(&mut facts, |digest| about(snapshot, digest), source).await.map_err(|error| unknown(&error))?;
    }
    made.facts.add(facts);
    Ok(())
}

/// Whether a rule deletes only what was found where it was promoted to.
fn requires(policy: &Policy) -> bool {
    policy.delete.iter().filter_map(|rule| rule.promoted.as_ref()).any(|promoted| !promoted.require.is_empty())
}

/// What speaks about an image that the snapshot has.
fn about(snapshot: &Snapshot, digest: &Digest) -> Option<Vec<Digest>> {
    let key = DigestKey::try_from(digest).ok()?;
    let mut here = snapshot.repositories().filter_map(|id| snapshot.find_manifest(id, &key)).peekable();
    here.peek()?;
    Some(here.flat_map(|id| snapshot.referrers(id)).filter_map(|id| snapshot.key(id).digest()).collect())
}
