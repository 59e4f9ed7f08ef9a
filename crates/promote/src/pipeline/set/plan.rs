//! `SetPlan`: several plans that are cleared and applied as one.

use std::fmt;

use lockage_registry::{Algorithm, Digest, Error, ErrorKind, Reference, digest_of};
use serde::{Deserialize, Serialize};

use crate::ledger::SetMember;
use crate::pipeline::{Passage, PassageReceipt, Pinned, Trouble};
use crate::{Cleared, Draft, Plan};

/// Several images on their way, as data; in the states of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetPlan<S> {
    members: Vec<Plan<S>>,
}

/// What was done so that a set has arrived.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetReceipt {
    /// The digest of the set.
    pub set: Digest,
    /// Its images.
    pub members: Vec<PassageReceipt>,
    /// What went wrong beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

/// What was done so that a set was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetReverted {
    /// The digest of the set.
    pub set: Digest,
    /// The tags that were moved back, and to what; to nothing, where they were deleted.
    pub tags: Vec<(Reference, Option<Digest>)>,
    /// What went wrong beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

impl<S> SetPlan<S> {
    /// The plans, one an image.
    #[must_use]
    pub fn members(&self) -> &[Plan<S>] {
        &self.members
    }

    /// The digest of the set: what an approval is bound to. It covers the plan of each member, in whatever order they were
    /// given.
    ///
    /// # Errors
    /// None that can happen: plans are always JSON.
    pub fn id(&self) -> lockage_registry::Result<Digest> {
        let mut ids = self.members.iter().map(Plan::id).collect::<Result<Vec<_>, _>>()?;
        ids.sort();
        let bytes =
            serde_json::to_vec(&("set", ids)).map_err(|e| Error::new(ErrorKind::Invalid, "name", "set").with_source(e));
        digest_of(Algorithm::Sha256, &bytes?)
    }

    pub(in crate::pipeline) fn of(members: Vec<Plan<S>>) -> Self {
        Self { members }
    }

    pub(in crate::pipeline) fn into_members(self) -> Vec<Plan<S>> {
        self.members
    }

    /// What the ledger calls its members.
    pub(in crate::pipeline) fn named(&self) -> Vec<SetMember> {
        let mut members: Vec<_> = self.members.iter().filter_map(Plan::passage).map(named).collect();
        members.sort();
        members
    }
}

/// What the ledger calls a member.
pub(in crate::pipeline) fn named(passage: &Passage) -> SetMember {
    let Pinned { image, facts, .. } = &passage.pinned;
    let member = SetMember::new(image.clone(), passage.edge.clone(), passage.pinned.digest().clone());
    member.released_as(facts.version.clone())
}

impl fmt::Display for SetPlan<Draft> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.members, f)
    }
}

impl fmt::Display for SetPlan<Cleared> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.members, f)
    }
}

impl fmt::Display for SetReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.members, f)?;
        self.troubles.iter().try_for_each(|trouble| write!(f, "\n  trouble  {trouble}"))
    }
}

fn show(members: &[impl fmt::Display], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (n, member) in members.iter().enumerate() {
        write!(f, "{}{member}", if n == 0 { "" } else { "\n\n" })?;
    }
    Ok(())
}
