//! `LedgerAudit`: enters what was deleted or archived, and what was put back, into a ledger.

use std::error::Error as StdError;
use std::sync::Arc;

use async_trait::async_trait;
use lockage_promote::ledger::{Entry as LedgerEntry, Kind, Ledger};
use lockage_promote::pipeline::Name;
use lockage_registry::{Digest, Repository, Tag};

use super::{Audit, Entry, Status};

/// Enters what was deleted or archived, and what was put back, into a ledger: an entry a tag that was taken, an entry a
/// manifest.
///
/// What was only marked, or left alone, is in the journal and in no ledger. A run that was killed between the two may enter the
/// same delete once more when it goes on; none is missing.
#[derive(Clone, Debug)]
pub struct LedgerAudit {
    ledger: Arc<dyn Ledger>,
    actor: String,
    image: Option<Name>,
}

impl LedgerAudit {
    /// Into this ledger, in this name. An image is called by the path of its repository.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, actor: impl Into<String>) -> Self {
        Self { ledger, actor: actor.into(), image: None }
    }

    /// Calls whatever is deleted by this name, the one of the image in the graph of environments.
    #[must_use]
    pub fn image(mut self, name: Name) -> Self {
        self.image = Some(name);
        self
    }

    fn entry(&self, line: &Entry, kind: Kind) -> Result<LedgerEntry, Box<dyn StdError + Send + Sync>> {
        let image = match &self.image {
            Some(name) => name.clone(),
            None => line.repository.parse::<Repository>()?.path().parse()?,
        };
        let digest: Digest = line.digest.parse()?;
        Ok(LedgerEntry::new(kind, image, digest, &*self.actor, line.time.into()))
    }
}

#[async_trait]
impl Audit for LedgerAudit {
    async fn record(&self, line: &Entry) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let tags = || line.tag.iter().chain(&line.tags_before).map(|tag| tag.parse::<Tag>()).collect::<Result<_, _>>();
        let repository = line.repository.clone();
        let kind = match line.status {
            Status::Done | Status::Archived => Kind::Remove {
                repository,
                whole: line.tag.is_none(),
                archived: line.status == Status::Archived,
                plan: line.plan.parse()?,
                policy: line.policy.parse()?,
                rule: line.rule.clone(),
                tags: tags()?,
            },
            Status::Restored => Kind::Restore { repository, plan: line.plan.parse()?, tags: tags()? },
            _ => return Ok(()),
        };
        self.ledger.append(self.entry(line, kind)?).await?;
        Ok(())
    }
}
