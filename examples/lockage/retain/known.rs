//! What is known besides: what a ledger of promotions says, and what runs in a cluster.

use std::fs;
use std::path::{Path, PathBuf};

use lockage_policy::facts::{FactsError, Kubernetes, LedgerFacts, verify, what_runs};
use lockage_policy::retain::{DigestKey, Policy, Snapshot};
use lockage_promote::ledger::{Chronicle, FileLedger, History as _};
use lockage_promote::pipeline::documents::Document;
use lockage_promote::pipeline::http::{Api, Token};
use lockage_registry::{Digest, Repository, Source};

use super::policy::Made;
use crate::clients::{self, Reach};
use crate::ledger::place::{self, Opened, Place};
use crate::promote::{Trouble, world};
use crate::report::{Failure, Unusable};

/// Where every pod has the files of its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The API of the cluster that this runs in.
const INSIDE: &str = "https://kubernetes.default.svc";

#[derive(Clone, clap::Args)]
pub(crate) struct Known {
    /// The ledger of promotions: what is in an environment is in use, what was ever in one was promoted there, and what may
    /// still go further down stays. A file or a repository; else the one that the document of --config names.
    #[arg(long, value_name = "REPO|FILE", value_parser = place::place)]
    ledger: Option<Place>,

    /// The document with the environments, the ledger and its signers: lockage.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Ask the API of this Kubernetes cluster what runs, in all namespaces; `inside` for the one that this runs in.
    #[arg(long, value_name = "URL")]
    kubernetes: Option<String>,

    /// The token for it; that of the service account, inside.
    #[arg(long, value_name = "FILE", requires = "kubernetes")]
    kubernetes_token: Option<PathBuf>,

    /// The certificate authority to trust there; that of the service account, inside.
    #[arg(long, value_name = "FILE", requires = "kubernetes")]
    kubernetes_ca: Option<PathBuf>,
}

fn unknown(error: &FactsError) -> Failure {
    let mut trouble = Trouble::new(error).remedy(error.remedy());
    if let Some(source) = std::error::Error::source(error) {
        trouble = trouble.because(source.to_string());
    }
    Failure::error(&trouble)
}

impl Known {
    /// Adds what is known of what the snapshot has.
    pub(crate) async fn add(&self, made: &mut Made, snapshot: &Snapshot, reach: &Reach) -> Result<(), Failure> {
        if self.ledger.is_some() || self.config.is_some() {
            self.of_ledger(made, snapshot, reach).await?;
        }
        if let Some(api) = &self.kubernetes {
            let cluster = Kubernetes::new(self.cluster(api)?);
            made.facts.add(what_runs(&[&cluster]).await.map_err(|error| unknown(&error))?);
        }
        Ok(())
    }

    async fn of_ledger(&self, made: &mut Made, snapshot: &Snapshot, reach: &Reach) -> Result<(), Failure> {
        let registries = clients::registries(reach, 8)?;
        let document = self.config.as_ref().map(Document::read).transpose().map_err(world::invalid)?;
        let opened = match (&self.ledger, &document) {
            (Some(Place::File(file)), _) => Opened::File(FileLedger::new(file)),
            (asked, Some(document)) => match place::open(asked.as_ref(), document, &registries, None, true)? {
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
        if let Opened::File(file) = &opened {
            fs::metadata(file.file()).map_err(|error| Failure::usage(&Unusable::of(file.file())(error.into())))?;
        }
        let entries = opened.shared().entries(None).await.map_err(|error| Failure::error(&error))?;
        let chronicle = Chronicle::of(entries);
        let graph = document.as_ref().map(world::graph).transpose()?;
        let mut ledger = LedgerFacts::of(&chronicle).for_policy(&made.policy);
        if let Some(graph) = &graph {
            ledger = ledger.graph(graph);
        }
        let mut facts = ledger.facts(made.now).map_err(|error| unknown(&error))?;
        if requires(&made.policy) {
            let source = |at: &Repository| -> &dyn Source { registries.of(at) };
            let asked = verify(&mut facts, |digest| about(snapshot, digest), source).await;
            asked.map_err(|error| unknown(&error))?;
        }
        made.facts.add(facts);
        Ok(())
    }

    fn cluster(&self, api: &str) -> Result<Api, Failure> {
        let is_inside = api == "inside";
        let base = if is_inside { INSIDE } else { api };
        let file = |given: &Option<PathBuf>, name: &str| match given {
            Some(file) => Some(file.clone()),
            None => is_inside.then(|| Path::new(ACCOUNT).join(name)),
        };
        let read = |file: PathBuf| {
            fs::read_to_string(&file).map_err(|error| Failure::usage(&Unusable::of(&file)(error.into())))
        };
        let token = file(&self.kubernetes_token, "token").map(read).transpose()?;
        let token = token.map(|token| Token::bearer(token.trim()));
        let api = match file(&self.kubernetes_ca, "ca.crt") {
            Some(file) => Api::trusting(base, token, read(file)?.as_bytes()),
            None => Api::new(base, token),
        };
        api.map_err(|error| Failure::usage(&error))
    }
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
