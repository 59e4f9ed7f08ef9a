//! A line of an export.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lockage_registry::Digest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ledger::LedgerError;
use crate::ledger::written::Written;
use crate::pipeline::approval::Sealed;

/// `{"id":"sha256:…","entry":{…},"seal":{"media-type":"…","bytes":"…"}}`: the entry byte for byte, the seal in base64. The
/// lines of a [`FileLedger`](crate::ledger::FileLedger) are such lines, without seals.
#[derive(Serialize, Deserialize)]
pub(in crate::ledger) struct Line<'a> {
    id: Digest,
    #[serde(borrow)]
    entry: &'a RawValue,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<Seal>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Seal {
    media_type: String,
    bytes: String,
}

impl Line<'_> {
    /// The line of an entry, with its end.
    pub(in crate::ledger) fn write(written: &Written, sealed: &Sealed) -> Result<Vec<u8>, LedgerError> {
        let failed = |error: serde_json::Error| LedgerError::Backend { what: "export", source: error.into() };
        let seal = Seal { media_type: sealed.media_type.clone(), bytes: STANDARD.encode(&sealed.bytes) };
        let entry = serde_json::from_slice(&written.bytes).map_err(failed)?;
        let mut line =
            serde_json::to_vec(&Line { id: written.id().clone(), entry, seal: Some(seal) }).map_err(failed)?;
        line.push(b'\n');
        Ok(line)
    }

    /// What a line says: the digest that it gives, the entry and its seal.
    pub(in crate::ledger) fn read(line: &[u8]) -> Result<(Digest, Written, Option<Sealed>), String> {
        let Line { id, entry, seal } =
            serde_json::from_slice::<Line<'_>>(line).map_err(|error| format!("it is no line of an export: {error}"))?;
        let written = Written::read(Bytes::copy_from_slice(entry.get().as_bytes()))?;
        let open = |Seal { media_type, bytes }| match STANDARD.decode(bytes) {
            Ok(bytes) => Ok(Sealed::new(media_type, bytes)),
            Err(error) => Err(format!("its seal is no base64: {error}")),
        };
        Ok((id, written, seal.map(open).transpose()?))
    }
}
