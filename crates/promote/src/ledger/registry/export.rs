//! Exporting: every original, in the order of the chronicle.

use std::io::Write;

use futures::StreamExt as _;

use super::RegistryLedger;
use super::artifact::at_once;
use super::name::EntryTag;
use crate::ledger::LedgerError;
use crate::ledger::audit::Structure;
use crate::ledger::export::Line;

impl RegistryLedger {
    /// Writes every entry with its seal, a line each, parents first, and says how many. What was written can be verified with no
    /// more than a public key ([`verify_export`](crate::ledger::verify_export)), and read as a ledger
    /// ([`ExportedLedger`](crate::ledger::ExportedLedger)).
    ///
    /// It costs what reading the ledger costs, and a request an entry.
    ///
    /// # Errors
    /// Where an entry cannot be read or is not what it has to be; what was written by then is no whole export.
    pub async fn export(&self, out: &mut (dyn Write + Send)) -> Result<u64, LedgerError> {
        self.keep_tags();
        self.refresh(std::time::Duration::ZERO).await?;
        let tags = {
            let known = self.known();
            let entries = known.entries.iter().map(|(id, recorded)| (id.clone(), (&*recorded.entry).into())).collect();
            let structure = Structure { entries, ..Structure::default() };
            let mut tags: std::collections::BTreeMap<_, _> =
                known.tags.iter().filter_map(EntryTag::parse).map(|tag| (tag.id.clone(), tag)).collect();
            let ordered = structure.in_order().into_iter().map(|id| match tags.remove(&id) {
                Some(tag) => Ok(tag),
                None => Err(LedgerError::Unsound(crate::ledger::Finding::Missing {
                    id,
                    known_from: "a checkpoint covers it".to_owned(),
                })),
            });
            ordered.collect::<Result<Vec<_>, _>>()?
        };
        let mut written = 0;
        let mut originals = at_once(tags.iter().map(|tag| self.shelf.original(tag)));
        while let Some(original) = originals.next().await {
            let original = original?.map_err(LedgerError::Unsound)?;
            let line = Line::write(&original.written, &original.sealed)?;
            let failed = |error: std::io::Error| LedgerError::Backend { what: "export", source: error.into() };
            out.write_all(&line).map_err(failed)?;
            written += 1;
        }
        Ok(written)
    }
}
