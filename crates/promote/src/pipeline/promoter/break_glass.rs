//! `Override`: gates that do not pass are passed by, by name, with a reason, and never silently.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::Digest;

use super::{PromoteError, Promoter};
use crate::ledger::{Entry, Kind};
use crate::pipeline::Passage;
use crate::promotion::decide as as_ever;
use crate::{Clearance, Cleared, Draft, Evidence, NotCleared, Opinion, Plan};

/// Which gates are passed by where they do not pass, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Override {
    reason: String,
    gates: Vec<String>,
}

/// Why an override is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideProblem {
    /// Nobody says why.
    #[error("gates are to be passed by, and nobody says why")]
    NoReason,
    /// No gate is named.
    #[error("gates are to be passed by, and none is named")]
    NoGate,
    /// What somebody has denied, or holds, goes on when it is released, and not before.
    #[error("the gate {gate:?} is not passed by: what is denied or held is released, or stays")]
    NeedsRelease {
        /// The gate.
        gate: String,
    },
    /// A gate that is not asked.
    #[error("the gate {gate:?} is to be passed by, and is not asked")]
    UnknownGate {
        /// The gate.
        gate: String,
        /// Those that are asked and block.
        known: Vec<String>,
    },
}

impl OverrideProblem {
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::NoReason => "Say why; it is recorded.".to_owned(),
            Self::NoGate => "Name each gate that may be passed by.".to_owned(),
            Self::NeedsRelease { .. } => "Release it, with a reason, which is recorded too.".to_owned(),
            Self::UnknownGate { known, .. } => format!("Those that are asked and block: {}.", known.join(", ")),
        }
    }
}

impl Override {
    /// Passes by no gate yet, for this reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), gates: Vec::new() }
    }

    /// Passes by this gate. There is no word for all of them.
    pub fn gate(mut self, gate: impl Into<String>) -> Self {
        self.gates.push(gate.into());
        self
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The gates.
    #[must_use]
    pub fn gates(&self) -> &[String] {
        &self.gates
    }

    pub(super) fn judge(&self) -> Result<(), OverrideProblem> {
        match (self.reason.trim().is_empty(), self.gates.is_empty()) {
            (true, _) => Err(OverrideProblem::NoReason),
            (false, true) => Err(OverrideProblem::NoGate),
            (false, false) => {
                match self.gates.iter().find(|gate| super::standing::NEED_RELEASE.contains(&gate.as_str())) {
                    Some(gate) => Err(OverrideProblem::NeedsRelease { gate: gate.clone() }),
                    None => Ok(()),
                }
            }
        }
    }

    /// That every gate that is named is asked, and blocks.
    pub(super) fn known<'o>(&self, opinions: impl IntoIterator<Item = &'o Opinion>) -> Result<(), OverrideProblem> {
        let mut known: Vec<&String> = Vec::new();
        for opinion in opinions.into_iter().filter(|opinion| opinion.advisory.is_none()) {
            if !known.contains(&&opinion.gate) {
                known.push(&opinion.gate);
            }
        }
        match self.gates.iter().find(|gate| !known.contains(gate)) {
            Some(gate) => {
                let known = known.into_iter().cloned().collect();
                Err(OverrideProblem::UnknownGate { gate: gate.clone(), known })
            }
            None => Ok(()),
        }
    }
}

/// Clears the plan if every opinion that blocks is in its favour, or is of a gate that is named.
pub(super) fn decide(plan: Plan<Draft>, opinions: Vec<Opinion>, by: &Override) -> Result<Plan<Cleared>, PromoteError> {
    by.known(&opinions)?;
    pass_by(plan, opinions, by).map_err(|refusal| PromoteError::NotCleared(Box::new(refusal)))
}

/// The same of one image of several, about which not every gate that is named has to be asked.
pub(super) fn pass_by(plan: Plan<Draft>, opinions: Vec<Opinion>, by: &Override) -> Result<Plan<Cleared>, NotCleared> {
    let cleared = opinions.iter().map(|opinion| match opinion.clearance() {
        Some(clearance) => Some(clearance),
        None if by.gates.contains(&opinion.gate) => {
            let said = Clearance::new(&opinion.gate, Evidence::new(opinion.to_string()));
            Some(Clearance { against: opinion.against(), overridden: Some(by.reason.clone()), ..said })
        }
        None => None,
    });
    match cleared.collect::<Option<Vec<_>>>() {
        Some(clearances) => Ok(plan.cleared(clearances)),
        None => as_ever(plan, opinions),
    }
}

/// Writes into the ledger which gates are passed by, what they said, and why. A run that is done again says it once.
pub(super) async fn record(
    promoter: &Promoter,
    plan: &Plan<Cleared>,
    passage: &Passage,
    id: &Digest,
    now: SystemTime,
) -> Result<(), PromoteError> {
    let overridden = plan.clearances().iter().filter_map(|one| Some((one, one.overridden.as_ref()?)));
    let mut reasons: BTreeMap<&String, BTreeMap<String, String>> = BTreeMap::new();
    for (one, reason) in overridden {
        reasons.entry(reason).or_default().insert(one.gate.clone(), one.evidence.summary.clone());
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let chronicle = promoter.chronicle(&passage.pinned.image).await?;
    for (reason, gates) in reasons {
        let kind = Kind::Override { plan: id.clone(), gates, reason: reason.clone() };
        let is_said = chronicle.entries().iter().map(|recorded| &recorded.entry).any(|entry| {
            entry.kind == kind && entry.environment.as_ref() == Some(&passage.to) && entry.digest == *passage.digest()
        });
        if !is_said {
            let entry = Entry::new(
                kind,
                passage.pinned.image.clone(),
                passage.digest().clone(),
                &promoter.actor,
                promoter.time(now),
            );
            let entry = entry.in_environment(passage.to.clone()).with_facts(passage.pinned.facts.clone());
            promoter.ledger.append(entry).await?;
        }
    }
    Ok(())
}
