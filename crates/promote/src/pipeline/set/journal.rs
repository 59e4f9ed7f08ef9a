//! `Journal`: what the ledger says of a set.

use std::collections::BTreeMap;

use lockage_registry::Digest;

use crate::ledger::{Chronicle, Entry, Kind, Phase, SetMember, SetRecord, TagRecord};
use crate::pipeline::Name;

/// A set that is on its way: not all of it has arrived, and it was not taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenSet {
    /// Its digest, and its members.
    pub set: SetRecord,
    /// How far each of them has come, in the same order.
    pub states: Vec<MemberState>,
}

/// How far an image of a set has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all that the ledger can say")]
pub enum MemberState {
    /// Nothing is said of it.
    Nothing,
    /// Its floats may have moved.
    Begun {
        /// The tags, and what they held before.
        tags: Vec<TagRecord>,
        /// Where it goes.
        environment: Name,
        /// The digest that is tagged there.
        digest: Digest,
    },
    /// It is there.
    Done,
    /// It had begun, and another has arrived in its place.
    Superseded {
        /// Where.
        environment: Name,
    },
    /// It was taken back.
    Reverted,
}

/// What the ledger says of one set.
pub(in crate::pipeline) struct Journal {
    pub(in crate::pipeline) set: SetRecord,
    pub(in crate::pipeline) states: Vec<MemberState>,
}

impl Journal {
    /// All sets of a ledger, in the order in which they are first named.
    pub(in crate::pipeline) fn all(chronicle: &Chronicle) -> Vec<Self> {
        let mut order: Vec<&SetRecord> = Vec::new();
        for recorded in chronicle.entries() {
            if let Some(set) = recorded.entry.set.as_ref().filter(|set| !order.iter().any(|one| one.id == set.id)) {
                order.push(set);
            }
        }
        order.into_iter().map(|set| Self::of(set, chronicle)).collect()
    }

    fn of(set: &SetRecord, chronicle: &Chronicle) -> Self {
        let mut states: BTreeMap<&SetMember, MemberState> = BTreeMap::new();
        for Entry { kind, image, environment, digest, set: of, .. } in chronicle.entries().iter().map(|one| &*one.entry)
        {
            let Some(environment) = environment else { continue };
            let is_own = of.as_ref().is_some_and(|of| of.id == set.id);
            for member in set.members.iter().filter(|member| member.image == *image) {
                let state = states.get(member).cloned().unwrap_or(MemberState::Nothing);
                let next = match (kind, state) {
                    (Kind::Promote { phase: Phase::Intent, edge, tags, .. }, _) if is_own && *edge == member.edge => {
                        let (tags, environment) = (tags.clone(), environment.clone());
                        MemberState::Begun { tags, environment, digest: digest.clone() }
                    }
                    (Kind::Promote { phase: Phase::Done, edge, .. }, _) if is_own && *edge == member.edge => {
                        MemberState::Done
                    }
                    (Kind::Revert { .. }, MemberState::Begun { environment: to, .. })
                        if is_own && to == *environment =>
                    {
                        MemberState::Reverted
                    }
                    (Kind::Promote { phase: Phase::Done, .. } | Kind::Rollback { phase: Phase::Done, .. }, state)
                        if matches!(&state, MemberState::Begun { environment: to, .. } if to == environment) =>
                    {
                        MemberState::Superseded { environment: environment.clone() }
                    }
                    (_, state) => state,
                };
                states.insert(member, next);
            }
        }
        let states = set.members.iter().map(|member| states.remove(member).unwrap_or(MemberState::Nothing)).collect();
        Self { set: set.clone(), states }
    }

    /// Whether something of it may have moved that is neither there for good nor taken back.
    pub(in crate::pipeline) fn is_open(&self) -> bool {
        let begun = |state: &MemberState| matches!(state, MemberState::Begun { .. });
        self.states.iter().any(begun)
    }

    pub(in crate::pipeline) fn is_reverted(&self) -> bool {
        self.states.iter().any(|state| matches!(state, MemberState::Reverted)) && !self.is_open()
    }

    pub(in crate::pipeline) fn has_arrived(&self) -> bool {
        // One is said to be there only after the floats of all have moved.
        self.states.iter().any(|state| matches!(state, MemberState::Done))
    }

    pub(in crate::pipeline) fn members(&self) -> impl Iterator<Item = (&SetMember, &MemberState)> {
        self.set.members.iter().zip(&self.states)
    }
}
