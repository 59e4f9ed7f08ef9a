//! What is signed of an entry: an in-toto statement whose subject is the entry's digest in its ledger, and whose predicate is
//! the entry, byte for byte.

use lockage_registry::{Algorithm, Digest, digest_of};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::LedgerError;

/// The predicate type of a signed entry.
pub const ENTRY_PREDICATE: &str = "https://lockage.dev/ledger-entry/v1";

/// The predicate type of a signed checkpoint.
pub const CHECKPOINT_PREDICATE: &str = "https://lockage.dev/ledger-checkpoint/v1";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What a statement has to say: in any ledger, where none is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    pub(super) ledger: Option<&'a str>,
    pub(super) kind: &'a str,
    pub(super) id: &'a Digest,
}

/// What a statement says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) ledger: String,
    pub(super) kind: String,
    pub(super) id: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    #[serde(borrow)]
    predicate: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

/// The statement that `document`, which is JSON, is in `ledger`.
pub(super) fn write(ledger: &str, kind: &str, id: &Digest, document: &[u8]) -> Result<Vec<u8>, LedgerError> {
    let failed = |error: serde_json::Error| LedgerError::Backend { what: "append to", source: error.into() };
    let statement = Written {
        kind: STATEMENT_TYPE.to_owned(),
        subject: vec![Subject {
            name: ledger.to_owned(),
            digest: BTreeMap::from([(id.algorithm().to_string(), id.hex().to_owned())]),
        }],
        predicate_type: kind.to_owned(),
        predicate: serde_json::from_slice(document).map_err(failed)?,
    };
    serde_json::to_vec(&statement).map_err(failed)
}

impl Said {
    /// Reads a statement. Its subject has to be its predicate, byte for byte.
    pub(super) fn read(statement: &[u8]) -> Result<Self, String> {
        let written: Written<'_> = serde_json::from_slice(statement)
            .map_err(|error| format!("what is signed is no such statement: {error}"))?;
        let Written { kind, subject, predicate_type, predicate } = written;
        if kind != STATEMENT_TYPE {
            return Err(format!("what is signed is a {kind:?}"));
        }
        let id = digest_of(Algorithm::Sha256, predicate.get().as_bytes()).map_err(|error| error.to_string())?;
        match <[Subject; 1]>::try_from(subject) {
            Ok([Subject { name, digest }])
                if digest.len() == 1 && digest.get("sha256").is_some_and(|hex| hex == id.hex()) =>
            {
                Ok(Self { ledger: name, kind: predicate_type, id })
            }
            _ => Err("the subject of what is signed is not its predicate".to_owned()),
        }
    }
}

impl Statement<'_> {
    pub(super) fn is(&self, said: &Said) -> bool {
        said.kind == self.kind && said.id == *self.id && self.ledger.is_none_or(|ledger| ledger == said.ledger)
    }
}
