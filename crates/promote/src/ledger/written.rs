//! An entry as it was written: its bytes, which its digest is of, and what this program understands of them.

use std::sync::Arc;

use bytes::Bytes;
use lockage_registry::{Algorithm, Digest, digest_of};

use super::{Entry, Kind, LedgerError, Phase, Recorded};
use crate::Clearance;

/// An entry as it was written. What a newer program has said in it that this one does not know stays in the bytes.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) bytes: Bytes,
    pub(super) recorded: Recorded,
}

impl Written {
    /// An entry of this program's own.
    pub(super) fn of(entry: Entry) -> Result<Self, LedgerError> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| LedgerError::Backend { what: "append to", source };
        let bytes = Bytes::from(serde_json::to_vec(&entry).map_err(|error| failed(error.into()))?);
        let id = digest_of(Algorithm::Sha256, &bytes).map_err(|error| failed(error.into()))?;
        Ok(Self { bytes, recorded: Recorded { id, entry: Arc::new(entry) } })
    }

    /// Reads an entry; or says why it is none.
    pub(super) fn read(bytes: Bytes) -> Result<Self, String> {
        let entry = parse(&bytes)?;
        let id = digest_of(Algorithm::Sha256, &bytes).map_err(|error| error.to_string())?;
        Ok(Self { bytes, recorded: Recorded { id, entry: Arc::new(entry) } })
    }

    pub(super) fn id(&self) -> &Digest {
        &self.recorded.id
    }
}

/// Forgets the details of what was found, and all that was found before something that was only about to be done: what came
/// of it says the same again.
pub(super) fn shorten(entry: &mut Entry) {
    match &mut entry.kind {
        Kind::Promote { phase: Phase::Intent, evidence, .. }
        | Kind::Rollback { phase: Phase::Intent, evidence, .. } => {
            *evidence = Arc::default();
        }
        Kind::Promote { evidence, .. } | Kind::Rollback { evidence, .. } | Kind::Finish { evidence, .. } => {
            let bare = |one: &mut Clearance| one.evidence.details = serde_json::Value::Null;
            Arc::make_mut(evidence).iter_mut().for_each(bare);
        }
        _ => {}
    }
}

/// An entry is one object on one line, with nothing before or behind it: so its bytes are the same wherever it is put.
fn parse(bytes: &[u8]) -> Result<Entry, String> {
    if bytes.first() != Some(&b'{') || bytes.last() != Some(&b'}') || bytes.contains(&b'\n') {
        return Err("it is no object on one line".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| format!("it cannot be read: {error}"))
}
