//! Where the ledger is: a file, or a repository of a registry.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_promote::ledger::{FileLedger, Ledger, RegistryLedger, Trust};
use lockage_promote::pipeline::Graph;
use lockage_promote::pipeline::approval::StatementSigner;
use lockage_promote::pipeline::documents::{Document, LedgerPlace, LedgerRepository};
use lockage_registry::Repository;
use lockage_signing::gate::Signers;
use lockage_signing::key::VerifyingKey;

use super::sealed::{self, Sealed};
use super::signers;
use crate::clients::{self, Reach, Registries};
use crate::promote::{Trouble, world};
use crate::report::{Failure, Unusable};
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

/// The document, where none is named.
const DOCUMENT: &str = "lockage.toml";

#[derive(clap::Args)]
pub(crate) struct Where {
    /// The ledger: a file, or a repository such as registry.example/acme/ledger; else the one that the document names.
    #[arg(long, value_name = "REPO|FILE", value_parser = place)]
    ledger: Option<Place>,

    /// The document that names the ledger and its signers; lockage.toml, where there is one, unless another is named.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

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

/// What for a ledger is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// To add to it; it may begin so.
    Writing,
    /// To add to one that has begun: by another name it would be another ledger, which nobody asks.
    Adding,
    /// To ask it: there has to be something in it.
    Reading,
    /// The same, where the details of what gates found are not asked for.
    Glancing,
}

/// A ledger that somebody promotes by, or asks.
pub(crate) struct Asked {
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Where it is kept in a file.
    pub(crate) file: Option<FileLedger>,
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
            Place::File(file) => {
                let is_key_given = !self.public_keys.is_empty() || by.is_some_and(MayBy::is_named);
                if is_key_given {
                    return Err(unsigned(&file));
                }
                if by.is_none() {
                    is_there(&file)?;
                }
                return Ok(Opened::File(FileLedger::new(file)));
            }
            Place::Repository(repository) => repository,
        };
        let registries = clients::registries(&self.reach, self.concurrency.into())?;
        // A key is decrypted once.
        let seal = match by {
            Some(by) => by.open().await?,
            None => None,
        };
        let own = by.and_then(MayBy::key_file).zip(seal.as_ref().and_then(Seal::public_key));
        let is_unread = by.is_some() && self.unsigned && self.public_keys.is_empty() && self.signs()?;
        if is_unread {
            let trouble =
                Trouble::new("what nobody has signed would stop everybody who reads the ledger by the document");
            return Err(Failure::usage(&trouble.remedy(
                "Sign it with --key FILE, or say unsigned = true of the ledger in the document. Nothing was written.",
            )));
        }
        let trust = self.trust(own)?;
        let name = self.ledger_name.clone().or(self.written()?.and_then(|written| written.name));
        let signer = seal.map(Seal::statements);
        let ledger = ledger(registries, repository, trust, name, signer);
        Ok(Opened::Registry(Arc::new(if by.is_none() { ledger.begun() } else { ledger })))
    }

    /// The environments as they are written, where there is a document.
    pub(crate) fn graph(&self) -> Result<Option<Graph>, Failure> {
        if !self.has_document() {
            return Ok(None);
        }
        world::graph(&self.document()?).map(Some)
    }

    /// The file, where the ledger is one.
    pub(super) fn file(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(match self.place()? {
            Place::File(file) => Some(file),
            Place::Repository(_) => None,
        })
    }

    fn place(&self) -> Result<Place, Failure> {
        let place = match &self.ledger {
            Some(place) => place.clone(),
            None => match self.document()?.ledger() {
                Some(LedgerPlace::File(file)) => Place::File(file.clone()),
                Some(LedgerPlace::Repository(written)) => Place::Repository(written.repository.clone()),
                _ => return Err(nowhere()),
            },
        };
        if let Place::File(file) = &place {
            not_folder(file)?;
        }
        Ok(place)
    }

    /// Whom the ledger takes entries of. Whoever signs with a key believes it, too, where nobody else was named.
    pub(super) fn trust(&self, own: Option<(&Path, &VerifyingKey)>) -> Result<Trust, Failure> {
        if !self.public_keys.is_empty() {
            return Ok(signers::trust(signers::of_keys(&self.public_keys)?, self.unsigned));
        }
        if self.ledger.is_none() || self.has_document() {
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

    /// Whom a file takes entries of: where nobody said it, and no document does, its signatures are not checked. What was never
    /// signed is checked by whoever names a key for it, and by nobody else.
    pub(super) fn trust_of_file(&self, file: &Path) -> Result<Trust, Failure> {
        let is_told = !self.public_keys.is_empty();
        if is_told || self.names_signers()? && sealed::is_sealed(file).map_err(unusable(file))? {
            return self.trust(None);
        }
        Ok(Trust::unchecked())
    }

    /// Whether the document asks for signatures in this ledger.
    fn signs(&self) -> Result<bool, Failure> {
        Ok(self.written()?.is_some_and(|written| !written.unsigned) && self.names_signers()?)
    }

    fn names_signers(&self) -> Result<bool, Failure> {
        Ok(self.has_document() && self.document()?.signers().next().is_some())
    }

    /// Whether there is a document: one that is named has to be there.
    fn has_document(&self) -> bool {
        self.config.is_some() || Path::new(DOCUMENT).exists()
    }

    pub(super) fn ledger_name(&self) -> Option<&str> {
        self.ledger_name.as_deref()
    }

    /// What the document says of the ledger, where that is the one.
    fn written(&self) -> Result<Option<LedgerRepository>, Failure> {
        Ok(match &self.ledger {
            Some(_) if !self.has_document() => None,
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
        Document::read(self.config.as_deref().unwrap_or(Path::new(DOCUMENT))).map_err(|error| Failure::usage(&error))
    }
}

/// The file of the ledger of a document, or of the one that `asked` names, where that is in a file.
pub(crate) fn file<'a>(asked: Option<&'a Place>, document: &'a Document) -> Option<&'a Path> {
    match (asked, document.ledger()) {
        (Some(Place::File(file)), _) | (None, Some(LedgerPlace::File(file))) => Some(file),
        _ => None,
    }
}

/// The ledger of a document, or the one that `asked` names, for whoever promotes or asks. `None` where nobody has said where it
/// is.
pub(crate) fn open(
    asked: Option<&Place>,
    document: &Document,
    registries: &Registries,
    signer: Option<Arc<dyn StatementSigner>>,
    what_for: For,
) -> Result<Option<Asked>, Failure> {
    if let Some(file) = file(asked, document) {
        not_folder(file)?;
        return of_file(file, document, what_for).map(Some);
    }
    let (repository, name) = match (asked, document.ledger()) {
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
    let ledger = match what_for {
        For::Writing => ledger,
        For::Adding | For::Reading => ledger.begun(),
        For::Glancing => ledger.begun().brief(),
    };
    Ok(Some(Asked { ledger: Arc::new(ledger), file: None }))
}

/// A ledger in a file; or, for whoever asks, an export of one, whose seals are checked by the signers of the document.
fn of_file(file: &Path, document: &Document, what_for: For) -> Result<Asked, Failure> {
    let adds = matches!(what_for, For::Writing | For::Adding);
    let is_export = !adds && file.exists() && sealed::is_sealed(file).map_err(unusable(file))?;
    if !is_export {
        if !adds && matches!(document.ledger(), Some(LedgerPlace::Repository(_))) {
            eprintln!("{}: nothing in it is signed: it is no proof of who wrote it", file.display());
        }
        let ledger = FileLedger::new(file);
        return Ok(Asked { ledger: Arc::new(ledger.clone()), file: Some(ledger) });
    }
    let trust = match document.signers().next() {
        Some(_) => of_document(document, false)?,
        None => unchecked(file, "the document names no signers"),
    };
    Ok(Asked { ledger: Arc::new(Sealed::new(file.to_owned(), trust)), file: None })
}

/// The same for whoever asks without a document: there is nobody whose signatures would count.
pub(crate) fn of_file_alone(file: &Path) -> Result<Asked, Failure> {
    if file.exists() && sealed::is_sealed(file).map_err(unusable(file))? {
        let trust = unchecked(file, "there is no document that names signers: --config FILE");
        return Ok(Asked { ledger: Arc::new(Sealed::new(file.to_owned(), trust)), file: None });
    }
    let ledger = FileLedger::new(file);
    Ok(Asked { ledger: Arc::new(ledger.clone()), file: Some(ledger) })
}

fn unchecked(file: &Path, why: &str) -> Trust {
    eprintln!("{}: signatures were not checked: {why}", file.display());
    Trust::unchecked()
}

fn unusable(file: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::usage(&Unusable::of(file)(error.into()))
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

/// Who gives a key means that the ledger is signed, or that signatures are checked. In a file nothing is, which is told rather
/// than passed over.
pub(crate) fn unsigned(file: &Path) -> Failure {
    let trouble = Trouble::at(file, "a ledger in a file has no signatures, and a key was given for them");
    Failure::usage(&trouble.remedy(
        "Leave the key away; or keep the ledger in a repository, where every entry is signed. Nothing was written.",
    ))
}

/// Who reads a ledger by its name means one that is there: another name is a mistake, and no empty ledger.
pub(crate) fn is_there(file: &Path) -> Result<(), Failure> {
    match file.exists() {
        true => Ok(()),
        false => {
            let trouble = Trouble::at(file, "there is no such ledger");
            let remedy = "Name one that is there. What is promoted first begins one, and so does `lockage deny --new`.";
            Err(Failure::usage(&trouble.remedy(remedy)))
        }
    }
}

/// A ledger is one file.
fn not_folder(file: &Path) -> Result<(), Failure> {
    match file.is_dir() {
        false => Ok(()),
        true => {
            let trouble = Trouble::at(file, "it is a directory, and a ledger is a file or a repository");
            Err(Failure::usage(&trouble.remedy("Name a file in it.")))
        }
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
