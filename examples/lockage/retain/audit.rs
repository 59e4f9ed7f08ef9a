//! The ledger, where one is named: it says what is in use, and there it is entered what was deleted and put back.

use std::sync::Arc;

use lockage_policy::apply::LedgerAudit;
use lockage_promote::ledger::Ledger;
use lockage_promote::pipeline::{Graph, Name};

use crate::clients::Reach;
use crate::ledger::place::Where;
use crate::report::Failure;
use crate::signing::seal::MayBy;

#[derive(clap::Args)]
pub(super) struct Audited {
    #[command(flatten)]
    place: Where,

    #[command(flatten)]
    by: MayBy,

    /// Who did it, as the ledger says; GITHUB_ACTOR, GITLAB_USER_LOGIN or USER otherwise.
    #[arg(long, value_name = "NAME", value_parser = crate::promote::world::somebody)]
    actor: Option<String>,

    /// What the ledger calls the image; the path of its repository otherwise.
    #[arg(long, value_name = "IMAGE", requires = "ledger")]
    image: Option<Name>,
}

impl Audited {
    pub(super) fn reach(&self) -> &Reach {
        self.place.reach()
    }

    /// The ledger. None where the arguments name none: what a document says of one is not meant for this.
    pub(super) async fn open(&self) -> Result<Option<Arc<dyn Ledger>>, Failure> {
        if !self.place.is_named() {
            return Ok(None);
        }
        Ok(Some(self.place.open(Some(&self.by)).await?.shared()))
    }

    /// The environments, where a document has them.
    pub(super) fn graph(&self) -> Result<Option<Graph>, Failure> {
        self.place.graph()
    }

    /// What enters into it what is done.
    pub(super) fn audit(&self, ledger: Arc<dyn Ledger>) -> LedgerAudit {
        let audit = LedgerAudit::new(ledger, crate::promote::world::actor(self.actor.as_deref()));
        match &self.image {
            Some(image) => audit.image(image.clone()),
            None => audit,
        }
    }
}
