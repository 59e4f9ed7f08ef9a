//! Reading the original of an entry: nothing of it is believed that is not checked.

use std::sync::Arc;

use lockage_registry::{Repository, TagOrDigest, Target};

use super::artifact;
use super::name::EntryTag;
use crate::ledger::audit::Finding;
use crate::ledger::statement::{ENTRY_PREDICATE, Statement};
use crate::ledger::trust::{Flaw, Trust, Word};
use crate::ledger::written::Written;
use crate::ledger::{ENTRY_TYPE, LedgerError};
use crate::pipeline::approval::Sealed;

/// Where a ledger is kept, what it is called, and who is believed there.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) target: Arc<dyn Target>,
    pub(super) repository: Repository,
    pub(super) name: String,
    pub(super) trust: Trust,
}

/// An entry, its seal, and who has sealed it.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) tag: EntryTag,
    pub(super) written: Written,
    pub(super) sealed: Sealed,
    pub(super) word: Word,
}

impl Shelf {
    /// Reads the entry under `tag`: one request, and up to two more where it is large.
    pub(super) async fn original(&self, tag: &EntryTag) -> Result<Result<Original, Finding>, LedgerError> {
        let at = TagOrDigest::Tag(tag.tag.clone());
        let found = artifact::get(&*self.target, &self.repository, &at, ENTRY_TYPE).await;
        let place = tag.tag.to_string();
        let artifact = match found.map_err(|error| LedgerError::registry("read", error))? {
            Ok(artifact) => artifact,
            Err(why) => return Ok(Err(Finding::Unreadable { place, why })),
        };
        let written = match Written::read(artifact.document) {
            Ok(written) => written,
            Err(why) => return Ok(Err(Finding::Unreadable { place, why })),
        };
        let id = written.id().clone();
        if !tag.is_of(written.recorded.entry.at, &id) {
            return Ok(Err(Finding::Misplaced { place, id }));
        }
        let expected = Statement { ledger: Some(&self.name), kind: ENTRY_PREDICATE, id: &id };
        Ok(match self.trust.check(&expected, &artifact.sealed).await? {
            Ok((word, _)) => Ok(Original { tag: tag.clone(), written, sealed: artifact.sealed, word }),
            Err(flaw) => Err(flaw.found(place, id)),
        })
    }
}

impl Flaw {
    /// What is found where the entry `id` has such a seal.
    pub(in crate::ledger) fn found(self, place: String, id: lockage_registry::Digest) -> Finding {
        match self {
            Self::Unsigned => Finding::Unsigned { place, id },
            Self::Other(said) if said.id == id && said.kind == ENTRY_PREDICATE => {
                Finding::Replayed { place, id, ledger: said.ledger }
            }
            flaw => Finding::Forged { place, why: flaw.why(&id), id },
        }
    }
}
