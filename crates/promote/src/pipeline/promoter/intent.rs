//! What a run before this one has begun and has not come to the end of.

use lockage_registry::Digest;

use crate::Clearance;
use crate::ledger::{Chronicle, Kind, Phase, SetRecord, TagRecord};
use crate::pipeline::{Passage, PlannedTag};

/// An intent of a run that was killed.
pub(crate) struct Begun<'c> {
    pub(crate) plan: &'c Digest,
    tags: &'c [TagRecord],
    pub(super) evidence: &'c [Clearance],
    pub(super) set: Option<&'c SetRecord>,
}

/// The intent for this very passage that nothing has come of yet.
pub(crate) fn intent<'c>(chronicle: &'c Chronicle, passage: &Passage) -> Option<Begun<'c>> {
    let mut open = None;
    for entry in chronicle.entries().iter().map(|recorded| &recorded.entry) {
        if entry.image != passage.pinned.image || entry.environment.as_ref() != Some(&passage.to) {
            continue;
        }
        match &entry.kind {
            Kind::Promote { phase: Phase::Intent, edge, tags, plan, evidence, .. }
                if entry.digest == *passage.digest() && *edge == passage.edge =>
            {
                open = Some(Begun { plan, tags, evidence, set: entry.set.as_deref() });
            }
            // It was taken back.
            Kind::Revert { plan, .. } if open.as_ref().is_some_and(|open| open.plan == plan) => open = None,
            // Whatever arrived after it has ended it.
            _ if entry.arrives() => open = None,
            _ => {}
        }
    }
    open
}

/// The tags of an entry, each with what it held before.
pub(super) fn records(passage: &Passage, begun: Option<&Begun<'_>>) -> Vec<TagRecord> {
    let formers = |float: &PlannedTag| match &float.now {
        // A run before this one has moved it, and has said from what.
        Some(held) if held == passage.digest() => {
            let begun = begun.into_iter().flat_map(|begun| begun.tags);
            begun.into_iter().find(|record| record.tag == float.tag)?.former.clone()
        }
        held => held.clone(),
    };
    let pins = passage.pins.iter().map(|pin| TagRecord::pin(pin.tag.clone()));
    pins.chain(passage.floats.iter().map(|float| TagRecord::float(float.tag.clone(), formers(float)))).collect()
}
