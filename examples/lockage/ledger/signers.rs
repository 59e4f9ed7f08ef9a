//! Who may write into a ledger: the public keys that the arguments name, or the signers of the document.

use std::path::{Path, PathBuf};

use lockage_promote::ledger::Trust;
use lockage_promote::pipeline::documents::{Document, GateProblem, Parameters};
use lockage_signing::gate::Signers;
use lockage_signing::key::VerifyingKey;
use lockage_signing::trust::Identity;
use serde::Deserialize;

use crate::promote::Trouble;
use crate::report::{Failure, read};
use crate::signing::seal;

/// What a document says of a signer.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    key: Option<PathBuf>,
    identity: Option<String>,
    identity_regexp: Option<String>,
    issuer: Option<String>,
    trusted_root: Option<PathBuf>,
}

/// Those whose keys are in these files.
pub(super) fn of_keys(files: &[PathBuf]) -> Result<Signers, Failure> {
    files.iter().try_fold(Signers::new(), |signers, file| {
        let name = file.display().to_string();
        signers.key(name, key(file)?).map_err(|error| Failure::usage(&error))
    })
}

/// Those of the document's signers who have these names; all of them, where none is named.
pub(super) fn of_document(document: &Document, names: &[String]) -> Result<Signers, Failure> {
    let known: Vec<_> = document.signers().map(|(name, _)| name.to_owned()).collect();
    if let Some(stranger) = names.iter().find(|name| !known.contains(name)) {
        let trouble = Trouble::at(document.file(), format_args!("ledger: there is no signer {stranger:?}"));
        return Err(Failure::usage(&trouble.remedy(format!("There are: {}.", known.join(", ")))));
    }
    let asked = document.signers().filter(|(name, _)| names.is_empty() || names.iter().any(|asked| asked == name));
    asked.into_iter().try_fold(Signers::new(), |signers, (name, parameters)| add(document, signers, name, parameters))
}

fn add(document: &Document, signers: Signers, name: &str, parameters: &Parameters) -> Result<Signers, Failure> {
    let wrong = |problem: GateProblem| Failure::usage(&document.signer_error(name, problem));
    let refused = |error: Box<dyn std::error::Error>| wrong(GateProblem::parameters(error.to_string()));
    let folder = document.file().parent().unwrap_or(Path::new(""));
    let written: Written = parameters.read().map_err(wrong)?;
    let (identity, pattern) = match written {
        Written { key: Some(file), identity: None, identity_regexp: None, issuer: None, trusted_root: None } => {
            return signers.key(name, key(&folder.join(file))?).map_err(|error| refused(error.into()));
        }
        Written { key: None, identity, identity_regexp, .. } => (identity, identity_regexp),
        Written { .. } => {
            return Err(wrong(GateProblem::parameters("a signer is a key, or an identity with its issuer")));
        }
    };
    let identity = match (identity, pattern, &written.issuer) {
        (Some(identity), None, Some(issuer)) => Identity::exact(&identity, issuer),
        (None, Some(pattern), Some(issuer)) => Identity::matching(&pattern, issuer),
        _ => return Err(wrong(GateProblem::parameters("a signer is a key, or an identity with its issuer"))),
    };
    let root = seal::root(written.trusted_root.map(|file| folder.join(file)).as_deref())?;
    let identity = identity.map_err(|error| refused(error.into()))?;
    signers.identity(name, identity, root).map_err(|error| refused(error.into()))
}

/// What these signers, and nobody where that is taken, may say.
pub(super) fn trust(signers: Signers, unsigned: bool) -> Trust {
    let trust = Trust::signed_by(signers);
    if unsigned { trust.or_unsigned() } else { trust }
}

fn key(file: &Path) -> Result<VerifyingKey, Failure> {
    read(file, |pem| Ok(VerifyingKey::from_pem(pem)?))
}
