//! Where it is entered what was deleted and put back: a ledger, where one is named.

use lockage_policy::apply::LedgerAudit;
use lockage_promote::pipeline::Name;

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
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,

    /// What the ledger calls the image; the path of its repository otherwise.
    #[arg(long, value_name = "IMAGE", requires = "ledger")]
    image: Option<Name>,
}

impl Audited {
    pub(super) fn reach(&self) -> &Reach {
        self.place.reach()
    }

    /// Nothing where no ledger is named: what a document says of one is not meant for this.
    pub(super) async fn audit(&self) -> Result<Option<LedgerAudit>, Failure> {
        if !self.place.is_named() {
            return Ok(None);
        }
        let ledger = self.place.open(Some(&self.by)).await?.shared();
        let audit = LedgerAudit::new(ledger, crate::promote::world::actor(self.actor.as_deref()));
        Ok(Some(match &self.image {
            Some(image) => audit.image(image.clone()),
            None => audit,
        }))
    }
}
