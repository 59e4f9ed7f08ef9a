//! Where the ledger is: a file, or a repository of a registry.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_promote::ledger::{FileLedger, Ledger, RegistryLedger, Trust};
use lockage_promote::pipeline::approval::StatementSigner;
use lockage_promote::pipeline::documents::{Document, LedgerPlace, LedgerRepository};
use lockage_registry::Repository;
use lockage_signing::gate::Signers;
use lockage_signing::key::VerifyingKey;

use super::signers;
use crate::clients::{self, Reach, Registries};
use crate::promote::Trouble;
use crate::report::Failure;
use crate::signing::seal::{MayBy, Seal};

/// A file or a repository, as an argument names it.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File(PathBuf),
    Repository(Repository),
}

/// What has a slash, and neither begins like a path nor ends in `.jsonl`, is a repository.
pub(crate) fn place(text: &str) -> Result<Place, Infallible> {
    let is_path = !text.contains('/') || text.starts_with(['.', '/', '~']) || text.ends_with(".jsonl");
    Ok(match text.parse() {
        Ok(repository) if !is_path => Place::Repository(repository),
        _ => Place::File(text.into()),
    })
}

#[derive(clap::Args)]
pub(crate) struct Where {
    /// The ledger: a file, or a repository such as registry.example/acme/ledger; else the one that the document names.
    #[arg(long, value_name = "REPO|FILE", value_parser = place)]
    ledger: Option<Place>,

    /// The document that names the ledger and its signers.
    #[arg(long, value_name = "FILE", default_value = "lockage.toml")]
    config: PathBuf,

    /// Take entries that were signed with this public key, in PEM, rather than by the document's signers; may be repeated.
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,

    /// Take entries that nobody has signed too.
    #[arg(long)]
    unsigned: bool,

    /// What the ledger is called in what is signed, where it is not its repository.
    #[arg(long, value_name = "NAME")]
    ledger_name: Option<String>,

    /// How many requests to one host may be under way at once.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    #[command(flatten)]
    reach: Reach,
}

/// A ledger that is open.
pub(crate) enum Opened {
    File(FileLedger),
    Registry(Arc<RegistryLedger>),
}

impl Opened {
    pub(crate) fn shared(&self) -> Arc<dyn Ledger> {
        match self {
            Self::File(ledger) => Arc::new(ledger.clone()),
            Self::Registry(ledger) => Arc::<RegistryLedger>::clone(ledger),
        }
    }
}

impl Where {
    /// Whether the arguments name a ledger.
    pub(crate) fn is_named(&self) -> bool {
        self.ledger.is_some()
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The ledger, for `by` to write into where anybody is named there.
    pub(crate) async fn open(&self, by: Option<&MayBy>) -> Result<Opened, Failure> {
        let repository = match self.place()? {
            Place::File(file) => return Ok(Opened::File(FileLedger::new(file))),
            Place::Repository(repository) => repository,
        };
        let registries = clients::registries(&self.reach, self.concurrency.into())?;
        // A key is decrypted once.
        let seal = match by {
            Some(by) => by.open().await?,
            None => None,
        };
        let own = by.and_then(MayBy::key_file).zip(seal.as_ref().and_then(Seal::public_key));
        let trust = self.trust(own)?;
        let name = self.ledger_name.clone().or(self.written()?.and_then(|written| written.name));
        let signer = seal.map(Seal::statements);
        Ok(Opened::Registry(Arc::new(ledger(registries, repository, trust, name, signer))))
    }

    /// The file, where the ledger is one.
    pub(super) fn file(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(match self.place()? {
            Place::File(file) => Some(file),
            Place::Repository(_) => None,
        })
    }

    fn place(&self) -> Result<Place, Failure> {
        if let Some(place) = &self.ledger {
            return Ok(place.clone());
        }
        match self.document()?.ledger() {
            Some(LedgerPlace::File(file)) => Ok(Place::File(file.clone())),
            Some(LedgerPlace::Repository(written)) => Ok(Place::Repository(written.repository.clone())),
            _ => Err(nowhere()),
        }
    }

    /// Whom the ledger takes entries of. Whoever signs with a key believes it, too, where nobody else was named.
    pub(super) fn trust(&self, own: Option<(&Path, &VerifyingKey)>) -> Result<Trust, Failure> {
        if !self.public_keys.is_empty() {
            return Ok(signers::trust(signers::of_keys(&self.public_keys)?, self.unsigned));
        }
        if self.ledger.is_none() || self.config.exists() {
            let document = self.document()?;
            return of_document(&document, self.unsigned);
        }
        match own {
            Some((file, public)) => {
                let signers = Signers::new().key(file.display().to_string(), public.clone());
                Ok(signers::trust(signers.map_err(|error| Failure::usage(&error))?, self.unsigned))
            }
            None if self.unsigned => Ok(Trust::unchecked()),
            None => {
                let trouble = Trouble::new("nobody said whose signatures count");
                Err(Failure::usage(&trouble.remedy(
                    "Name a public key with --public-key FILE, or signers in the document; --unsigned takes any entry.",
                )))
            }
        }
    }

    /// Whether somebody said whose signatures count.
    pub(super) fn names_signers(&self) -> bool {
        !self.public_keys.is_empty()
    }

    pub(super) fn ledger_name(&self) -> Option<&str> {
        self.ledger_name.as_deref()
    }

    /// What the document says of the ledger, where that is the one.
    fn written(&self) -> Result<Option<LedgerRepository>, Failure> {
        Ok(match &self.ledger {
            Some(_) if !self.config.exists() => None,
            asked => match (self.document()?.ledger(), asked) {
                (Some(LedgerPlace::Repository(written)), None) => Some(written.clone()),
                (Some(LedgerPlace::Repository(written)), Some(Place::Repository(asked)))
                    if *asked == written.repository =>
                {
                    Some(written.clone())
                }
                _ => None,
            },
        })
    }

    fn document(&self) -> Result<Document, Failure> {
        Document::read(&self.config).map_err(|error| Failure::usage(&error))
    }
}

/// The ledger of a document, or the one that `asked` names, for whoever promotes or asks; `brief` where the details of what
/// gates found are not asked for. `None` where nobody has said where it is.
pub(crate) fn open(
    asked: Option<&Place>,
    document: &Document,
    registries: &Registries,
    signer: Option<Arc<dyn StatementSigner>>,
    brief: bool,
) -> Result<Option<Opened>, Failure> {
    let (repository, name) = match (asked, document.ledger()) {
        (Some(Place::File(file)), _) | (None, Some(LedgerPlace::File(file))) => {
            return Ok(Some(Opened::File(FileLedger::new(file))));
        }
        (Some(Place::Repository(repository)), written) => {
            let same = match written {
                Some(LedgerPlace::Repository(written)) if written.repository == *repository => written.name.clone(),
                _ => None,
            };
            (repository.clone(), same)
        }
        (None, Some(LedgerPlace::Repository(written))) => (written.repository.clone(), written.name.clone()),
        _ => return Ok(None),
    };
    let trust = of_document(document, false)?;
    let ledger = ledger(registries.clone(), repository, trust, name, signer);
    Ok(Some(Opened::Registry(Arc::new(if brief { ledger.brief() } else { ledger }))))
}

/// Whom a document takes entries of.
fn of_document(document: &Document, unsigned: bool) -> Result<Trust, Failure> {
    let (names, takes_unsigned) = match document.ledger() {
        Some(LedgerPlace::Repository(written)) => (&written.signers[..], written.unsigned),
        _ => (&[][..], false),
    };
    let unsigned = unsigned || takes_unsigned;
    if document.signers().next().is_none() {
        return match unsigned {
            true => Ok(Trust::unchecked()),
            false => {
                let trouble = Trouble::at(document.file(), "nobody may write into the ledger: there are no signers");
                Err(Failure::usage(&trouble.remedy("Name them below [signers], or say unsigned = true of the ledger.")))
            }
        };
    }
    Ok(signers::trust(signers::of_document(document, names, "ledger")?, unsigned))
}

fn ledger(
    registries: Registries,
    repository: Repository,
    trust: Trust,
    name: Option<String>,
    signer: Option<Arc<dyn StatementSigner>>,
) -> RegistryLedger {
    let mut ledger = RegistryLedger::new(registries, repository, trust);
    if let Some(name) = name {
        ledger = ledger.named(name);
    }
    match signer {
        Some(signer) => ledger.signed_by(signer),
        None => ledger,
    }
}

fn nowhere() -> Failure {
    let trouble = Trouble::new("nobody said where the ledger is");
    Failure::usage(&trouble.remedy("Name a file or a repository with --ledger, or in the document."))
}

#[cfg(test)]
mod tests {
    use super::{Place, place};

    #[test]
    fn what_has_a_path_of_a_registry_is_a_repository() {
        let is_repository = |text| matches!(place(text), Ok(Place::Repository(_)));
        for text in ["registry.example/acme/ledger", "localhost:5000/ledger", "127.0.0.1:4000/a/b"] {
            assert!(is_repository(text), "{text}");
        }
        for text in ["ledger.jsonl", "ledger", "./a/ledger", "/var/ledger", "state/ledger.jsonl", "A b/c"] {
            assert!(!is_repository(text), "{text}");
        }
    }
}
