//! A set, cleared: every gate about every image of it, by itself or with gates that are passed by.

use std::time::SystemTime;

use super::super::tell::About;
use super::super::{Override, PromoteError, Promoter, break_glass};
use crate::pipeline::Passage;
use crate::pipeline::set::{SetError, SetNotCleared, SetPlan, named};
use crate::promotion::decide;
use crate::{Cleared, Draft, Plan};

impl Promoter {
    /// Asks every gate of every edge; clears the set if all that block have passed for all of it. Approvals count that are
    /// bound to the digest of the set. Where it has to wait, those who asked to be told are.
    ///
    /// # Errors
    /// [`SetError::NotCleared`] with the word of every gate about every image that may not move.
    pub async fn clear_set(&self, set: SetPlan<Draft>, now: SystemTime) -> Result<SetPlan<Cleared>, PromoteError> {
        self.ask_set(set, None, now).await
    }

    /// The same, and passes by gates that are named, as [`clear_with_override`](Self::clear_with_override) does: of each image
    /// about which they do not pass. The ledger says so of each of those.
    ///
    /// # Errors
    /// As [`clear_set`](Self::clear_set); and [`PromoteError::Override`] where no reason is given, or a gate is named that is
    /// asked about none of them.
    pub async fn clear_set_with_override(
        &self,
        set: SetPlan<Draft>,
        by: &Override,
        now: SystemTime,
    ) -> Result<SetPlan<Cleared>, PromoteError> {
        by.judge()?;
        self.ask_set(set, Some(by), now).await
    }

    async fn ask_set(
        &self,
        set: SetPlan<Draft>,
        by: Option<&Override>,
        now: SystemTime,
    ) -> Result<SetPlan<Cleared>, PromoteError> {
        self.judge(&set)?;
        let record = self.record(&set).await?;
        let mut asked = Vec::new();
        for plan in set.into_members() {
            let plan = self.own(plan).await?;
            let opinions = self.opinions(&plan, &record.id, now).await?;
            asked.push((plan, opinions));
        }
        if let Some(by) = by {
            by.known(asked.iter().flat_map(|(_, opinions)| opinions))?;
        }
        let (mut cleared, mut refusals) = (Vec::new(), Vec::new());
        let passages: Vec<Passage> = asked.iter().filter_map(|(plan, _)| plan.passage().cloned()).collect();
        for (plan, opinions) in asked {
            let decided = match by {
                Some(by) => break_glass::pass_by(plan, opinions, by),
                None => decide(plan, opinions),
            };
            match decided {
                Ok(plan) => cleared.push(plan),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if refusals.is_empty() {
            return Ok(SetPlan::of(cleared));
        }
        let told = |plan: &Plan<Cleared>| Some((named(plan.passage()?), plan.clearances().to_vec()));
        let passed = cleared.iter().filter_map(told).collect();
        let refused = PromoteError::from(SetError::NotCleared(Box::new(SetNotCleared { refusals, passed })));
        match refused.is_waiting() {
            true => {
                let about = About { passages: passages.iter().collect(), plan: record.id, now };
                Err(self.tell_of(&about, refused, Vec::new()).await)
            }
            false => Err(refused),
        }
    }
}
