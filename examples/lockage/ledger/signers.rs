//! Who may write into a ledger: the public keys that the arguments name, or the signers of the document.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_promote::ledger::Trust;
use lockage_promote::pipeline::approval::StatementVerifier;
use lockage_promote::pipeline::documents::Document;
use lockage_signing::documents::SigningGates;
use lockage_signing::gate::Signers;
use lockage_signing::key::VerifyingKey;

use crate::promote::Trouble;
use crate::report::{Failure, read};

/// Those whose keys are in these files.
pub(super) fn of_keys(files: &[PathBuf]) -> Result<Signers, Failure> {
    files.iter().try_fold(Signers::new(), |signers, file| {
        let name = file.display().to_string();
        signers.key(name, key(file)?).map_err(|error| Failure::usage(&error))
    })
}

/// Those of the document's signers who have these names; all of them, where none is named. `whose` says which table asks.
pub(crate) fn of_document(document: &Document, names: &[String], whose: &str) -> Result<Arc<Signers>, Failure> {
    let known: Vec<_> = document.signers().map(|(name, _)| name).collect();
    if let Some(stranger) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let trouble = Trouble::at(document.file(), format_args!("{whose}: there is no signer {stranger:?}"));
        return Err(Failure::usage(&trouble.remedy(format!("There are: {}.", known.join(", ")))));
    }
    let gates = match names.is_empty() {
        true => SigningGates::of(document),
        false => SigningGates::of_named(document, names),
    };
    Ok(gates.map_err(|error| Failure::usage(&error))?.verifier())
}

/// What these signers, and nobody where that is taken, may say.
pub(super) fn trust(signers: impl StatementVerifier + 'static, unsigned: bool) -> Trust {
    let trust = Trust::signed_by(signers);
    if unsigned { trust.or_unsigned() } else { trust }
}

fn key(file: &Path) -> Result<VerifyingKey, Failure> {
    read(file, |pem| Ok(VerifyingKey::from_pem(pem)?))
}
